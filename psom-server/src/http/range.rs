/// What a request wants of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    All,
    /// The bytes from `start` to before `end`, at least one.
    Part { start: u64, end: u64 },
    /// Bytes that the file does not have.
    Unsatisfiable,
}

/// Reads a `Range` header for a file of so many bytes. What is malformed, of another unit, or
/// asks for several ranges is ignored, as RFC 9110 allows (section 14.2).
pub(super) fn parse(header: &str, length: u64) -> Wanted {
    let wanted = || {
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
    wanted().unwrap_or(Wanted::All)
}

fn part(start: u64, end: u64) -> Wanted {
    if start < end { Wanted::Part { start, end } } else { Wanted::Unsatisfiable }
}

/// Digits, nothing at all, or something malformed.
fn number(text: &str) -> Option<Option<u64>> {
    match text {
        "" => Some(None),
        _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
        // More digits than any file has bytes.
        _ => Some(Some(text.parse().unwrap_or(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let part = |start, end| Wanted::Part { start, end };
        for (header, wanted) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-5", part(2, 6)),
            ("Bytes = 2-5", part(2, 6)),
            ("bytes=2-99", part(2, 10)),
            ("bytes=2-99999999999999999999999", part(2, 10)),
            ("bytes=9-", part(9, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-99", part(0, 10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=10-12", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-2", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=0-1,4-5", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(parse(header, 10), wanted, "{header}");
        }
        assert_eq!(parse("bytes=0-", 0), Wanted::Unsatisfiable);
    }
}
