//! Join links: one line of text with everything that a client on another machine needs.
//!
//! ```text
//! psom://HOST:PORT/MEETING?token=32HEX&name=ALTERNATIVENAME&fp=BASE64URL
//! psom://HOST:PORT/MEETING?invite=32HEX&http=URL[&web=public]&name=ALTERNATIVENAME&fp=BASE64URL
//! ```
//!
//! - HOST:PORT is the address of the conference (`pwsURI`).
//! - `token` is a join token (`sAuthId`). It is valid once, for 120 seconds.
//! - `invite` is the secret of an invitation. It is valid any number of times, as long as the meeting
//!   lasts. A client exchanges it for a join token with `POST /api/join` at the web server `http`.
//! - `name` is the name in the server's certificate (`alternativeName`), which can differ from its
//!   host.
//! - `fp` is the SHA-256 of the certificate of the server's certificate authority (DER), in base64url
//!   without padding. The server sends the certificate after its own. A client must trust no other
//!   authority for this server, neither for the conference nor for the web server.
//! - `ca` is this certificate itself, in base64url without padding. Links of earlier versions have it
//!   instead of `fp`.
//! - `web=public` says that the web server has a certificate of an authority that browsers trust. A client
//!   then trusts the authorities of its system for the web server too.

use std::{fmt, io, str::FromStr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use psom::{
    Client, ClientSession, DistributedObject, Scope,
    error::{Misuse, SetupError},
    net::ClientBuilder,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    authority::{FINGERPRINT_BYTES, LinkAuthority},
    names::{is_meeting_id, split_host_port},
};

/// A link to join a meeting. Its text form is one line.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// The address of the conference, `host:port`.
    pub address: String,
    /// The meeting's ID.
    pub meeting: String,
    /// The client's permission to join.
    pub credential: JoinCredential,
    /// The name in the server's certificate (`alternativeName`).
    pub alternative_name: String,
    /// The server's certificate authority.
    pub authority: LinkAuthority,
    /// Whether the client's system trusts the certificate of the web server.
    pub web_is_public: bool,
}

/// The permission to join in a [`JoinLink`].
#[derive(Clone, PartialEq, Eq)]
pub enum JoinCredential {
    /// A join token (`sAuthId`), valid for one connection.
    Token(String),
    /// An invitation, which the client exchanges for a join token first.
    Invitation {
        /// The secret of the invitation.
        secret: String,
        /// The web server that exchanges it, `http://host:port` or `https://host:port`.
        http: String,
    },
}

/// The reason why a text is not a join link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The text does not begin with `psom://`.
    #[error("the text is not a join link; a join link begins with psom://")]
    Scheme,
    /// The address is not `host:port`.
    #[error("the join link's address {0:?} is not of the form host:port")]
    Address(String),
    /// The link has no meeting ID, or an invalid one.
    #[error("the join link names no meeting; after host:port comes / and the meeting's id")]
    Meeting,
    /// The link lacks a field. Most likely it was cut.
    #[error("the join link lacks `{0}`; copy the whole line")]
    Missing(&'static str),
    /// A field has an invalid value. Most likely the link was cut.
    #[error("the join link's `{0}` is damaged; copy the whole line")]
    Damaged(&'static str),
}

/// The characters that occur in links and need no escape in a query (RFC 3986, section 3.4).
const UNESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'/');

impl JoinLink {
    /// Returns the TLS configuration for a client of the conference. It trusts only the link's
    /// authority.
    ///
    /// # Errors
    /// The certificate in the link is not the certificate of an authority.
    pub fn tls(&self) -> Result<Arc<ClientConfig>, SetupError> {
        self.authority.client()
    }

    /// Returns the TLS configuration for a client of the web server.
    pub(super) fn web_tls(&self) -> Result<Arc<ClientConfig>, SetupError> {
        if self.web_is_public {
            self.authority.client_with_system()
        } else {
            self.authority.client()
        }
    }

