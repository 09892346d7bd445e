//! Authentication of a new connection on a server.

use std::{
    net::IpAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{io::AsyncReadExt as _, time::timeout};

use super::authenticator::{Admission, AnyAuthenticator};
use crate::{
    Config, Session,
    hub::{GRACE, MAX_LATENESS},
    net::{connection::Transport, slots::Slot},
    session::Event,
    wire::auth::Credentials,
};

/// Bytes of the length in front of a proxy header.
const LENGTH_BYTES: usize = 4;

/// A client whose credentials are valid.
pub(super) struct Authenticated {
    pub(super) session: Session,
    pub(super) admission: Admission,
    /// The bytes that the client has sent, from the signature on.
    pub(super) received: Vec<u8>,
}

/// Reads the credentials of a client and checks them.
pub(super) async fn authenticate(
    config: &Arc<Config>,
    token_timeout: Duration,
    authenticator: &dyn AnyAuthenticator,
    stream: &mut impl Transport,
    slot: &Slot<IpAddr>,
) -> Result<Authenticated, String> {
    let mut session = Session::server(Arc::clone(config), Instant::now());
    let checking = async {
        let reading = read_credentials(&mut session, stream);
        let credentials = within(token_timeout, reading).await;
        let (credentials, received) = credentials.ok_or("no token in time")??;
        // From here on, the client waits for the server.
        slot.set_busy();
        let checked = authenticator.check(credentials).await;
        checked.map(|admission| (admission, received)).map_err(|refused| refused.to_string())
    };
    match within(config.authentication_timeout, checking).await {
        Some(checked) => {
            checked.map(|(admission, received)| Authenticated { session, admission, received })
        }
        None => Err("no authentication in time".into()),
    }
}

/// Runs a future for a limited time. A process that notices the end of the time late was suspended and
/// has not read what arrived meanwhile, so the future gets a little more time.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let begin = tokio::time::Instant::now();
    let result = timeout(limit, future.as_mut()).await;
    if result.is_err() && begin.elapsed().saturating_sub(limit) > MAX_LATENESS {
        return timeout(GRACE, future).await.ok();
    }
    result.ok()
}

/// Reads credentials. Returns them, and the bytes that have arrived from the signature on.
async fn read_credentials(
    session: &mut Session,
    stream: &mut impl Transport,
) -> Result<(Credentials, Vec<u8>), String> {
    let mut received = Vec::new();
    loop {
        let mut input = bytes::BytesMut::with_capacity(4096);
        match stream.read_buf(&mut input).await {
            Ok(0) => return Err("the client left before it authenticated".into()),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        received.extend_from_slice(&input);
        let now = Instant::now();
        let mut batch = session.receive(now, input.freeze());
        let event = session.next_event(now, &mut batch);
        session.keep(&batch);
        match event {
            Some(Event::Authenticate(credentials)) => {
                if let Some(header) = &credentials.proxy_header {
                    received.drain(..LENGTH_BYTES + header.len());
                }
                return Ok((credentials, received));
            }
            Some(Event::Ended(error)) => return Err(error.to_string()),
            _ => {}
        }
    }
}
