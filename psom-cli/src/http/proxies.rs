//! The HTTP proxies of the environment. Both connections of a client use them in the same way: the
//! requests to the web server, and the conference.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::IpAddr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ipnet::IpNet;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use ureq::ProxyProtocol;

use crate::error::{CommandError, Result};

/// Upper bound on the answer of a proxy to CONNECT. Its head has a few lines.
const MAX_ANSWER_BYTES: usize = 16 << 10;

/// The proxies of the environment, and the hosts that are reached without them.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    /// For addresses that begin with `http:`.
    http: Option<String>,
    /// For addresses that begin with `https:`.
    https: Option<String>,
    exceptions: Vec<Exception>,
}

/// A proxy to use.
#[derive(Clone)]
pub(crate) struct HttpProxy(ureq::Proxy);

/// An entry of `NO_PROXY`.
#[derive(Debug)]
enum Exception {
    All,
    Network(IpNet),
    /// A host and all hosts below it, without a leading dot, perhaps at one port.
    Domain(String, Option<u16>),
}

impl Proxies {
    /// Reads the variables `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower
    /// case.
    pub(crate) fn of_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(read: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            let values = [name.to_ascii_lowercase(), name.to_owned()];
            let mut values = values.iter().filter_map(|name| read(name));
            values.find(|value| !value.trim().is_empty()).map(|value| value.trim().to_owned())
        };
        let all = either("ALL_PROXY");
        let exceptions = either("NO_PROXY").unwrap_or_default();
        let entries = exceptions.split(|c: char| c == ',' || c.is_whitespace());
        Self {
            http: either("HTTP_PROXY").or_else(|| all.clone()),
            https: either("HTTPS_PROXY").or(all),
            exceptions: entries.filter_map(Exception::parse).collect(),
        }
    }

    /// Returns the proxy to a URL. Connections within this machine need none.
    pub(crate) fn for_url(&self, url: &str) -> Result<Option<HttpProxy>> {
        let Some((scheme, rest)) = url.split_once("://") else { return Ok(None) };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_https = scheme.eq_ignore_ascii_case("https");
        self.choose(is_https, authority)
    }

    /// Returns the proxy to the conference at `host:port`. `web` is the address of the conference's web
    /// server, whose scheme decides the proxy. Without a web server, the scheme is `https:`, because the
    /// conference uses TLS.
    pub(crate) fn for_conference(
        &self,
        address: &str,
        web: Option<&str>,
    ) -> Result<Option<HttpProxy>> {
        let is_https = web.is_none_or(|web| web.starts_with("https:"));
        self.choose(is_https, address)
    }

    fn choose(&self, is_https: bool, authority: &str) -> Result<Option<HttpProxy>> {
        let (host, port) = host_and_port(authority);
        let port = port.unwrap_or(if is_https { 443 } else { 80 });
        let proxy = if is_https { &self.https } else { &self.http };
        let Some(proxy) = proxy else { return Ok(None) };
        let is_exception = || self.exceptions.iter().any(|it| it.matches(&host, port));
        if is_this_machine(&host) || is_exception() {
            return Ok(None);
        }
        HttpProxy::parse(proxy).map(Some)
    }
}

/// Splits `host:port`, in lower case and without the brackets of an IPv6 address.
fn host_and_port(authority: &str) -> (String, Option<u16>) {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        // An IPv6 address without brackets has no port.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ => (authority, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    (host.to_lowercase(), port)
}

/// Reports whether a host is this machine itself.
fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::All);
        }
        if let Ok(network) = entry.parse::<IpNet>() {
            return Some(Self::Network(network));
        }
        let (host, port) = host_and_port(entry);
        if let (Ok(address), None) = (host.parse::<IpAddr>(), port) {
            return Some(Self::Network(address.to_canonical().into()));
        }
        let domain = host.trim_start_matches("*.").trim_start_matches('.');
        (!domain.is_empty()).then(|| Self::Domain(domain.to_owned(), port))
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Network(network) => {
                let address = host.parse::<IpAddr>();
                address.is_ok_and(|address| network.contains(&address.to_canonical()))
            }
            Self::Domain(domain, only) => {
                let is_below = host
                    .strip_suffix(domain)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                is_below && only.is_none_or(|only| only == port)
            }
        }
    }
}

impl HttpProxy {
    fn parse(text: &str) -> Result<Self> {
        let unusable = |shown: &dyn fmt::Display| {
            CommandError::new(format!(
                "the environment names the proxy {shown}, which psom cannot use; name one that begins \
                 with http://, or add the server's host to NO_PROXY"
            ))
        };
        // The text is not shown, since it may have a password.
        let proxy = ureq::Proxy::new(text).map_err(|_| unusable(&"with an invalid address"))?;
        let proxy = Self(proxy);
        if proxy.0.protocol() != ProxyProtocol::Http {
            return Err(unusable(&proxy));
        }
        Ok(proxy)
    }

    /// The proxy for the HTTP client.
    pub(crate) fn for_requests(&self) -> ureq::Proxy {
        self.0.clone()
    }

