//! Relaying clients to the owners of their meetings, as silent proxies (section 3.4).
//!
//! A client can reach any node. A node that does not own the client's meeting connects to the owner with TLS,
//! sends a proxy header, and then relays all bytes. The proxy header names the meeting, under a MAC with a key
//! that only the nodes have, so that nobody else can make the owner skip its own relay. The header is valid
//! for one token, and a token is valid once.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use psom::{Admission, Refused};
use rustls::pki_types::ServerName;
use sha2::Sha256;
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    admission::relaying::{Relayed, Relaying},
    shared::{host_port::split_host_port, lock::lock},
    store::{MeetingStore, Owner},
    tls::ALTERNATIVE_NAME,
};

/// The time for connecting to the owner. The client waits meanwhile.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The time between two checks whether the owners of relayed meetings are alive. A lease lasts 5 s.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The beginning of a proxy header: its form and version.
const HEADER_PREFIX: &[u8] = b"psom-relay 1 ";

/// Bytes of a MAC, HMAC-SHA-256.
const MAC_BYTES: usize = 32;

/// The relay of a node.
pub(crate) struct Relays {
    key: String,
    tls: TlsConnector,
    store: Arc<dyn MeetingStore>,
    /// The owners of the meetings to which this node relays clients. Dropping an entry ends its relays.
    active: Arc<Mutex<HashMap<String, RelayedMeeting>>>,
    relayed: AtomicU64,
}

/// A meeting to which this node relays clients.
struct RelayedMeeting {
    /// The name of the node that owns it.
    owner: String,
    /// Each relay has a receiver, which ends with this sender.
    relays: watch::Sender<()>,
}

impl Relays {
    /// Returns a relay with the key that the nodes share. `tls` trusts the cluster's authority.
    pub(crate) fn new(
        key: String,
        tls: Arc<rustls::ClientConfig>,
        store: Arc<dyn MeetingStore>,
    ) -> Self {
        let (active, relayed) = Default::default();
        Self { key, tls: tls.into(), store, active, relayed }
    }

    fn mac(&self, meeting: &str, token: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).ok()?;
        mac.update(HEADER_PREFIX);
        mac.update(meeting.as_bytes());
        // Neither contains this byte, so no other pair has the same MAC.
        mac.update(&[0]);
        mac.update(token.as_bytes());
        Some(mac)
    }

    /// Returns the proxy header for a client with this token.
    fn header(&self, meeting: &str, token: &str) -> Vec<u8> {
        let mac = self.mac(meeting, token).map(|mac| mac.finalize().into_bytes());
        [HEADER_PREFIX, meeting.as_bytes(), &[0], mac.as_deref().unwrap_or_default()].concat()
    }

    async fn connect(
        &self,
        owner: &Owner,
        meeting: &str,
        token: &str,
    ) -> io::Result<TlsStream<TcpStream>> {
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "the address is not valid");
        let (host, port) = split_host_port(&owner.address).ok_or_else(invalid)?;
        let stream = TcpStream::connect((host, port)).await?;
        // The sender has gathered the bytes already, so Nagle's algorithm would only delay them.
        let _ = stream.set_nodelay(true);
        let name = ServerName::try_from(ALTERNATIVE_NAME).map_err(|_| invalid())?;
        let mut stream = self.tls.connect(name, stream).await?;
        let header = self.header(meeting, token);
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], &header].concat()).await?;
        Ok(stream)
    }

    /// Counts a relay. Returns a receiver that ends when the owner is gone.
    fn begin(&self, meeting: &str, owner: &str) -> watch::Receiver<()> {
        self.relayed.fetch_add(1, Ordering::Relaxed);
        let mut active = lock(&self.active);
        if let Some(known) = active.get(meeting)
            && known.owner == owner
        {
            return known.relays.subscribe();
        }
        let is_first = active.is_empty();
        let (relays, gone) = watch::channel(());
        active.insert(meeting.to_owned(), RelayedMeeting { owner: owner.to_owned(), relays });
        drop(active);
        if is_first {
            tokio::spawn(check_owners(Arc::clone(&self.store), Arc::clone(&self.active)));
        }
        gone
    }
}

