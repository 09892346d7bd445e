//! The valid names of a package's files, and the comparison of names.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Upper bound on a file name in bytes, as in common file systems.
const MAX_NAME_BYTES: usize = 255;

/// The characters that stay in a part name. All others are escaped.
const UNESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b'@')
    .remove(b'+')
    .remove(b'&');

/// Checks that `name` can name a file at the root of a package. Returns the fault otherwise.
///
/// A name that is a path, a drive or a stream on any operating system is rejected on all of them,
/// although stores choose their own names for the stored files.
pub(super) fn check_root_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("is empty");
    }
    if name.len() > MAX_NAME_BYTES {
        return Err("is longer than 255 bytes");
    }
    if name.contains('/') {
        return Err("is not at the root of the package");
    }
    if name.contains('\\') {
        return Err("contains a backslash");
    }
    if name.contains(':') {
        return Err("contains a colon");
    }
    if name.chars().any(char::is_control) {
        return Err("contains a control character");
    }
    if name.chars().all(|c| c == '.') {
        return Err("is the name of a directory");
    }
    Ok(())
}

/// Checks a name to which the manifest refers. It must be a root name that the package does not use
/// itself.
pub(super) fn check_reference(name: &str) -> Result<(), &'static str> {
    check_root_name(name)?;
    // An escaped slash becomes a slash when it is unescaped.
    check_root_name(&unescape(name))?;
    let key = key_of_name(name);
    if key == key_of_manifest() || key == "[content_types].xml" || key == "_rels" {
        return Err("is reserved for the package itself");
    }
    Ok(())
}

/// Returns the key of a file name. Two names with the same key refer to the same file.
///
/// Part names of OPC are URIs, so some producers write `my%20file.jpg` and others `my file.jpg`.
/// Part names are compared without regard to case.
pub fn key_of_name(name: &str) -> String {
    unescape(name).to_lowercase()
}

/// Returns the key of the manifest's own name.
pub(super) fn key_of_manifest() -> String {
    key_of_name(super::MANIFEST_NAME)
}

/// Decodes each `%XX`. Returns the name unchanged if the result is not UTF-8.
pub(super) fn unescape(name: &str) -> Cow<'_, str> {
    percent_decode_str(name).decode_utf8().unwrap_or(Cow::Borrowed(name))
}

/// Encodes a file name as a part name of OPC.
pub(super) fn escape(name: &str) -> String {
    utf8_percent_encode(name, UNESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass_and_paths_do_not() {
        for good in ["native.file", "Ryan’s Fun Day.jpg", "a%20b", "50%.txt", "...a"] {
            assert_eq!(check_reference(good), Ok(()), "{good}");
        }
        let long = "x".repeat(256);
        for bad in [
            "",
            ".",
            "..",
            "...",
            "/a",
            "a/b",
            "../a",
            "a\\b",
            "C:a",
            "a\0b",
            "a\nb",
            &long,
            "ocpmanifest.XML",
            "[Content_Types].xml",
            "_rels",
            "..%2fa",
            "%2e%2e",
            "a%5Cb",
            "%00",
        ] {
            assert!(check_reference(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn escaped_and_plain_names_share_a_key_of_name() {
        assert_eq!(key_of_name("My%20File.JPG"), key_of_name("my file.jpg"));
        assert_eq!(key_of_name("50%.txt"), "50%.txt");
        assert_eq!(key_of_name("%ff"), "%ff");
        for name in ["Ryan’s Fun Day.jpg", "50%25.txt", "a#b?c[d]"] {
            assert_eq!(unescape(&escape(name)), name);
            assert!(escape(name).is_ascii());
        }
    }
}
