//! Join links: everything that a client on another machine needs, in one line.
//!
//! ```text
//! psom://HOST:PORT/MEETING?token=32HEX&name=ALTERNATIVENAME&ca=BASE64URL
//! psom://HOST:PORT/MEETING?invite=32HEX&http=URL&name=ALTERNATIVENAME&ca=BASE64URL
//! ```
//!
//! - HOST:PORT is the address of the conference (`pwsURI`).
//! - `token` is an `sAuthId`: good once, and for 120 seconds.
//! - `invite` is good as often as it is used and for as long as the meeting lasts. A client
//!   exchanges it for an `sAuthId` with `POST /api/join` at the web server `http`.
//! - `name` is what the server's certificate says in the place of its host (`alternativeName`).
//! - `ca` is the certificate authority of the server, DER in base64url without padding. Nothing
//!   else is to be trusted for this server, neither for the conference nor for its web server.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use psom::{Client, ClientSession, DistributedObject, Scope, error::Misuse};

use crate::{address::split_host_port, meetings::is_meeting_id};

/// A link to join a meeting; its text form is one line.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// Where the conference is, as `host:port`.
    pub address: String,
    /// The meeting.
    pub meeting: String,
    /// What the client shows to be let in.
    pub entry: Entry,
    /// The name that the server's certificate carries.
    pub alternative_name: String,
    /// The certificate authority of the server, DER.
    pub authority: Vec<u8>,
}

/// What lets a client in.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A token for one connection (`sAuthId`).
    Token(String),
    /// An invitation.
    Invitation {
        /// What is exchanged for a token.
        secret: String,
        /// The web server that exchanges it: `http://host:port` or `https://host:port`.
        http: String,
    },
}

/// Why a text is no join link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It is something else.
    #[error("this is no join link; one begins with psom://")]
    Scheme,
    /// The address is not `host:port`.
    #[error("the join link's address {0:?} is not of the form host:port")]
    Address(String),
    /// No meeting is named, or none that can exist.
    #[error("the join link names no meeting; after host:port comes / and the meeting's id")]
    Meeting,
    /// Something is missing: most likely the link was cut.
    #[error("the join link lacks `{0}`; copy the whole line")]
    Missing(&'static str),
    /// Something is not what it must be: most likely the link was cut.
    #[error("the join link's `{0}` is damaged; copy the whole line")]
    Damaged(&'static str),
}

/// What stands in a query as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'/');

impl JoinLink {
    /// The certificate authority as PEM, for [`psom::tls::client`].
    pub fn authority_pem(&self) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(&self.authority);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        // Base64 is ASCII: any place is the edge of a character.
        for start in (0..text.len()).step_by(64) {
            pem.push_str(&text[start..text.len().min(start + 64)]);
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }
}

impl JoinLink {
    /// Joins the meeting as a client, whose root is made with its children. The link is used up
    /// then: its token is good for one connection.
    ///
    /// # Errors
    /// The link is an invitation, which has to be [followed](Self::follow) first; otherwise as
    /// [`psom::Client`] says.
    pub async fn join<T: DistributedObject>(
        &self,
        root: impl FnOnce(&mut Scope) -> T + Send + 'static,
    ) -> psom::Result<ClientSession<T>> {
        let Entry::Token(token) = &self.entry else {
            let text = "the link is an invitation; follow it first (`JoinLink::follow`)";
            return Err(Misuse::Builder(text).into());
        };
        let tls = psom::tls::client(self.authority_pem().as_bytes())?;
        let client = Client::builder().root_with(root).token(token).tls(tls);
        client.alternative_name(&self.alternative_name).connect(&self.address).await
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "psom://{}/{}?", self.address, self.meeting)?;
        match &self.entry {
            Entry::Token(token) => write!(f, "token={}", utf8_percent_encode(token, PLAIN))?,
            Entry::Invitation { secret, http } => write!(
                f,
                "invite={}&http={}",
                utf8_percent_encode(secret, PLAIN),
                utf8_percent_encode(http, PLAIN)
            )?,
        }
        let name = utf8_percent_encode(&self.alternative_name, PLAIN);
        write!(f, "&name={name}&ca={}", URL_SAFE_NO_PAD.encode(&self.authority))
    }
}

impl FromStr for JoinLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let rest = text.trim().strip_prefix("psom://").ok_or(LinkError::Scheme)?;
        let (place, query) = rest.split_once('?').ok_or(LinkError::Missing("token"))?;
        let (address, meeting) = place.split_once('/').ok_or(LinkError::Meeting)?;
        if split_host_port(address).is_none() {
            return Err(LinkError::Address(address.into()));
        }
        if !is_meeting_id(meeting) {
            return Err(LinkError::Meeting);
        }
        let query = Query::parse(query)?;
        let entry = match (query.token, query.invite) {
            (Some(token), None) => Entry::Token(printable(token, "token")?),
            (None, Some(invite)) => Entry::Invitation {
                secret: printable(invite, "invite")?,
                http: web_address(query.http.ok_or(LinkError::Missing("http"))?)?,
            },
            (Some(_), Some(_)) => return Err(LinkError::Damaged("token")),
            (None, None) => return Err(LinkError::Missing("token")),
        };
        let authority = query.ca.ok_or(LinkError::Missing("ca"))?;
        let authority = URL_SAFE_NO_PAD.decode(authority).map_err(|_| LinkError::Damaged("ca"))?;
        // A certificate is a DER sequence that says how long it is: so a cut link is noticed here.
        if der_length(&authority) != Some(authority.len()) {
            return Err(LinkError::Damaged("ca"));
        }
        Ok(Self {
            address: address.into(),
            meeting: meeting.into(),
            entry,
            alternative_name: printable(query.name.ok_or(LinkError::Missing("name"))?, "name")?,
            authority,
        })
    }
}