    /// Returns the link with the certificate of its authority, which the server at the other end of
    /// the stream sends. Programs need this if their HTTP library requires the certificate.
    ///
    /// # Errors
    /// [`SetupError::Connect`] if the server's certificate is not that of the link.
    pub async fn with_certificate(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
    ) -> psom::Result<Self> {
        let stream = self.secure(stream).await?;
        let (_, connection) = stream.get_ref();
        let chain = connection.peer_certificates().unwrap_or_default();
        let authority = self.authority.find_in(chain).ok_or(SetupError::NoCertificate)?;
        Ok(Self { authority: LinkAuthority::Certificate(authority), ..self.clone() })
    }

    /// Performs the TLS handshake on a stream that leads to the server.
    async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<TlsStream<S>, SetupError> {
        let failed = |error: io::Error| SetupError::Connect {
            address: self.address.clone(),
            source: error.into(),
        };
        let name = ServerName::try_from(self.alternative_name.clone());
        let name = name.map_err(|error| failed(io::Error::other(error)))?;
        TlsConnector::from(self.tls()?).connect(name, stream).await.map_err(failed)
    }

    /// Returns the address of the page at which a browser joins the meeting. The invitation is in the
    /// fragment, which browsers do not send to the server. A link with a token has no page.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        let JoinCredential::Invitation { secret, http } = &self.credential else { return None };
        let escape = |text| utf8_percent_encode(text, UNESCAPED);
        Some(format!("{http}/join/{}#invite={}", self.meeting, escape(secret)))
    }

    /// Joins the meeting as a client. `root` creates the client's root object with its children. This
    /// uses up the link, because its token is valid for one connection.
    ///
    /// # Errors
    /// [`Misuse::Builder`] if the link has an invitation, which has to be [exchanged](Self::exchange)
    /// first; otherwise the errors of [`psom::Client`].
    pub async fn join<T: DistributedObject>(
        &self,
        root: impl FnOnce(&mut Scope) -> T + Send + 'static,
    ) -> psom::Result<ClientSession<T>> {
        self.join_behind(None, root).await
    }

    /// Joins like [`join`](Self::join) through a proxy that requires a header (section 3.2.3.1.1.1), if
    /// one is given.
    ///
    /// # Errors
    /// The errors of [`join`](Self::join).
    pub async fn join_behind<T: DistributedObject>(
        &self,
        proxy_header: Option<Vec<u8>>,
        root: impl FnOnce(&mut Scope) -> T + Send + 'static,
    ) -> psom::Result<ClientSession<T>> {
        let client = self.client(proxy_header)?.root_with(root).tls(self.tls()?);
        client.alternative_name(&self.alternative_name).connect(&self.address).await
    }

    /// Joins like [`join_behind`](Self::join_behind), over a stream that leads to the server, such as the
    /// tunnel of an HTTP proxy.
    ///
    /// # Errors
    /// The errors of [`join`](Self::join).
    pub async fn join_over<T: DistributedObject>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        proxy_header: Option<Vec<u8>>,
        root: impl FnOnce(&mut Scope) -> T + Send + 'static,
    ) -> psom::Result<ClientSession<T>> {
        let client = self.client(proxy_header)?.root_with(root);
        client.connect_stream(self.secure(stream).await?).await
    }

    fn client(&self, proxy_header: Option<Vec<u8>>) -> psom::Result<ClientBuilder<()>> {
        let JoinCredential::Token(token) = &self.credential else {
            let text = "the link has an invitation; exchange it first (`JoinLink::exchange`)";
            return Err(Misuse::Builder(text).into());
        };
        let client = Client::builder().token(token);
        Ok(match proxy_header {
            Some(header) => client.proxy_header(header),
            None => client,
        })
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "psom://{}/{}?", self.address, self.meeting)?;
        let escape = |text| utf8_percent_encode(text, UNESCAPED);
        match &self.credential {
            JoinCredential::Token(token) => write!(f, "token={}", escape(token))?,
            JoinCredential::Invitation { secret, http } => {
                write!(f, "invite={}&http={}", escape(secret), escape(http))?;
            }
        }
        if self.web_is_public {
            f.write_str("&web=public")?;
        }
        let name = escape(&self.alternative_name);
        let (field, authority) = match &self.authority {
            LinkAuthority::Fingerprint(fingerprint) => ("fp", &fingerprint[..]),
            LinkAuthority::Certificate(certificate) => ("ca", &certificate[..]),
        };
        write!(f, "&name={name}&{field}={}", URL_SAFE_NO_PAD.encode(authority))
    }
}

