/// The part of a file that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestedRange {
    /// The whole file.
    All,
    /// The bytes from `start` up to, but not including, `end`. There is at least one.
    Part { start: u64, end: u64 },
    /// A range beyond the end of the file.
    Unsatisfiable,
}

/// Parses a `Range` header for a file of the given length. A malformed header, another unit, or several
/// ranges are ignored, as RFC 9110 allows (section 14.2).
pub(super) fn parse(header: &str, length: u64) -> RequestedRange {
    let parsed = || {
        let (unit, range) = header.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
            return None;
        }
        let (first, last) = range.trim().split_once('-')?;
        Some(match (number(first)?, number(last)?) {
            (None, None) => return None,
            (None, Some(count)) => part(length.saturating_sub(count), length),
            (Some(start), None) => part(start, length),
            (Some(start), Some(last)) if last < start => return None,
            (Some(start), Some(last)) => part(start, last.saturating_add(1).min(length)),
        })
    };
    parsed().unwrap_or(RequestedRange::All)
}

fn part(start: u64, end: u64) -> RequestedRange {
    if start < end { RequestedRange::Part { start, end } } else { RequestedRange::Unsatisfiable }
}

/// Parses digits or an empty text. Returns `None` if the text is malformed.
fn number(text: &str) -> Option<Option<u64>> {
    match text {
        "" => Some(None),
        _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
        // A number beyond `u64` is larger than any file.
        _ => Some(Some(text.parse().unwrap_or(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_parsed_as_in_rfc_9110() {
        let part = |start, end| RequestedRange::Part { start, end };
        for (header, range) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-5", part(2, 6)),
            ("Bytes = 2-5", part(2, 6)),
            ("bytes=2-99", part(2, 10)),
            ("bytes=2-99999999999999999999999", part(2, 10)),
            ("bytes=9-", part(9, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-99", part(0, 10)),
            ("bytes=10-", RequestedRange::Unsatisfiable),
            ("bytes=10-12", RequestedRange::Unsatisfiable),
            ("bytes=-0", RequestedRange::Unsatisfiable),
            ("bytes=5-2", RequestedRange::All),
            ("bytes=-", RequestedRange::All),
            ("bytes=0-1,4-5", RequestedRange::All),
            ("bytes=+1-2", RequestedRange::All),
            ("bytes=a-b", RequestedRange::All),
            ("lines=1-2", RequestedRange::All),
            ("", RequestedRange::All),
        ] {
            assert_eq!(parse(header, 10), range, "{header}");
        }
        assert_eq!(parse("bytes=0-", 0), RequestedRange::Unsatisfiable);
    }
}
