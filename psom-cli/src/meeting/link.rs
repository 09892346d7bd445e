//! Join links as mail programs and chats leave them.

use psom_objects::texts::is_invisible;
use psom_server::{JoinLink, LinkError};

/// Parses a join link. Ignores what other programs add to it: line breaks, invisible characters,
/// quotes, brackets, HTML escapes, and punctuation around it. No link contains these characters.
///
/// # Errors
/// The text is not a join link.
pub(super) fn parse(text: &str) -> Result<JoinLink, LinkError> {
    cleaned(text).parse()
}

fn cleaned(text: &str) -> String {
    let is_added =
        |c: char| c.is_whitespace() || c.is_control() || is_invisible(c) || "<>\"'`".contains(c);
    let mut link: String = text.chars().filter(|c| !is_added(*c)).collect();
    while link.contains("&amp;") {
        link = link.replace("&amp;", "&");
    }
    let around = |c: char| !c.is_ascii_alphanumeric();
    // The end of a link is in the alphabet of Base64 for URLs.
    let link = link.trim_start_matches(around).trim_end_matches(|c| around(c) && !"-_".contains(c));
    match link.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => link.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    const LINK: &str = "psom://192.0.2.1:8057/team?invite=0f&http=http://h:1&name=n&ca=AbC-_9_";

    #[test]
    fn additions_of_other_programs_are_ignored() {
        let wrapped = format!("{}\r\n> {}", &LINK[..40], &LINK[40..]);
        let forms = [
            LINK.to_owned(),
            format!("<{LINK}>"),
            format!("\"{LINK}\","),
            format!("\u{201c}{LINK}\u{201d}"),
            format!("({LINK})."),
            format!("[{LINK}]!"),
            LINK.replace('&', "&amp;"),
            LINK.replace('&', "&amp;amp;"),
            LINK.replace("psom", "PSOM"),
            wrapped,
            format!("\u{feff}{LINK}\u{200b}"),
            format!("{}\u{ad}{}\u{a0}", &LINK[..20], &LINK[20..]),
        ];
        for form in forms {
            assert_eq!(cleaned(&form), LINK, "{form:?}");
        }
    }

    #[test]
    fn a_link_to_an_ipv6_address_keeps_its_brackets() {
        let link = "psom://[2001:db8::1]:8057/team?token=0f&name=n&ca=A";
        assert_eq!(cleaned(&format!("<{link}>")), link);
    }
}