impl FromStr for JoinLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let rest = text.trim().strip_prefix("psom://").ok_or(LinkError::Scheme)?;
        let (path, query) = rest.split_once('?').ok_or(LinkError::Missing("token"))?;
        let (address, meeting) = path.split_once('/').ok_or(LinkError::Meeting)?;
        if split_host_port(address).is_none() {
            return Err(LinkError::Address(address.into()));
        }
        if !is_meeting_id(meeting) {
            return Err(LinkError::Meeting);
        }
        let query = LinkQuery::parse(query)?;
        let credential = match (query.token, query.invite) {
            (Some(token), None) => JoinCredential::Token(printable(token, "token")?),
            (None, Some(invite)) => JoinCredential::Invitation {
                secret: printable(invite, "invite")?,
                http: web_address(query.http.ok_or(LinkError::Missing("http"))?)?,
            },
            (Some(_), Some(_)) => return Err(LinkError::Damaged("token")),
            (None, None) => return Err(LinkError::Missing("token")),
        };
        let authority = match (query.fp, query.ca) {
            (Some(fingerprint), None) => fingerprint_authority(&fingerprint)?,
            (None, Some(certificate)) => certificate_authority(&certificate)?,
            (Some(_), Some(_)) => return Err(LinkError::Damaged("fp")),
            (None, None) => return Err(LinkError::Missing("fp")),
        };
        Ok(Self {
            address: address.into(),
            meeting: meeting.into(),
            credential,
            alternative_name: printable(query.name.ok_or(LinkError::Missing("name"))?, "name")?,
            authority,
            web_is_public: match query.web.as_deref() {
                None => false,
                Some("public") => true,
                Some(_) => return Err(LinkError::Damaged("web")),
            },
        })
    }
}

impl fmt::Debug for JoinLink {
    /// Leaves out the credential, which must not get into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinLink")
            .field("address", &self.address)
            .field("meeting", &self.meeting)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for JoinCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Invitation { .. } => "Invitation(..)",
        })
    }
}

/// The decoded fields of a link's query.
#[derive(Default)]
struct LinkQuery {
    token: Option<String>,
    invite: Option<String>,
    http: Option<String>,
    web: Option<String>,
    name: Option<String>,
    fp: Option<String>,
    ca: Option<String>,
}

impl LinkQuery {
    /// Parses a query. Unknown fields are ignored: a later version can add some.
    fn parse(text: &str) -> Result<Self, LinkError> {
        let mut query = Self::default();
        for field in text.split('&') {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let (slot, name) = match name {
                "token" => (&mut query.token, "token"),
                "invite" => (&mut query.invite, "invite"),
                "http" => (&mut query.http, "http"),
                "web" => (&mut query.web, "web"),
                "name" => (&mut query.name, "name"),
                "fp" => (&mut query.fp, "fp"),
                "ca" => (&mut query.ca, "ca"),
                _ => continue,
            };
            let value =
                percent_decode_str(value).decode_utf8().map_err(|_| LinkError::Damaged(name))?;
            if slot.replace(value.into_owned()).is_some() {
                return Err(LinkError::Damaged(name));
            }
        }
        Ok(query)
    }
}

fn fingerprint_authority(text: &str) -> Result<LinkAuthority, LinkError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| LinkError::Damaged("fp"))?;
    let bytes: [u8; FINGERPRINT_BYTES] = bytes.try_into().map_err(|_| LinkError::Damaged("fp"))?;
    Ok(LinkAuthority::Fingerprint(bytes))
}

fn certificate_authority(text: &str) -> Result<LinkAuthority, LinkError> {
    let der = URL_SAFE_NO_PAD.decode(text).map_err(|_| LinkError::Damaged("ca"))?;
    // A certificate is a DER sequence that begins with its length, so a truncated one is detected.
    let is_whole = der_length(&der) == Some(der.len());
    if is_whole { Ok(LinkAuthority::Certificate(der)) } else { Err(LinkError::Damaged("ca")) }
}

fn printable(value: String, name: &'static str) -> Result<String, LinkError> {
    let is_valid = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
    if is_valid { Ok(value) } else { Err(LinkError::Damaged(name)) }
}

