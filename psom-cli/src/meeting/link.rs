//! Join links as people give them: with the changes that mail programs and shells make, by a saved name,
//! or not at all.

use std::ffi::OsString;

use clap::Command;
use psom_client::{JoinLink, LinkError};
use psom_objects::texts::is_invisible;

use super::saved_links::SavedLinks;
use crate::error::{CommandError, Result, USAGE_STATUS};

/// The ID of the argument with the join link, in all commands that have one as their first argument.
const LINK_ARGUMENT: &str = "link";

/// Parses a join link. Ignores the text that other programs add: line breaks, invisible characters, quotes,
/// brackets, HTML escapes, and words and punctuation around it.
///
/// # Errors
/// The text is not a join link.
pub(crate) fn parse(text: &str) -> Result<JoinLink> {
    let link = cleaned(text);
    link.parse().map_err(|error| match error {
        // The shell runs the command in the background up to the first `&`.
        LinkError::Missing(_) if !link.contains('&') => CommandError::new(
            "the join link ends before its first `&`, where the shell cuts it; put the link in \
             single quotes",
        ),
        LinkError::Scheme => CommandError::new(
            "the first argument is not a join link; a join link begins with psom:// (or save a link \
             with `psom use 'LINK'`, and leave it out)",
        ),
        error => CommandError::new(error.to_string()),
    })
}

/// Completes the words of a command line. In a command that begins with a join link, `@NAME` stands
/// for the link that was saved under this name. If no word is a link, the current saved link is
/// inserted.
///
/// # Errors
/// No link is saved under the name, or no word can be a link and none is saved.
pub(crate) fn complete(
    mut words: Vec<OsString>,
    command: &Command,
    saved: impl FnOnce() -> SavedLinks,
) -> Result<Vec<OsString>> {
    let Some(at) = words.iter().skip(1).position(|word| !starts_with(word, "-")) else {
        return Ok(words);
    };
    // The position is counted from the second word.
    let at = at + 2;
    let subcommand = words[at - 1].to_str().and_then(|name| command.find_subcommand(name));
    let takes_link = subcommand.and_then(|it| it.get_positionals().next());
    if takes_link.is_none_or(|it| it.get_id() != LINK_ARGUMENT) {
        return Ok(words);
    }
    if words[at..].iter().any(is_link) {
        return Ok(words);
    }
    let saved = saved();
    match words[at..].iter_mut().find(|word| starts_with(word, "@")) {
        Some(name) => {
            *name = saved.named(&name.to_string_lossy()[1..])?.into();
        }
        None => {
            let is_help = |word: &OsString| ["-h", "--help", "help"].iter().any(|it| word == it);
            // An address of another kind has an error of its own.
            let is_address = |word: &OsString| word.to_str().is_some_and(|it| it.contains("://"));
            if let Some(link) = saved.current() {
                words.insert(at, link.into());
            } else if !words[at..].iter().any(|word| is_help(word) || is_address(word)) {
                let message = "this command needs a join link, and none is saved; give it in single \
                               quotes, or save it once with `psom use 'LINK'`";
                return Err(CommandError::Status { status: USAGE_STATUS, message: message.into() });
            }
        }
    }
    Ok(words)
}

fn starts_with(word: &OsString, prefix: &str) -> bool {
    word.to_str().is_some_and(|word| word.starts_with(prefix))
}

/// Reports whether a word is meant as a join link.
fn is_link(word: &OsString) -> bool {
    word.to_str().is_some_and(|word| cleaned(word).starts_with("psom://"))
}

fn cleaned(text: &str) -> String {
    let is_added =
        |c: char| c.is_whitespace() || c.is_control() || is_invisible(c) || "<>\"'`".contains(c);
    let mut link: String = text.chars().filter(|c| !is_added(*c)).collect();
    for escape in ["&amp;", "&#38;", "&#x26;"] {
        while link.contains(escape) {
            link = link.replace(escape, "&");
        }
    }
    // Words before the link, such as the role that `psom serve` prints.
    if let Some(start) = link.to_ascii_lowercase().find("psom://") {
        link.drain(..start);
    }
    // Markdown repeats the address as `[address](address)`.
    let link = link.split_once("](").map_or(&*link, |(first, _)| first);
    let around = |c: char| !c.is_ascii_alphanumeric();
    // A link ends in the alphabet of Base64 for URLs, which contains `-` and `_`.
    let link = link.trim_start_matches(around).trim_end_matches(|c| around(c) && !"-_".contains(c));
    match link.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => link.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::Arg;

    use super::*;

    fn completed(line: &str) -> Result<Vec<OsString>> {
        let mut saved = SavedLinks::default();
        saved.save("lesson", "psom://h:1/lesson");
        saved.save("team", "psom://h:1/team");
        completed_with(line, saved)
    }

    fn completed_with(line: &str, saved: SavedLinks) -> Result<Vec<OsString>> {
        let command = Command::new("psom")
            .subcommand(Command::new("share").arg(Arg::new("link")).arg(Arg::new("file")))
            .subcommand(Command::new("serve").arg(Arg::new("address")));
        complete(line.split(' ').map(Into::into).collect(), &command, || saved)
    }

    #[test]
    fn a_missing_link_is_the_current_one() {
        for (line, expected) in [
            ("psom share Plan.pdf", "psom share psom://h:1/team Plan.pdf"),
            ("psom share --as Ada Plan.pdf", "psom share psom://h:1/team --as Ada Plan.pdf"),
            ("psom share @lesson Plan.pdf", "psom share psom://h:1/lesson Plan.pdf"),
            ("psom share <PSOM://h:1/x> Plan.pdf", "psom share <PSOM://h:1/x> Plan.pdf"),
            ("psom serve here", "psom serve here"),
            ("psom nonsense here", "psom nonsense here"),
            ("psom --help", "psom --help"),
            ("psom", "psom"),
        ] {
            let words: Vec<OsString> = expected.split(' ').map(Into::into).collect();
            assert_eq!(completed(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn a_command_without_any_link_names_the_command_that_saves_one() {
        let completed = |line| completed_with(line, SavedLinks::default());
        for line in ["psom share", "psom share Plan.pdf", "psom share --as Ada"] {
            let error = format!("{:?}", completed(line).unwrap_err());
            assert!(error.contains("psom use 'LINK'"), "{line}: {error}");
        }
        for line in
            ["psom share --help", "psom share help", "psom share http://h/x a", "psom serve"]
        {
            let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert_eq!(completed(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_known_ones() {
        let error = format!("{:?}", completed("psom share @nothing Plan.pdf").unwrap_err());
        assert!(error.contains("@nothing") && error.contains("@lesson, @team"), "{error}");
    }

    #[test]
    fn a_link_that_the_shell_has_cut_needs_quotes() {
        let error = format!("{:?}", parse("psom://192.0.2.1:8057/team?invite=0f").unwrap_err());
        assert!(error.contains("single quotes"), "{error}");
        let error = format!("{:?}", parse("Plan.pdf").unwrap_err());
        assert!(error.contains("psom use"), "{error}");
    }

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
            LINK.replace('&', "&#38;"),
            LINK.replace('&', "&#x26;"),
            LINK.replace("psom", "PSOM"),
            format!("attendee   {LINK}"),
            format!("<a href=\"{LINK}\">"),
            format!("[{LINK}]({LINK})"),
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
