//! The certificate of a link's authority. A link has only its fingerprint, and the HTTP library needs it whole.

use std::time::Duration;

use psom_client::{JoinCredential, JoinLink, LinkAuthority};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    error::{CommandError, Result},
    http::proxies::Proxies,
};

/// Returns the link with the certificate of its authority if the requests to the web server need it.
pub(super) async fn with_certificate(link: JoinLink, limit: Duration) -> Result<JoinLink> {
    let JoinCredential::Invitation { http, .. } = &link.credential else { return Ok(link) };
    let is_known = matches!(link.authority, LinkAuthority::Certificate(_));
    if is_known || link.web_is_public || !http.starts_with("https://") {
        return Ok(link);
    }
    // The web server has the certificate of the conference, too. In a cluster, its address leads to any server, while
    // the server of the conference's address can be gone.
    let address = http.trim_start_matches("https://").trim_end_matches('/');
    let proxy = Proxies::of_environment().for_url(http)?;
    let connecting = async {
        Ok::<_, CommandError>(match proxy {
            Some(proxy) => link.with_certificate(proxy.connect(address).await?).await?,
            None => {
                let stream = TcpStream::connect(address).await.map_err(|error| {
                    let why =
                        format!("cannot reach the server at {http} ({error}); check that it runs");
                    CommandError::Unreachable(why)
                });
                link.with_certificate(stream?).await?
            }
        })
    };
    timeout(limit, connecting).await.map_err(|_| no_answer(&link))?
}

/// The error for a server that does not answer in time.
pub(super) fn no_answer(link: &JoinLink) -> CommandError {
    let message = format!("the server at {} does not answer; try again", link.address);
    CommandError::Unreachable(message)
}