fn web_address(url: String) -> Result<String, LinkError> {
    let address = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    match address.and_then(split_host_port) {
        Some(_) => Ok(url),
        None => Err(LinkError::Damaged("http")),
    }
}

/// Returns the length of a DER sequence with its header, according to the header.
fn der_length(der: &[u8]) -> Option<usize> {
    match *der {
        [0x30, length @ 0..=0x7f, ..] => Some(2 + usize::from(length)),
        [0x30, 0x81, length, ..] => Some(3 + usize::from(length)),
        [0x30, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn link(credential: JoinCredential) -> JoinLink {
        JoinLink {
            address: "[::1]:8057".into(),
            meeting: "team.Meeting-1".into(),
            credential,
            alternative_name: "psom-server".into(),
            authority: LinkAuthority::Fingerprint([0xfe; FINGERPRINT_BYTES]),
            web_is_public: false,
        }
    }

    /// Returns a link of an earlier version.
    fn old_link(credential: JoinCredential) -> JoinLink {
        let certificate = [&[0x30, 0x81, 200][..], &[0xff; 200]].concat();
        JoinLink { authority: LinkAuthority::Certificate(certificate), ..link(credential) }
    }

    #[test]
    fn printed_links_parse_to_the_same_link() {
        let token = JoinCredential::Token("0123456789ABCDEF0123456789ABCDEF".into());
        let invitation =
            JoinCredential::Invitation { secret: "abc".into(), http: "https://[::1]:8058".into() };
        for (credential, web_is_public) in
            [(token, false), (invitation.clone(), true), (invitation, false)]
        {
            for link in [link(credential.clone()), old_link(credential.clone())] {
                let link = JoinLink { web_is_public, ..link };
                let text = link.to_string();
                assert!(text.is_ascii() && !text.contains(char::is_whitespace), "{text}");
                assert_eq!(format!(" {text}\n").parse(), Ok(link));
            }
        }
    }

    #[test]
    fn link_of_an_invitation_is_short() {
        let credential = JoinCredential::Invitation {
            secret: "0123456789abcdef0123456789abcdef".into(),
            http: "https://192.0.2.10:8058".into(),
        };
        let address = "192.0.2.10:8057".into();
        let length = JoinLink { address, ..link(credential) }.to_string().len();
        assert!(length <= 170, "{length} characters");
    }

    #[test]
    fn damaged_links_are_refused() {
        let error = |text: &str| text.parse::<JoinLink>().unwrap_err();
        assert_eq!(error("http://example.com"), LinkError::Scheme);
        assert_eq!(error("psom://host/m?token=a"), LinkError::Address("host".into()));
        assert_eq!(error("psom://host:1/m"), LinkError::Missing("token"));
        assert_eq!(error("psom://host:1/..?token=a"), LinkError::Meeting);
        assert_eq!(error("psom://host:1/m?name=a"), LinkError::Missing("token"));
        assert_eq!(error("psom://host:1/m?invite=a"), LinkError::Missing("http"));
        let local = "psom://host:1/m?invite=a&http=file:///etc";
        assert_eq!(error(local), LinkError::Damaged("http"));
        assert_eq!(error("psom://host:1/m?token=a"), LinkError::Missing("fp"));
        let both = format!("{}&ca=AA", link(JoinCredential::Token("a".into())));
        assert_eq!(error(&both), LinkError::Damaged("fp"));
        assert_eq!(error("psom://host:1/m?token=a%20b"), LinkError::Damaged("token"));
        assert_eq!(error("psom://host:1/m?token=a&token=b"), LinkError::Damaged("token"));
        let other =
            link(JoinCredential::Token("a".into())).to_string().replace("&name", "&web=x&name");
        assert_eq!(error(&other), LinkError::Damaged("web"));
        for whole in [link, old_link].map(|link| link(JoinCredential::Token("a".into()))) {
            let whole = whole.to_string();
            for end in 1..whole.len() {
                assert!(whole[..end].parse::<JoinLink>().is_err(), "cut at {end}");
            }
        }
    }

    #[test]
    fn debug_output_contains_no_secret() {
        let link = link(JoinCredential::Token("SECRET".into()));
        assert!(!format!("{link:?} {:?}", link.credential).contains("SECRET"));
    }
}
