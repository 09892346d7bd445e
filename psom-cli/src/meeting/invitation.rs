//! Exchanging an invitation for a join token.

use serde_json::{Value, json};
use ureq::http::Method;

use super::guest;
use crate::{
    error::{CommandError, Result},
    http::client::Http,
    terminal::out,
};

/// The answer to an invitation.
#[derive(Default)]
pub(super) struct Redeemed {
    /// The join token, which is valid for one connection.
    pub token: String,
    /// The user's display name.
    pub name: Option<String>,
    /// Upper bound on a package.
    pub package_limit: Option<u64>,
    /// The user's role.
    pub role: Option<String>,
    /// The address of the conference, `host:port`. In a cluster, it can be another server than that of the
    /// link.
    pub address: Option<String>,
    /// The header that a proxy in front of the server requires (section 3.2.3.1.1.1).
    pub proxy_header: Option<Vec<u8>>,
}

/// The person who joins by an open invitation.
pub(super) struct Person {
    /// The display name. Without one, the server keeps the known one.
    pub name: Option<String>,
    /// The secret by which the server recognizes the person.
    pub secret: Option<String>,
    /// Whether the person must be another one than the user of other commands.
    pub is_new: bool,
}

impl Person {
    /// Returns a person whom no other command knows.
    pub(super) fn unknown(name: String) -> Self {
        Self { name: Some(name), secret: Some(guest::random_secret()), is_new: true }
    }

    /// Returns the person of a command with `--as NAME` or `--as-new NAME`, or with neither.
    pub(super) fn of_command(
        meeting: &str,
        invitation: &str,
        name: Option<&str>,
        new_name: Option<&str>,
    ) -> Result<Self> {
        if let Some(name) = new_name {
            let secret = guest::new_secret(meeting, invitation, name).ok_or_else(|| {
                CommandError::new("--as-new needs a directory for its state; set HOME")
            })?;
            return Ok(Self { name: Some(name.to_owned()), secret: Some(secret), is_new: true });
        }
        let Some(name) = name else {
            let name = guest::name(meeting, invitation);
            return Ok(Self { name, secret: guest::secret(), is_new: false });
        };
        if let Some(secret) = guest::other_secret(meeting, invitation, name) {
            return Ok(Self { name: Some(name.to_owned()), secret: Some(secret), is_new: false });
        }
        if let Some(before) = guest::name(meeting, invitation).filter(|before| before != name) {
            out::note(&format!(
                "note: \"{before}\" is called \"{name}\" now; to join as another person, use --as-new \
                 '{name}'"
            ));
        }
        guest::save_name(meeting, invitation, name);
        Ok(Self { name: Some(name.to_owned()), secret: guest::secret(), is_new: false })
    }
}

/// The beginning of the URI of everybody who joined by an open invitation.
const GUEST_URI_PREFIX: &str = "guest:";

/// Exchanges an invitation for a join token, which is valid for one connection.
pub(super) async fn redeem(
    http: &Http,
    base: &str,
    meeting: &str,
    secret: &str,
    who: &Person,
) -> Result<Redeemed> {
    let mut body = json!({ "invite": secret, "meeting": meeting, "displayName": who.name });
    if let Some(guest) = &who.secret {
        body["guest"] = guest.as_str().into();
    }
    let url = format!("{}/api/join", base.trim_end_matches('/'));
    let answer = http.api(Method::POST, url, None, Some(body)).await?;
    let token = answer["sAuthId"].as_str().map(str::to_owned);
    let token = token.ok_or_else(|| {
        CommandError::new("the server took the invitation but gave no token; update psom")
    })?;
    let uri = answer["uri"].as_str().unwrap_or_default();
    if who.is_new && !uri.starts_with(GUEST_URI_PREFIX) {
        return Err(CommandError::new(
            "this link is for one person, so --as-new is not possible; ask for an open link, or for one \
             for each person",
        ));
    }
    let name = answer["displayName"].as_str().map(str::to_owned);
    let role = answer["role"].as_str().map(str::to_owned);
    let proxy_header = proxy_header(&answer)?;
    let address = answer["pwsURI"].as_str().map(str::to_owned);
    let package_limit = answer["packageLimit"].as_u64();
    Ok(Redeemed { token, name, package_limit, role, address, proxy_header })
}

/// Returns the proxy header of an answer, if the mode requires one (section 3.2.3.1.1.1).
fn proxy_header(answer: &Value) -> Result<Option<Vec<u8>>> {
    match (answer["modes"].as_str(), answer["proxyHeader"].as_str()) {
        (Some("fwdtls"), Some(header)) => Ok(Some(header.as_bytes().to_vec())),
        (Some("fwdtls"), None) => Err(CommandError::new(
            "the server is behind a proxy and gave no header for it; ask the server's operator",
        )),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_header_belongs_to_its_mode() {
        let header = |answer: Value| proxy_header(&answer).map_err(|_| ());
        let both = json!({ "modes": "fwdtls", "proxyHeader": "team-7" });
        assert_eq!(header(both), Ok(Some(b"team-7".to_vec())));
        assert_eq!(header(json!({ "modes": "tls", "proxyHeader": "team-7" })), Ok(None));
        assert_eq!(header(json!({ "modes": "tls", "proxyHeader": null })), Ok(None));
        assert_eq!(header(json!({})), Ok(None));
        assert_eq!(header(json!({ "modes": "fwdtls" })), Err(()));
    }
}
