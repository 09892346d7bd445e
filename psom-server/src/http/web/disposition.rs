//! The headers that give a browser the name and the type of a file.

use std::fmt::Write as _;

use axum::http::HeaderValue;
use psom_objects::texts::{changes_direction, is_noncharacter};

/// Length limit of a file name in characters, which is the limit of most file systems. A longer
/// name is cut.
const MAX_NAME_CHARS: usize = 255;

/// Returns the value of `Content-Disposition` (RFC 6266). A name that does not fit a quoted string is
/// repeated in the form of RFC 5987.
pub(super) fn disposition(name: &str, is_attachment: bool) -> HeaderValue {
    // The name must not lead out of the directory in which the browser saves the file.
    let is_unsafe = |c: char| {
        c.is_control() || is_noncharacter(c) || changes_direction(c) || matches!(c, '/' | '\\')
    };
    let safe = |c: char| if is_unsafe(c) { '_' } else { c };
    let name: String = name.chars().take(MAX_NAME_CHARS).map(safe).collect();
    let is_plain = |c: char| c == ' ' || (c.is_ascii_graphic() && c != '"');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let kind = if is_attachment { "attachment" } else { "inline" };
    let mut value = format!("{kind}; filename=\"{plain}\"");
    // Some browsers decode a percent sign in a quoted string.
    if plain != name || name.contains('%') {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            let is_plain = byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
            // Writing to a string does not fail.
            let _ = if is_plain {
                value.write_char(char::from(byte))
            } else {
                write!(value, "%{byte:02X}")
            };
        }
    }
    // The value is printable ASCII, so this does not fail.
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(kind))
}

/// Returns the media type of a file by its name. Types that can run scripts are not displayed.
pub(super) fn media_type(name: &str, is_attachment: bool) -> &'static str {
    if is_attachment {
        return "application/x-download";
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "gif" => "image/gif",
        "jpeg" | "jpg" => "image/jpeg",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_contain_no_path() {
        for (name, value) in [
            ("Plan 1.txt", r#"attachment; filename="Plan 1.txt""#),
            ("", r#"attachment; filename="""#),
            ("../a\\b\r\nX: y", r#"attachment; filename=".._a_b__X: y""#),
            ("100%.txt", r#"attachment; filename="100%.txt"; filename*=UTF-8''100%25.txt"#),
            ("a%41b", r#"attachment; filename="a%41b"; filename*=UTF-8''a%2541b"#),
            ("a\u{fffe}b\u{202e}\u{7f}\u{fdd0}", r#"attachment; filename="a_b___""#),
            ("a\"b\".txt", r#"attachment; filename="a_b_.txt"; filename*=UTF-8''a%22b%22.txt"#),
            ("€ \"%", r#"attachment; filename="_ _%"; filename*=UTF-8''%E2%82%AC%20%22%25"#),
        ] {
            assert_eq!(disposition(name, true), value, "{name:?}");
        }
        assert_eq!(disposition("a", false), r#"inline; filename="a""#);
        let long = disposition(&"x".repeat(300), true);
        assert_eq!(long.len(), "attachment; filename=\"\"".len() + 255);
    }

    #[test]
    fn only_types_without_scripts_are_displayed() {
        assert_eq!(media_type("a.JPG", false), "image/jpeg");
        assert_eq!(media_type("a.jpg", true), "application/x-download");
        for name in ["a.html", "a.svg", "a.xml", "a.js", "a.pdf", "a", ".", "html"] {
            assert_eq!(media_type(name, false), "application/octet-stream", "{name}");
        }
    }
}
