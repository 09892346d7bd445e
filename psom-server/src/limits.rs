//! All limits of a server in one table: their names, units and meanings, and how each is read and set.
//!
//! The configuration file, the flags, the environment variables, `psom serve --print-config` and
//! `/metrics` use this table.

use std::time::Duration;

use crate::options::Options;

/// One limit of a server.
pub struct Limit {
    /// The name, the same in the configuration, the metrics, the log and the reasons that peers get.
    pub name: &'static str,
    /// The unit of the values.
    pub unit: Unit,
    /// The meaning, one sentence.
    pub help: &'static str,
    get: fn(&Options) -> u64,
    set: fn(&mut Options, u64) -> Option<()>,
}

/// The unit of a limit's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    Count,
    /// A number of bytes.
    Bytes,
    /// A time in milliseconds.
    Milliseconds,
}

/// The reason why a limit cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is no limit with this name.
    #[error("there is no limit {0:?}; `psom serve --print-config` lists them")]
    Unknown(String),
    /// The value is not a number with a unit, or too large.
    #[error("the limit {name} cannot be {value:?}; write {example}")]
    Value {
        /// The limit.
        name: &'static str,
        /// The value.
        value: String,
        /// Examples of valid values.
        example: &'static str,
    },
}

/// Converts between the type of a field and the number in the table.
trait Value: Sized {
    fn to_number(&self) -> u64;
    fn from_number(number: u64) -> Option<Self>;
}

macro_rules! integer_values {
    ($($type:ty)*) => {$(
        impl Value for $type {
            fn to_number(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }

            fn from_number(number: u64) -> Option<Self> {
                Self::try_from(number).ok()
            }
        }
    )*};
}

integer_values!(u32 u64 usize i32);

impl Value for Duration {
    fn to_number(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }

    fn from_number(number: u64) -> Option<Self> {
        Some(Self::from_millis(number))
    }
}

/// A limit that can be absent, which is 0 in the table.
impl Value for Option<u64> {
    fn to_number(&self) -> u64 {
        self.unwrap_or(0)
    }

    fn from_number(number: u64) -> Option<Self> {
        Some((number > 0).then_some(number))
    }
}

macro_rules! table {
    ($($name:ident: $unit:ident = $($field:ident).+, $help:literal;)*) => {
        /// All limits.
        pub static LIMITS: &[Limit] = &[$(Limit {
            name: stringify!($name),
            unit: Unit::$unit,
            help: $help,
            get: |options| options.$($field).+.to_number(),
            set: |options, number| {
                options.$($field).+ = Value::from_number(number)?;
                Some(())
            },
        }),*];
    };
}

