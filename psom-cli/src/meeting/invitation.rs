//! Exchanging an invitation for a join token.

use serde_json::{Value, json};
use ureq::http::Method;

use super::guest;
use crate::{
    error::{CommandError, Result},
    http::client::Http,
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
    /// The header that a proxy in front of the server requires (section 3.2.3.1.1.1).
    pub proxy_header: Option<Vec<u8>>,
}

/// Exchanges an invitation for a join token, which is valid for one connection.
pub(super) async fn redeem(
    http: &Http,
    base: &str,
    secret: &str,
    name: Option<&str>,
) -> Result<Redeemed> {
    let mut body = json!({ "invite": secret, "displayName": name });
    if let Some(guest) = guest::secret() {
        body["guest"] = guest.into();
    }
    let url = format!("{}/api/join", base.trim_end_matches('/'));
    let answer = http.api(Method::POST, url, None, Some(body)).await?;
    let token = answer["sAuthId"].as_str().map(str::to_owned);
    let token = token.ok_or_else(|| {
        CommandError::new("the server took the invitation but gave no token; update psom")
    })?;
    let name = answer["displayName"].as_str().map(str::to_owned);
    let role = answer["role"].as_str().map(str::to_owned);
    let proxy_header = proxy_header(&answer)?;
    Ok(Redeemed { token, name, package_limit: answer["packageLimit"].as_u64(), role, proxy_header })
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