/// Ends the relays to nodes that do not own the meetings any more, until there are no relays.
async fn check_owners(
    store: Arc<dyn MeetingStore>,
    active: Arc<Mutex<HashMap<String, RelayedMeeting>>>,
) {
    loop {
        sleep(CHECK_INTERVAL).await;
        let meetings: Vec<String> = {
            let mut active = lock(&active);
            active.retain(|_, meeting| meeting.relays.receiver_count() > 0);
            if active.is_empty() {
                return;
            }
            active.keys().cloned().collect()
        };
        match store.owners(meetings.clone()).await {
            Ok(owners) => {
                let is_asked = |id: &String| meetings.contains(id);
                lock(&active).retain(|id, meeting| {
                    !is_asked(id) || owners.get(id).is_some_and(|owner| *owner == meeting.owner)
                });
            }
            // The owner decides for itself while the database cannot be reached.
            Err(error) => tracing::debug!(%error, "cannot look for the owners of meetings"),
        }
    }
}

impl Relaying for Relays {
    fn relay<'a>(&'a self, owner: Owner, meeting: &'a str, token: &'a str) -> Relayed<'a> {
        Box::pin(async move {
            let connecting = timeout(CONNECT_TIMEOUT, self.connect(&owner, meeting, token));
            let connected = connecting.await.unwrap_or_else(|_| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "it does not answer"))
            });
            let stream = connected.map_err(|error| {
                Refused::new(format!("the owner {} cannot be reached: {error}", owner.address))
            })?;
            let mut relay = self.begin(meeting, &owner.node);
            tracing::info!(meeting, owner = owner.node, "relays a client");
            Ok(Admission::relayed(stream, async move { while relay.changed().await.is_ok() {} }))
        })
    }

    fn is_authentic(&self, header: &[u8], meeting: &str, token: &str) -> bool {
        let named = header.strip_prefix(HEADER_PREFIX);
        let rest = named.and_then(|rest| rest.strip_prefix(meeting.as_bytes()));
        let Some([0, mac @ ..]) = rest else { return false };
        // The comparison takes the same time for every wrong MAC.
        mac.len() == MAC_BYTES
            && self.mac(meeting, token).is_some_and(|own| own.verify_slice(mac).is_ok())
    }

    fn counts(&self) -> (u64, u64) {
        let active = lock(&self.active);
        let current: usize = active.values().map(|meeting| meeting.relays.receiver_count()).sum();
        (current as u64, self.relayed.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;
    use crate::{
        testing::{Directory, PermitStore},
        tls::Identity,
    };

    fn relays(key: &str) -> Relays {
        let directory = Directory::new();
        let tls = Identity::open(&directory, &[]).unwrap().client;
        let store = PermitStore::new(Semaphore::MAX_PERMITS);
        Relays::new(key.into(), tls, Arc::new(store))
    }

    #[test]
    fn header_is_authentic_for_one_meeting_and_token() {
        let (relays, others) = (relays("key"), relays("another key"));
        let header = relays.header("team", "token");
        assert!(relays.is_authentic(&header, "team", "token"));
        assert!(!relays.is_authentic(&header, "tea", "token"));
        assert!(!relays.is_authentic(&header, "team", "other"));
        assert!(!others.is_authentic(&header, "team", "token"));
        for end in 0..header.len() {
            assert!(!relays.is_authentic(&header[..end], "team", "token"), "{end} bytes");
        }
        let mut changed = header;
        *changed.last_mut().unwrap() ^= 1;
        assert!(!relays.is_authentic(&changed, "team", "token"));
    }

    #[tokio::test]
    async fn relays_end_when_another_node_owns_the_meeting() {
        let relays = relays("key");
        let mut first = relays.begin("team", "one");
        let second = relays.begin("team", "one");
        assert_eq!(relays.counts(), (2, 2));
        drop(second);
        let third = relays.begin("team", "two");
        assert!(first.changed().await.is_err());
        assert_eq!(relays.counts(), (1, 3));
        // The store of this test knows no owner.
        let mut third = third;
        assert!(third.changed().await.is_err());
        assert_eq!(relays.counts(), (0, 3));
    }
}
