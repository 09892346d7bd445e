//! Network addresses of the form `host:port`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

pub(crate) use psom_client::split_host_port;

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
        _ if local.ip().is_unspecified() => outgoing_address(local.is_ipv6()).to_string(),
        _ => local.ip().to_string(),
    }
}

/// Returns the host of `--host` as addresses and certificates have it: an IPv6 address without brackets, or
/// a name in ASCII (IDNA). Returns `None` if it is neither.
pub(crate) fn ascii_host(host: &str) -> Option<String> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = inner {
        return inner.parse::<Ipv6Addr>().ok().map(|address| address.to_string());
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let ascii = idna::domain_to_ascii(host).ok()?;
    split_host_port(&format!("{ascii}:1"))?;
    Some(ascii)
}

/// Returns the address of the interface that has the default route. A listener of IPv6 accepts
/// connections of both families on most systems, so it can have an address of either. Its own
/// family is tried first.
fn outgoing_address(is_ipv6: bool) -> IpAddr {
    // Any address outside this machine works. These are reserved for documentation (RFC 3849 and 5737).
    let six = (IpAddr::from(Ipv6Addr::UNSPECIFIED), "2001:db8::1".parse().ok());
    let four = (IpAddr::from(Ipv4Addr::UNSPECIFIED), "192.0.2.1".parse().ok());
    let families = if is_ipv6 { &[six, four][..] } else { &[four][..] };
    let mut addresses =
        families.iter().filter_map(|(any, outside)| local_address(*any, (*outside)?));
    let loopback =
        if is_ipv6 { Ipv6Addr::LOCALHOST.into() } else { IpAddr::from(Ipv4Addr::LOCALHOST) };
    addresses.next().unwrap_or(loopback)
}

/// Returns the address from which this machine reaches another one. Connecting a datagram socket looks up
/// the route and sends nothing.
fn local_address(any: IpAddr, outside: IpAddr) -> Option<IpAddr> {
    /// The port of the discard service (RFC 863). Nothing is sent to it.
    const DISCARD: u16 = 9;
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((outside, DISCARD)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    // A link-local address is valid only with the name of an interface, which differs on each
    // machine.
    let is_of_link = matches!(address, IpAddr::V6(six) if six.is_unicast_link_local());
    (!is_of_link && !address.is_unspecified()).then_some(address)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
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

    #[test]
    fn ipv6_listener_advertises_an_address_that_it_listens_on() {
        for listen in ["[::]:0", "[::]:8057"] {
            let any: SocketAddr = listen.parse().unwrap();
            let host = reachable_host(listen, any, None);
            let address: IpAddr = host.parse().unwrap();
            assert!(!address.is_unspecified());
            // 127.0.0.1 would lead nowhere on a machine without IPv4.
            assert_ne!(address, IpAddr::from(Ipv4Addr::LOCALHOST));
        }
        let loopback = "[::1]:80".parse().unwrap();
        assert_eq!(reachable_host("[::1]:80", loopback, None), "::1");
        let any = "[::]:80".parse().unwrap();
        assert_eq!(reachable_host("[::]:80", any, Some("meet.example")), "meet.example");
        assert_eq!(local_address(Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()), None);
    }

    #[test]
    fn hosts_are_names_in_ascii_or_addresses() {
        for (host, expected) in [
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("B\u{dc}CHER.example", "xn--bcher-kva.example"),
            ("\u{4f8b}\u{3048}.jp", "xn--r8jz45g.jp"),
            ("Meet.example", "meet.example"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8:0::1", "2001:db8::1"),
            ("192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(ascii_host(host).as_deref(), Some(expected), "{host}");
        }
        for bad in ["", "a b", "a:80", "[a]", "[::1", "http://a", "a/b", "[192.0.2.1]"] {
            assert_eq!(ascii_host(bad), None, "{bad:?}");
        }
    }
}
