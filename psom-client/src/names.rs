//! Addresses and identifiers in join links.

/// Length limit of a meeting ID in bytes. Every file system supports directory names of this
/// length.
const MAX_MEETING_ID_BYTES: usize = 64;

/// Splits `host:port`. An IPv6 address is in brackets.
#[must_use]
pub fn split_host_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let inner = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.contains(':'))?,
        None => Some(host).filter(|host| !host.contains(':'))?,
    };
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
    (!inner.is_empty() && inner.bytes().all(is_valid)).then_some((inner, port))
}

/// Reports whether a text can be the ID of a meeting, and therefore the name of a directory.
#[must_use]
pub fn is_meeting_id(id: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_MEETING_ID_BYTES).contains(&id.len())
        && !id.starts_with('.')
        && id.bytes().all(is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meeting_ids_are_valid_directory_names() {
        for good in ["a", "demo", "2026-10-18_team.call", &"x".repeat(64)] {
            assert!(is_meeting_id(good), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "ä", "a b", "a\0", &"x".repeat(65)] {
            assert!(!is_meeting_id(bad), "{bad:?}");
        }
    }
}
