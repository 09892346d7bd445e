use clap::{Args, ValueEnum};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::out;

/// The variables that select logs. The first one that is set counts.
const VARIABLES: [&str; 2] = ["PSOM_LOG", "RUST_LOG"];

/// The form of logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// The arguments of commands that run until they are stopped.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", env = "PSOM_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// Sends logs to standard error. `PSOM_LOG` or `RUST_LOG` selects them; otherwise `default` does.
pub(crate) fn start(default: &str, format: LogFormat) {
    let set = VARIABLES.into_iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
    let (name, value) = set.unwrap_or_default();
    let filter = filter(default, &value);
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let is_valid = filter.is_some();
    let filter = filter.or_else(|| default.parse().ok()).unwrap_or_default();
    let selected = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false);
    match format {
        LogFormat::Text => selected.with(lines).init(),
        LogFormat::Json => {
            selected.with(lines.json().flatten_event(true).with_ansi(false)).init();
        }
    }
    if !is_valid {
        out::note(&format!(
            "warning: {name} is \"{}\", which selects no logs; set it to error, warn, info, debug or \
             trace ({default} applies now)",
            out::printable(&value)
        ));
    }
}

/// Returns the filter for the value of a variable, or `None` if the value is invalid. The default applies
/// to targets that the value does not name.
fn filter(default: &str, value: &str) -> Option<Targets> {
    let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
    if !words.clone().all(is_directive) {
        return None;
    }
    let all = std::iter::once(default).chain(words).collect::<Vec<_>>().join(",");
    all.parse().ok()
}

/// Reports whether a word is a level, or a target and its level. A word alone is a level: as a target, a
/// level with a mistake would silence everything else.
fn is_directive(word: &str) -> bool {
    let (target, level) = word.split_once('=').unwrap_or(("psom", word));
    let is_target = |c: char| c.is_alphanumeric() || "_:-".contains(c);
    !target.is_empty()
        && target.chars().all(is_target)
        && !level.is_empty()
        && level.parse::<LevelFilter>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_keeps_the_default() {
        for value in ["", "  ", ",", "info"] {
            let filter = filter("info", value).map(|filter| filter.to_string());
            assert_eq!(filter.as_deref(), Some("info"), "{value:?}");
        }
    }

    #[test]
    fn the_default_applies_to_other_targets() {
        let filter = |value| filter("info", value).map(|filter| filter.to_string());
        assert_eq!(filter("debug").as_deref(), Some("debug"));
        assert_eq!(filter("off").as_deref(), Some("off"));
        let one = filter("psom_server=debug").unwrap_or_default();
        assert!(one.contains("psom_server=debug") && one.contains("info"), "{one}");
    }

    #[test]
    fn an_invalid_value_is_not_used() {
        for value in
            ["loud", "psom", "psom=loud", "debug,loud", "=", "psom=", "=info", "[x", "[x]=info"]
        {
            assert!(filter("info", value).is_none(), "{value}");
        }
    }
}
