//! Network addresses of the form `host:port`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Splits `host:port`. An IPv6 address is in brackets.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let inner = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.contains(':'))?,
        None => Some(host).filter(|host| !host.contains(':'))?,
    };
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
    (!inner.is_empty() && inner.bytes().all(is_valid)).then_some((inner, port))
}

/// Joins a host and a port to `host:port`, with an IPv6 address in brackets.
pub(crate) fn join_host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Returns the host by which clients reach a listener: `host` if it is configured, otherwise the name
/// in `listen`, otherwise the listener's IP address.
pub(crate) fn reachable_host(listen: &str, local: SocketAddr, host: Option<&str>) -> String {
    if let Some(host) = host {
        return host.into();
    }
    let name = split_host_port(listen).map(|(host, _)| host);
    match name {
        Some(name) if name.parse::<IpAddr>().is_err() => name.into(),
        _ if local.ip().is_unspecified() => outgoing_address().to_string(),
        _ => local.ip().to_string(),
    }
}

/// Returns the address of the interface that has the default route. Connecting a datagram socket
/// looks up the route and sends nothing.
fn outgoing_address() -> IpAddr {
    let look_up = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        // Any address outside this machine works. This one is reserved for documentation (RFC 5737).
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    look_up().map_or(Ipv4Addr::LOCALHOST.into(), |address: SocketAddr| address.ip())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_split_and_joined() {
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
    fn reachable_host_prefers_the_configured_name() {
        let local = "127.0.0.1:80".parse().unwrap();
        assert_eq!(reachable_host("127.0.0.1:80", local, None), "127.0.0.1");
        assert_eq!(reachable_host("localhost:80", local, None), "localhost");
        assert_eq!(reachable_host("localhost:80", local, Some("meet.example")), "meet.example");
        let any = "0.0.0.0:80".parse().unwrap();
        assert!(
            !reachable_host("0.0.0.0:80", any, None).parse::<IpAddr>().unwrap().is_unspecified()
        );
    }
}
