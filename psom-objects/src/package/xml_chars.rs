//! Rules of well-formedness that `quick_xml` does not check.

/// Reports whether XML 1.0 allows a character.
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Reports whether a text is a name of XML with namespaces: `name` or `prefix:name`.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |part: &str| {
        part.starts_with(is_name_start)
            && part.chars().all(|c| {
                is_name_start(c)
                    || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}')
                    || matches!(c, '\u{203f}'..='\u{2040}')
            })
    };
    match name.split_once(':') {
        Some((prefix, local)) => plain(prefix) && plain(local),
        None => plain(name),
    }
}

/// Reports whether a name of XML 1.0 may start with a character, except for the colon.
fn is_name_start(c: char) -> bool {
    matches!(
        c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
            | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
            | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}'
    )
}

/// Reports whether white space follows each closing quote among the attributes of a tag.
pub(super) fn is_spaced(attributes: &str) -> bool {
    let mut quote = None;
    let mut closed = false;
    for c in attributes.chars() {
        if std::mem::take(&mut closed) && !matches!(c, ' ' | '\t' | '\r' | '\n') {
            return false;
        }
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => {
                quote = None;
                closed = true;
            }
            _ => {}
        }
    }
    true
}

/// Reports whether a text is only XML's white space.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_xml_with_namespaces() {
        for good in ["a", "_a-1.b", "p:a", "été", "日本"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ":a", "a:", "a:b:c", "1a", "-a", "a b", "a&", "a<", "p:1", "×"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn attributes_need_space_between_them() {
        for good in ["", " a='1' b=\"'2'\"", " a='\"' ", "\na='1'\n\tb='2'"] {
            assert!(is_spaced(good), "{good}");
        }
        for bad in [" a='1'b='2'", " a=\"1\"/"] {
            assert!(!is_spaced(bad), "{bad}");
        }
    }
}