impl fmt::Debug for JoinLink {
    /// What lets somebody in is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinLink")
            .field("address", &self.address)
            .field("meeting", &self.meeting)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Invitation { .. } => "Invitation(..)",
        })
    }
}

#[derive(Default)]
struct Query {
    token: Option<String>,
    invite: Option<String>,
    http: Option<String>,
    name: Option<String>,
    ca: Option<String>,
}

impl Query {
    /// Fields that are not known are of a later version, and no harm.
    fn parse(text: &str) -> Result<Self, LinkError> {
        let mut query = Self::default();
        for field in text.split('&') {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let (place, name) = match name {
                "token" => (&mut query.token, "token"),
                "invite" => (&mut query.invite, "invite"),
                "http" => (&mut query.http, "http"),
                "name" => (&mut query.name, "name"),
                "ca" => (&mut query.ca, "ca"),
                _ => continue,
            };
            let value =
                percent_decode_str(value).decode_utf8().map_err(|_| LinkError::Damaged(name))?;
            if place.replace(value.into_owned()).is_some() {
                return Err(LinkError::Damaged(name));
            }
        }
        Ok(query)
    }
}

fn printable(value: String, name: &'static str) -> Result<String, LinkError> {
    let good = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(value) } else { Err(LinkError::Damaged(name)) }
}

fn web_address(url: String) -> Result<String, LinkError> {
    let address = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    match address.and_then(split_host_port) {
        Some(_) => Ok(url),
        None => Err(LinkError::Damaged("http")),
    }
}

/// The length that a DER sequence gives itself, head included.
fn der_length(der: &[u8]) -> Option<usize> {
    match *der {
        [0x30, length @ 0..=0x7f, ..] => Some(2 + usize::from(length)),
        [0x30, 0x81, length, ..] => Some(3 + usize::from(length)),
        [0x30, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn link(entry: Entry) -> JoinLink {
        JoinLink {
            address: "[::1]:8057".into(),
            meeting: "team.Meeting-1".into(),
            entry,
            alternative_name: "psom-server".into(),
            authority: [&[0x30, 0x81, 200][..], &[0xff; 200]].concat(),
        }
    }

    #[test]
    fn links_are_read_as_they_are_written() {
        let token = Entry::Token("0123456789ABCDEF0123456789ABCDEF".into());
        let invitation =
            Entry::Invitation { secret: "abc".into(), http: "https://[::1]:8058".into() };
        for entry in [token, invitation] {
            let link = link(entry);
            let text = link.to_string();
            assert!(text.is_ascii() && !text.contains(char::is_whitespace), "{text}");
            assert_eq!(format!(" {text}\n").parse(), Ok(link));
        }
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let refused = |text: &str| text.parse::<JoinLink>().unwrap_err();
        assert_eq!(refused("http://example.com"), LinkError::Scheme);
        assert_eq!(refused("psom://host/m?token=a"), LinkError::Address("host".into()));
        assert_eq!(refused("psom://host:1/m"), LinkError::Missing("token"));
        assert_eq!(refused("psom://host:1/..?token=a"), LinkError::Meeting);
        assert_eq!(refused("psom://host:1/m?name=a"), LinkError::Missing("token"));
        assert_eq!(refused("psom://host:1/m?invite=a"), LinkError::Missing("http"));
        let local = "psom://host:1/m?invite=a&http=file:///etc";
        assert_eq!(refused(local), LinkError::Damaged("http"));
        assert_eq!(refused("psom://host:1/m?token=a"), LinkError::Missing("ca"));
        assert_eq!(refused("psom://host:1/m?token=a%20b"), LinkError::Damaged("token"));
        assert_eq!(refused("psom://host:1/m?token=a&token=b"), LinkError::Damaged("token"));
        let whole = link(Entry::Token("a".into())).to_string();
        for cut in 1..200 {
            assert!(whole[..whole.len() - cut].parse::<JoinLink>().is_err(), "cut by {cut}");
        }
    }

    #[test]
    fn secrets_are_not_printed_by_accident() {
        let link = link(Entry::Token("SECRET".into()));
        assert!(!format!("{link:?} {:?}", link.entry).contains("SECRET"));
    }

    #[test]
    fn the_authority_is_read_back_from_its_pem() {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let link = link(Entry::Token("a".into()));
        let der = CertificateDer::from_pem_slice(link.authority_pem().as_bytes()).unwrap();
        assert_eq!(der.as_ref(), link.authority);
    }
}
