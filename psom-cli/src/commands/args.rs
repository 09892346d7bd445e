//! Arguments that several commands share.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use psom_objects::types::{ContentVisibility, Role};
use psom_server::files::BlobConfig;

/// Parses the visibility of a content.
pub(super) fn visibility() -> impl TypedValueParser<Value = ContentVisibility> {
    let help = |visibility: &ContentVisibility| match visibility {
        ContentVisibility::MeetingOrganizer => "Only the organizer",
        ContentVisibility::Presenters => "Organizer and presenters",
        _ => "Everybody in the meeting",
    };
    let values = ContentVisibility::ALL;
    let values = values.map(|value| PossibleValue::new(value.to_string()).help(help(&value)));
    PossibleValuesParser::new(values).try_map(|name| name.parse())
}

/// Parses the role of a user.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    let help = |role: Role| match role {
        Role::Organizer => "Shares and presents; the meeting is theirs",
        Role::Presenter => "Shares and presents",
        Role::Attendee => "Sees what is shared",
    };
    let values = Role::ALL.map(|role| PossibleValue::new(role.name()).help(help(role)));
    PossibleValuesParser::new(values).try_map(|name| name.parse())
}

/// Returns the location of the files of a server's meetings, with the S3 settings of the environment.
pub(super) fn blobs(files: Option<String>) -> BlobConfig {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let aws = variables.filter(|(name, _)| name.starts_with("AWS_"));
    files.map_or(BlobConfig::Local, |url| BlobConfig::Url(url, aws.collect()))
}
