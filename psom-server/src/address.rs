//! Addresses as people write them and as clients are told them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Splits `host:port`, where an IPv6 address stands in brackets.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let inner = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.contains(':'))?,
        None => Some(host).filter(|host| !host.contains(':'))?,
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
    (!inner.is_empty() && inner.bytes().all(good)).then_some((inner, port))
}

/// A host and a port in one text.
pub(crate) fn join_host_port(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

/// The host by which clients reach a listener: what its owner says, else the name that it was
/// given, else its IP address.
pub(crate) fn reachable(asked: &str, local: SocketAddr, host: Option<&str>) -> String {
    if let Some(host) = host {
        return host.into();
    }
    let name = split_host_port(asked).map(|(host, _)| host);
    match name {
        Some(name) if name.parse::<IpAddr>().is_err() => name.into(),
        _ if local.ip().is_unspecified() => outgoing().to_string(),
        _ => local.ip().to_string(),
    }
}

/// The address that this machine has on the way to others. A datagram socket that is connected
/// asks the routing table, and sends nothing.
fn outgoing() -> IpAddr {
    let ask = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        // Any address that is elsewhere: this one is for documentation (RFC 5737).
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    ask().map_or(Ipv4Addr::LOCALHOST.into(), |address: SocketAddr| address.ip())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_and_joined() {
        for (text, host, port) in [
            ("a.example:80", "a.example", 80),
            ("127.0.0.1:0", "127.0.0.1", 0),
            ("[::1]:9", "::1", 9),
        ] {
            assert_eq!(split_host_port(text), Some((host, port)));
            assert_eq!(join_host_port(host, port), text);
        }
        for bad in ["", "host", "host:", ":80", "::1:80", "[]:80", "[a]:80", "a b:1", "a:70000"] {
            assert_eq!(split_host_port(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn clients_are_told_a_host_that_they_can_reach() {
        let local = "127.0.0.1:80".parse().unwrap();
        assert_eq!(reachable("127.0.0.1:80", local, None), "127.0.0.1");
        assert_eq!(reachable("localhost:80", local, None), "localhost");
        assert_eq!(reachable("localhost:80", local, Some("meet.example")), "meet.example");
        let any = "0.0.0.0:80".parse().unwrap();
        assert!(!reachable("0.0.0.0:80", any, None).parse::<IpAddr>().unwrap().is_unspecified());
    }
}
