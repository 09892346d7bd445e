//! The times of the protocol: units of 100 ns.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The seconds from the start of the year 1 to 1970.
const YEAR_1_SECONDS: u64 = 62_135_596_800;
/// The seconds from the start of 1601 to 1970.
const YEAR_1601_SECONDS: u64 = 11_644_473_600;

fn ticks(time: SystemTime, epoch_seconds: u64) -> u128 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    (since + Duration::from_secs(epoch_seconds)).as_nanos() / 100
}

/// Returns a time since the start of the year 1, as `ServerTime` and the editors table have it.
pub(crate) fn ticks_since_year_1(time: SystemTime) -> u128 {
    ticks(time, YEAR_1_SECONDS)
}

/// Returns a time since the start of 1601, as `CreateTime` and `LastModifiedTime` have it.
pub(crate) fn ticks_since_1601(time: SystemTime) -> u128 {
    ticks(time, YEAR_1601_SECONDS)
}

/// Formats a time as `2026-11-29T07:36:35Z`.
pub(crate) fn rfc_3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    // Only years above 9999 have no text.
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_epochs() {
        let time = UNIX_EPOCH + Duration::from_secs(951_782_400);
        assert_eq!(rfc_3339(time), "2000-02-29T00:00:00Z");
        assert_eq!(
            rfc_3339(UNIX_EPOCH + Duration::from_secs(1_795_937_795)),
            "2026-11-29T07:36:35Z"
        );
        assert_eq!(ticks_since_year_1(time), 630_873_792_000_000_000);
        assert_eq!(ticks_since_1601(UNIX_EPOCH), 116_444_736_000_000_000);
    }
}