table! {
    // Connections.
    connections: Count = limits.connections,
        "connections to the conference; further ones are refused";
    unauthenticated: Count = limits.unauthenticated,
        "connections without a token; a newcomer replaces the longest silent one, and one address has half";
    tls_timeout: Milliseconds = limits.tls_timeout,
        "time for a TLS handshake";
    token_timeout: Milliseconds = limits.token_timeout,
        "time after TLS in which a client sends its token";
    authentication_timeout: Milliseconds = psom.authentication_timeout,
        "time in which a token is checked";
    connections_per_user: Count = psom.connections_per_user,
        "connections of a user to a meeting; a further one replaces the oldest";
    space_connections: Count = psom.space_connections,
        "connections to a meeting; a further one replaces the oldest of the user who has the most";
    http_connections: Count = limits.http_connections,
        "connections to the web server; three quarters can transfer files, half of these for one address";
    // Traffic of a connection.
    record_limit: Bytes = psom.record_limit,
        "size of a record";
    calls_per_second: Count = psom.calls_per_second,
        "calls a second from a connection, which is read more slowly above it; 0 means no limit";
    call_burst: Count = psom.call_burst,
        "calls from a connection before calls_per_second takes effect";
    proxy_limit: Count = psom.proxy_limit,
        "connected objects of a connection";
    unconfirmed_close_limit: Count = psom.unconfirmed_close_limit,
        "closed objects that a client has not confirmed";
    soft_limit: Bytes = psom.soft_limit,
        "bytes that wait for a client before newer calls replace older ones";
    hard_limit: Bytes = psom.hard_limit,
        "bytes that wait for a client before its connection is broken";
    space_queue_limit: Bytes = psom.space_queue_limit,
        "bytes that wait for all clients of a meeting before the largest connection is broken";
    stall_timeout: Milliseconds = psom.stall_timeout,
        "time in which a client must accept bytes";
    ping_interval: Milliseconds = psom.ping_interval,
        "time between two pings";
    idle_timeout: Milliseconds = psom.idle_timeout,
        "time without a byte after which a connection ends";
    // Admission.
    meetings: Count = limits.meetings,
        "meetings that exist at the same time";
    unload_after: Milliseconds = limits.unload_after,
        "time without users after which a meeting leaves memory until somebody joins it; 0 means never";
    users: Count = limits.users,
        "users who were ever admitted to a meeting; half of them can be guests";
    invitations: Count = limits.invitations,
        "invitations to a meeting";
    tokens: Count = limits.tokens,
        "unredeemed join tokens of the administrator; named and open links have half as many each";
    tokens_per_address: Count = limits.tokens_per_address,
        "unredeemed join tokens of open links for guests from one address";
    // Files.
    disk_reserve: Bytes = limits.disk_reserve,
        "bytes of the disk that stay free";
    quota: Bytes = limits.quota,
        "bytes of all files together; 0 means the disk is the limit";
    package_size: Bytes = limits.meeting.package_size,
        "size of a package";
    uploads: Count = limits.uploads,
        "uploads in progress; a newcomer replaces one that has been silent for 10 s";
    uploads_per_meeting: Count = limits.uploads_per_meeting,
        "uploads in progress of a meeting; a newcomer replaces one that has been silent for 10 s";
    uploads_per_user: Count = limits.meeting.uploads,
        "uploads in progress of a user in a meeting";
    upload_idle: Milliseconds = limits.meeting.upload_idle,
        "time without a packet after which an upload ends";
    downloads_per_user: Count = limits.downloads_per_user,
        "decrypted downloads in progress of a user in a meeting; a further one replaces the slowest";
    slides_at_once: Count = limits.slides_at_once,
        "presentations that are drawn for browsers at the same time; others wait for a minute";
    web_lifetime: Milliseconds = limits.web.lifetime,
        "time in which a browser must use the address of an upload or a download";
    web_total: Count = limits.web.total,
        "unused addresses of uploads, and of downloads";
    web_meeting: Count = limits.web.meeting,
        "unused addresses of uploads, and of downloads, of a meeting";
    web_user: Count = limits.web.user,
        "unused addresses of downloads of a user in a meeting";
    // Contents of a meeting.
    reservations: Count = limits.meeting.reservations,
        "titles that a user reserves at a time";
    contents: Count = limits.meeting.contents,
        "contents of a meeting";
    title_length: Count = limits.meeting.title_length,
        "characters of a title";
    slides: Count = limits.meeting.slides,
        "slides of a presentation";
    choices: Count = limits.meeting.choices,
        "choices of a poll, at most 7";
    question_length: Count = limits.meeting.question_length,
        "characters of a poll's question and of each choice";
    questions: Count = limits.meeting.blobs,
        "messages of questions and answers";
    questions_bytes: Bytes = limits.meeting.blob_bytes,
        "bytes of these messages";
    drawings: Count = limits.meeting.annotations.drawings,
        "drawings of a board";
    texts: Count = limits.meeting.annotations.texts,
        "texts of a board";
    images: Count = limits.meeting.annotations.images,
        "images of a board";
    path_length: Count = limits.meeting.annotations.path_length,
        "length of a drawing's path";
    text_length: Count = limits.meeting.annotations.text_length,
        "length of a text on a board";
    image_file_size: Bytes = limits.meeting.annotations.image_file_size,
        "size of an image's file";
}