    /// Opens a connection to `host:port` through the proxy.
    pub(crate) async fn connect(&self, address: &str) -> Result<TcpStream> {
        let failed = |why: &dyn fmt::Display| {
            CommandError::new(format!(
                "the proxy {self} gives no connection to {address} ({why}); check the proxy, or add \
                 the host to NO_PROXY"
            ))
        };
        let host = self.0.host().trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.0.port())).await;
        let mut stream = stream.map_err(|error| failed(&error))?;
        let _ = stream.set_nodelay(true);
        let mut request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n");
        if let Some(user) = self.0.username() {
            let credentials = format!("{user}:{}", self.0.password().unwrap_or_default());
            let credentials = STANDARD.encode(credentials);
            request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| failed(&error))?;
        let status = status(&mut stream).await.map_err(|error| failed(&error))?;
        match status.split(' ').nth(1) {
            Some(code) if code.starts_with('2') => Ok(stream),
            _ => Err(failed(&status)),
        }
    }
}

/// Reads the head of an answer, and returns its first line.
async fn status(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    // Bytes after the head belong to the tunnel, so none may be read.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_ANSWER_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok(String::from_utf8_lossy(line).into_owned())
}

impl fmt::Display for HttpProxy {
    /// Leaves out the name of the user and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.uri().scheme_str().unwrap_or("http");
        write!(f, "{scheme}://{}:{}", self.0.host(), self.0.port())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::net::TcpListener;

    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Proxies::from_variables(|name| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    fn chosen(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.for_url(url).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn this_machine_is_reached_without_a_proxy() {
        for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            let proxies = proxies(&[(variable, "http://proxy:3128")]);
            for host in [
                "127.0.0.1",
                "127.9.9.9:80",
                "[::1]:80",
                "localhost",
                "a.localhost:1",
                "[::ffff:127.0.0.1]",
            ] {
                for scheme in ["http", "https"] {
                    assert_eq!(chosen(&proxies, &format!("{scheme}://{host}/x")), None, "{host}");
                }
                assert!(proxies.for_conference(host, None).unwrap().is_none());
            }
        }
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let proxy = |name| Some(format!("http://{name}:3128"));
        let both =
            proxies(&[("HTTP_PROXY", "http://web:3128"), ("https_proxy", "http://tls:3128")]);
        assert_eq!(chosen(&both, "http://meet.example/"), proxy("web"));
        assert_eq!(chosen(&both, "https://meet.example/"), proxy("tls"));
        let tls = proxies(&[("HTTPS_PROXY", "tls:3128")]);
        assert_eq!(chosen(&tls, "http://meet.example/"), None);
        let all = proxies(&[("all_proxy", "http://all:3128"), ("HTTP_PROXY", " ")]);
        assert_eq!(chosen(&all, "http://meet.example/"), proxy("all"));
        assert_eq!(chosen(&Proxies::default(), "http://meet.example/"), None);
    }

    #[test]
    fn both_connections_use_the_same_proxy() {
        let both =
            proxies(&[("HTTP_PROXY", "http://web:3128"), ("HTTPS_PROXY", "http://tls:3128")]);
        for web in ["http://meet.example:8058", "https://meet.example:8058"] {
            let conference = both.for_conference("meet.example:8057", Some(web)).unwrap();
            assert_eq!(conference.map(|proxy| proxy.to_string()), chosen(&both, web));
        }
    }

    #[test]
    fn exceptions_are_hosts_domains_and_networks() {
        for (exceptions, host, is_exception) in [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            (" 192.0.2.7 , x ", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.70", false),
            ("2001:db8::/32", "[2001:db8::1]", true),
            ("[2001:db8::1]", "[2001:db8:0::1]", true),
            (".example.com", "meet.example.com", true),
            ("example.com", "meet.Example.com.", true),
            ("*.example.com", "meet.example.com", true),
            ("example.com", "badexample.com", false),
            ("meet.example.com:8058", "meet.example.com:8058", true),
            ("meet.example.com:80", "meet.example.com:8058", false),
            ("a b,*", "anything", true),
            ("", "meet.example.com", false),
        ] {
            let proxies = proxies(&[("ALL_PROXY", "http://p:1"), ("no_proxy", exceptions)]);
            let found = chosen(&proxies, &format!("http://{host}/"));
            assert_eq!(found.is_none(), is_exception, "{exceptions} {host}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_named_without_its_password() {
        for proxy in ["socks5://user:secret@p:1080", "https://user:secret@p:443"] {
            let proxies = proxies(&[("ALL_PROXY", proxy)]);
            let error = format!("{:?}", proxies.for_url("http://meet.example/").err().unwrap());
            assert!(error.contains("://p:") && error.contains("NO_PROXY"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_tunnel_begins_after_the_head_of_the_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut requests = Vec::new();
            for answer in ["HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello", "HTTP/1.1 403 Forbidden\r\n\r\n"]
            {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 1024];
                let length = stream.read(&mut request).await.unwrap();
                requests.push(String::from_utf8_lossy(&request[..length]).into_owned());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            requests
        });
        let proxy = HttpProxy::parse(&format!("http://a:b%20c@{address}")).unwrap();
        let mut stream = proxy.connect("meet.example:8057").await.unwrap();
        let mut tunneled = String::new();
        stream.read_to_string(&mut tunneled).await.unwrap();
        assert_eq!(tunneled, "hello");
        let refused = format!("{:?}", proxy.connect("meet.example:8057").await.unwrap_err());
        assert!(refused.contains(&format!("the proxy http://{address} gives no")), "{refused}");
        assert!(refused.contains("403 Forbidden"), "{refused}");
        let requests = serving.await.unwrap();
        assert!(requests[0].starts_with("CONNECT meet.example:8057 HTTP/1.1\r\n"), "{requests:?}");
        assert!(requests[0].contains("Proxy-Authorization: Basic YTpiIGM=\r\n"), "{requests:?}");
    }
}
