//! The valid names of a package's files, and the comparison of names.

/// Upper bound on a file name in bytes, as in common file systems.
const MAX_BYTES: usize = 255;

/// Checks that `name` can name a file at the root of a package; says what is wrong with it.
///
/// A name that is a path, a drive or a stream on any operating system is rejected on all of them,
/// although stores choose their own names for the stored files.
pub(super) fn check_root_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("is empty");
    }
    if name.len() > MAX_BYTES {
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
        return Err("means a directory");
    }
    Ok(())
}

/// Checks a name that the manifest refers to: a root name, and none that the package itself uses.
pub(super) fn check_reference(name: &str) -> Result<(), &'static str> {
    check_root_name(name)?;
    // An escaped slash becomes a slash when it is unescaped.
    check_root_name(&unescape(name))?;
    let key = key(name);
    if key == key_of_manifest() || key == "[content_types].xml" || key == "_rels" {
        return Err("is a name that the package keeps for itself");
    }
    Ok(())
}

/// The key of a name: two names with one key mean one file.
///
/// Part names of OPC are URIs, so some producers write `my%20file.jpg` for `my file.jpg`, others
/// do not; and they are compared without regard to case.
pub(crate) fn key(name: &str) -> String {
    unescape(name).to_lowercase()
}

/// The key of the manifest's own name.
pub(super) fn key_of_manifest() -> String {
    key(super::MANIFEST_NAME)
}

/// Decodes `%XX`, where the whole name decodes to valid UTF-8; else leaves it as it is.
pub(super) fn unescape(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%'
            && let [high, low, tail @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            bytes.push(high << 4 | low);
            rest = tail;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// Encodes a file name as a part name of OPC: unreserved characters stay, all else is `%XX`.
pub(super) fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~()!$',;=@+&".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const DIGITS: [char; 16] =
                ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
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
    fn escaped_and_plain_names_share_a_key() {
        assert_eq!(key("My%20File.JPG"), key("my file.jpg"));
        assert_eq!(key("50%.txt"), "50%.txt");
        assert_eq!(key("%ff"), "%ff");
        for name in ["Ryan’s Fun Day.jpg", "50%25.txt", "a#b?c[d]"] {
            assert_eq!(unescape(&escape(name)), name);
            assert!(escape(name).is_ascii());
        }
    }
}