impl Limit {
    /// Returns the limit with this name.
    ///
    /// # Errors
    /// There is no limit with this name.
    pub fn named(name: &str) -> Result<&'static Self, LimitError> {
        let found = LIMITS.iter().find(|limit| limit.name == name);
        found.ok_or_else(|| LimitError::Unknown(name.chars().take(64).collect()))
    }

    /// Returns the value in the options, with its unit.
    pub fn value(&self, options: &Options) -> String {
        let number = (self.get)(options);
        let units: &[(u64, &str)] = match self.unit {
            Unit::Count => &[],
            Unit::Bytes => &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")],
            Unit::Milliseconds => &[(60_000, "min"), (1000, "s"), (1, "ms")],
        };
        let unit = units.iter().find(|(size, _)| number > 0 && number.is_multiple_of(*size));
        unit.map_or_else(|| number.to_string(), |(size, unit)| format!("{} {unit}", number / size))
    }

    /// Sets the value in the options. Bytes can have the unit `KiB`, `MiB` or `GiB`, and times have the
    /// unit `ms`, `s` or `min`.
    ///
    /// # Errors
    /// The value is not a number with such a unit, or too large.
    pub fn set(&self, options: &mut Options, value: &str) -> Result<(), LimitError> {
        let set = self.parse(value).and_then(|number| (self.set)(options, number));
        set.ok_or_else(|| LimitError::Value {
            name: self.name,
            value: value.chars().take(64).collect(),
            example: match self.unit {
                Unit::Count => "a number such as 100",
                Unit::Bytes => "a number of bytes such as 1048576, 512 KiB, 64 MiB or 2 GiB",
                Unit::Milliseconds => "a time such as 500 ms, 10 s or 2 min",
            },
        })
    }

    fn parse(&self, value: &str) -> Option<u64> {
        let value = value.trim();
        let end = value.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(value.len());
        let (digits, unit) = value.split_at(end);
        let number: u64 = digits.replace('_', "").parse().ok()?;
        let size = match (self.unit, unit.trim()) {
            (Unit::Count | Unit::Bytes, "") | (Unit::Bytes, "B") | (Unit::Milliseconds, "ms") => 1,
            (Unit::Milliseconds, "") if number == 0 => 1,
            (Unit::Bytes, "KiB") => 1 << 10,
            (Unit::Bytes, "MiB") => 1 << 20,
            (Unit::Bytes, "GiB") => 1 << 30,
            (Unit::Milliseconds, "s") => 1000,
            (Unit::Milliseconds, "min") => 60_000,
            _ => return None,
        };
        number.checked_mul(size)
    }
}

impl std::fmt::Debug for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limit").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_value_is_printed_as_it_is_set() {
        let names: BTreeSet<_> = LIMITS.iter().map(|limit| limit.name).collect();
        assert_eq!(names.len(), LIMITS.len(), "a name is there twice");
        for limit in LIMITS {
            let mut options = Options::default();
            let before = limit.value(&options);
            limit.set(&mut options, &before).unwrap();
            assert_eq!(limit.value(&options), before, "{}", limit.name);
            let (new, printed) = match limit.unit {
                Unit::Count => ("7", "7"),
                Unit::Bytes => ("6144 KiB", "6 MiB"),
                Unit::Milliseconds => ("1500 ms", "1500 ms"),
            };
            limit.set(&mut options, new).unwrap();
            assert_eq!(limit.value(&options), printed, "{}", limit.name);
        }
    }

    #[test]
    fn invalid_value_and_unknown_name_are_refused() {
        let mut options = Options::default();
        for (name, value) in [
            ("users", "many"),
            ("users", "-1"),
            ("users", "1 KiB"),
            ("users", "99999999999999999999"),
            ("record_limit", "8 GiB"),
            ("record_limit", "1 kB"),
            ("idle_timeout", "90"),
            ("idle_timeout", ""),
        ] {
            let error = Limit::named(name).unwrap().set(&mut options, value).unwrap_err();
            assert!(matches!(error, LimitError::Value { .. }), "{name} = {value}: {error}");
        }
        assert_eq!(Limit::named("none").unwrap_err(), LimitError::Unknown("none".into()));
    }

    /// Checks that every limit that the framework counts is in the table under the same name.
    #[test]
    fn hits_have_the_names_of_the_table() {
        for name in [
            "record_limit",
            "proxy_limit",
            "unconfirmed_close_limit",
            "hard_limit",
            "stall_timeout",
            "space_queue_limit",
            "connections_per_user",
            "space_connections",
            "calls_per_second",
            "idle_timeout",
            "unauthenticated",
            "connections",
        ] {
            assert!(Limit::named(name).is_ok(), "{name}");
        }
    }
}
