//! Decoding XML files.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Decodes an XML file in the encoding of its byte order mark, of its first bytes, or of its XML
/// declaration. Returns `None` if the bytes are malformed in that encoding.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    let encoding = match bytes {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => UTF_16LE,
        [0xfe, 0xff, ..] | [0, b'<', ..] => UTF_16BE,
        _ => declared_encoding(bytes).unwrap_or(UTF_8),
    };
    let (text, _, is_malformed) = encoding.decode(bytes);
    (!is_malformed).then(|| text.into_owned())
}

fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    const MAX_DECLARATION_BYTES: usize = 200;
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_DECLARATION_BYTES)]);
    let declaration = start.trim_start_matches('\u{feff}').strip_prefix("<?xml")?;
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Encoding::for_label(value[1..].split(quote).next()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn files_are_decoded_as_they_declare() {
        let file =
            |encoding: &str| format!("<?xml version='1.0' encoding='{encoding}'?><a>\u{e9}</a>");
        let latin: Vec<u8> =
            file("ISO-8859-1").chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
        assert_eq!(decode(&latin), Some(file("ISO-8859-1")));
        assert_eq!(decode(file("UTF-8").as_bytes()), Some(file("UTF-8")));
        for mark in ["", "\u{feff}"] {
            let units: Vec<u16> = format!("{mark}{}", file("UTF-16")).encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            assert_eq!(decode(&little), Some(file("UTF-16")));
            assert_eq!(decode(&big), Some(file("UTF-16")));
        }
        assert_eq!(decode(b"<a>\xff</a>"), None);
    }
}
