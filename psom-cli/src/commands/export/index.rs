//! The page that shows an exported meeting. It contains no scripts, and texts are never markup.

use std::fmt::Write as _;

/// A content of the meeting, and the files that were written of it.
#[derive(Debug, Default)]
pub(super) struct ExportedContent {
    pub(super) title: String,
    /// The name of the content's type for people.
    pub(super) kind: String,
    /// The file name that is made from the title.
    pub(super) name: String,
    /// Paths below the folder.
    pub(super) paths: Vec<String>,
}

/// The style of the page. The export of the browser writes a page with the same style.
const STYLE: &str = "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     img{max-width:100%;border:1px solid #ccc}";

/// Returns the page as HTML.
pub(super) fn page(title: &str, parts: &[ExportedContent]) -> String {
    let title = escaped(title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for ExportedContent { title, kind, paths, .. } in parts {
        let _ = writeln!(html, "<h2>{}</h2>\n<p>{}</p>", escaped(title), escaped(kind));
        let is_picture = |path: &&String| path.ends_with(".png") && !path.starts_with("files/");
        for path in paths.iter().filter(is_picture) {
            let name = path.rsplit('/').next().unwrap_or_default();
            let alt = format!("{}: {}", escaped(title), escaped(name));
            let _ = writeln!(html, "<p><img src=\"{}\" alt=\"{alt}\"></p>", address(path));
        }
        if paths.is_empty() {
            continue;
        }
        html.push_str("<ul>\n");
        for path in paths {
            let _ = writeln!(html, "<li><a href=\"{}\">{}</a></li>", address(path), escaped(path));
        }
        html.push_str("</ul>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns a path as a relative address.
fn address(path: &str) -> String {
    let mut address = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            byte => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_paths_cannot_add_markup() {
        let part = ExportedContent {
            title: "<script>&\"".to_owned(),
            kind: "Whiteboard".to_owned(),
            name: String::new(),
            paths: vec!["boards/a b\"#?.svg".to_owned(), "boards/a b\"#?.png".to_owned()],
        };
        let html = page("Meeting <x>", &[part]);
        assert!(!html.contains("<script>") && html.contains("<h1>Meeting &lt;x&gt;</h1>"));
        assert!(html.contains("<img src=\"boards/a%20b%22%23%3F.png\""), "{html}");
    }
}
