//! The certificate of a link's authority. A link has only its fingerprint, and the HTTP library needs it whole.

use std::time::Duration;

use psom_client::{JoinCredential, JoinLink, LinkAuthority};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    http::proxies::Proxies,
};

/// Returns the link with the certificate of its authority if the requests to the web server need it.
pub(super) async fn with_certificate(link: JoinLink, limit: Duration) -> Result<JoinLink> {
    let JoinCredential::Invitation { http, .. } = &link.credential else { return Ok(link) };
    let is_known = matches!(link.authority, LinkAuthority::Certificate(_));
    if is_known || link.web_is_public || !http.starts_with("https://") {
        return Ok(link);
    }
    let proxy = Proxies::of_environment().for_conference(&link.address, Some(http))?;
    let connecting = async {
        Ok::<_, CommandError>(match proxy {
            Some(proxy) => link.with_certificate(proxy.connect(&link.address).await?).await?,
            None => {
                let stream = TcpStream::connect(&link.address).await;
                let stream = stream.or_cannot(format_args!("reach the server at {}", link.address));
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
