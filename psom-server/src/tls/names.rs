//! The server's own name, and the time at which certificates are verified.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;

use crate::start_error::StartError;

/// The name that every server certificate has in addition to its hosts (`alternativeName`).
pub const ALTERNATIVE_NAME: &str = "psom-server";

/// Converts the time at which certificates are verified. They are valid from 1975 on, the default of
/// `rcgen`.
pub(super) fn unix_time(now: SystemTime) -> Result<UnixTime, StartError> {
    const START_OF_1975: Duration = Duration::from_secs(157_766_400);
    let since = now.duration_since(SystemTime::UNIX_EPOCH).ok();
    let since = since.filter(|since| *since >= START_OF_1975).ok_or(StartError::Clock)?;
    Ok(UnixTime::since_unix_epoch(since))
}
