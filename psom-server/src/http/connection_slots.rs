//! The slots of the web server's connections. Anybody can connect, so idle connections must not keep
//! others out.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use psom::{
    LimitHits,
    net::slots::{Slot, SlotLimits, Slots, address_owner},
};

use tokio::sync::Notify;

use crate::shared::lock::lock;

/// A limited number of connections. When all slots are taken, a newcomer takes the slot of the
/// connection that has been idle longest.
///
/// A quarter of the slots is not available to file transfers, and one address has at most half of
/// the others. Connections from loopback can have all of them, because a reverse proxy can connect
/// from there for all clients.
pub(super) struct ConnectionSlots {
    connections: Slots<IpAddr>,
    transfers: Slots<IpAddr>,
    hits: LimitHits,
}

/// The slot of a connection.
#[derive(Clone)]
pub(super) struct ConnectionSlot(Arc<SlotInner>);

struct SlotInner {
    address: IpAddr,
    transfers: Slots<IpAddr>,
    slot: Slot<IpAddr>,
    /// The slot of the file transfer in progress, if there is one.
    transfer: Mutex<Option<TransferSlot>>,
    hits: LimitHits,
    /// True if the response is complete, but not all of it is sent.
    responded: AtomicBool,
}

/// A slot for a file transfer.
struct TransferSlot {
    slot: Slot<IpAddr>,
    /// The number of bytes that were sent since the client last made progress.
    sent: usize,
}

/// The time without progress after which a file transfer can lose its slot to a newcomer. A client that
/// continues later loses nothing, because it can request the rest of the file.
const MIN_TRANSFER_SILENCE: Duration = Duration::from_secs(1);

/// The number of bytes that a client must receive to make progress. With a much smaller number,
/// clients that receive single bytes could keep their slots.
const PROGRESS_BYTES: usize = 64 << 10;

impl ConnectionSlots {
    pub(super) fn new(connections: usize, hits: &LimitHits) -> Self {
        let slots =
            |total, owner, min_silence| Slots::new(SlotLimits { total, owner, min_silence });
        let transfers = (connections - connections / 4).max(1);
        Self {
            connections: slots(connections, connections, Duration::ZERO),
            transfers: slots(transfers, transfers.div_ceil(2), MIN_TRANSFER_SILENCE),
            hits: hits.clone(),
        }
    }

    /// Waits for a slot for a new connection, which is idle at first. Evicts an idle connection if
    /// necessary.
    pub(super) async fn acquire(&self, address: IpAddr) -> ConnectionSlot {
        let slot = self.connections.acquire(address_owner(address)).await;
        ConnectionSlot(Arc::new(SlotInner {
            address,
            transfers: self.transfers.clone(),
            slot,
            transfer: Mutex::default(),
            hits: self.hits.clone(),
            responded: AtomicBool::new(false),
        }))
    }
}

impl ConnectionSlot {
    /// Returns the address of the client.
    pub(super) fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Notes that the server waits for the client: for a handshake, a request, or the body of a small
    /// one.
    pub(super) fn set_idle(&self) {
        self.0.slot.set_silent();
    }

    /// Notes that the server works for the client.
    pub(super) fn set_busy(&self) {
        self.0.responded.store(false, Ordering::Relaxed);
        self.0.slot.set_busy();
    }

    /// Notes that all written bytes are sent.
    pub(super) fn flushed(&self) {
        if self.0.responded.swap(false, Ordering::Relaxed) {
            self.set_idle();
        }
    }

    /// Notes that the client received bytes.
    pub(super) fn sent(&self, bytes: usize) {
        if let Some(transfer) = &mut *lock(&self.0.transfer) {
            transfer.sent += bytes;
            if transfer.sent >= PROGRESS_BYTES {
                transfer.sent = 0;
                transfer.slot.progressed();
            }
        }
    }

    /// Notes that the client accepts no bytes at the moment.
    pub(super) fn stalled(&self) {
        if let Some(transfer) = &*lock(&self.0.transfer) {
            transfer.slot.set_silent();
        }
    }

    /// Waits until the connection or its file transfer is evicted.
    pub(super) async fn evicted(&self) {
        self.0.slot.evicted().await;
    }

    /// Returns the notification that ends the connection.
    pub(super) fn eviction(&self) -> Arc<Notify> {
        self.0.slot.eviction()
    }

    /// Takes a slot for a file transfer, if necessary that of a stalled transfer. Returns `false` if
    /// there are too many transfers.
    pub(super) fn begin_transfer(&self) -> bool {
        let SlotInner { transfers, address, slot, transfer, hits, .. } = &*self.0;
        let before = transfers.evictions();
        let taken = transfers.take_with(address_owner(*address), slot.eviction());
        if taken.is_err() || transfers.evictions() > before {
            hits.count("http_connections");
        }
        let Ok(slot) = taken else { return false };
        // The server works until the client accepts no more bytes.
        slot.set_busy();
        *lock(transfer) = Some(TransferSlot { slot, sent: 0 });
        true
    }

    fn end_transfer(&self) {
        drop(lock(&self.0.transfer).take());
    }
}

/// A response body that updates the state of its connection's slot when it is complete.
pub(super) struct TrackedBody {
    body: Body,
    slot: ConnectionSlot,
}

impl TrackedBody {
    pub(super) fn new(body: Body, slot: ConnectionSlot) -> Self {
        Self { body, slot }
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.slot.end_transfer();
        self.slot.0.responded.store(true, Ordering::Relaxed);
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test]
    async fn newcomer_takes_the_slot_of_the_longest_idle_connection() {
        let slots = ConnectionSlots::new(3, &LimitHits::default());
        let connect = async || slots.acquire(address(1)).await;
        let (busy, first, second) = (connect().await, connect().await, connect().await);
        busy.set_busy();
        // A connection that got its response is idle again, and is the last in the order.
        first.set_busy();
        drop(TrackedBody::new(Body::empty(), first.clone()));
        first.flushed();
        let newcomer = connect().await;
        second.evicted().await;
        newcomer.set_busy();
        first.set_busy();
        // No connection is idle, so the next one waits for the first that becomes idle.
        let become_idle = async {
            tokio::task::yield_now().await;
            first.set_idle();
            first.evicted().await;
        };
        let (_, ()) = tokio::join!(connect(), become_idle);
    }

    #[tokio::test(start_paused = true)]
    async fn transfers_are_limited_in_total_and_per_address() {
        let slots = ConnectionSlots::new(8, &LimitHits::default());
        let connect = async |address| slots.acquire(address).await;
        let (one, other, local) = (address(1), address(2), [127, 0, 0, 1].into());
        let begin = async |address| {
            let slot = connect(address).await;
            slot.begin_transfer().then_some(slot)
        };
        let mut of_one = Vec::new();
        for _ in 0..3 {
            of_one.push(begin(one).await.unwrap());
        }
        assert!(begin(one).await.is_none(), "one address has half of six");
        let mut of_others = Vec::new();
        for _ in 0..3 {
            of_others.push(begin(other).await.unwrap());
        }
        assert!(begin(local).await.is_none(), "two slots are not for transfers");
        of_one.pop();
        of_one.push(begin(one).await.unwrap());
        of_others.clear();
        for _ in 0..3 {
            of_others.push(begin(local).await.unwrap());
        }
        assert!(begin(local).await.is_none());
        drop((of_one, of_others));
        assert_eq!(slots.transfers.taken(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn newcomer_takes_the_slot_of_a_stalled_transfer() {
        let hits = LimitHits::default();
        // Three quarters are for transfers. One is taken.
        let slots = ConnectionSlots::new(4, &hits);
        let other = slots.acquire([127, 0, 0, 9].into()).await;
        other.set_busy();
        assert!(other.begin_transfer());
        let [reading, dripping, newcomer] =
            [1, 2, 3].map(|last| slots.acquire([127, 0, 0, last].into()));
        let (reading, dripping) = (reading.await, dripping.await);
        for slot in [&reading, &dripping] {
            slot.set_busy();
            assert!(slot.begin_transfer());
            slot.stalled();
        }
        let newcomer = newcomer.await;
        newcomer.set_busy();
        assert!(!newcomer.begin_transfer(), "both have stalled just now");
        for _ in 0..4 {
            tokio::time::advance(MIN_TRANSFER_SILENCE / 4).await;
            reading.sent(PROGRESS_BYTES);
            dripping.sent(1);
        }
        assert!(newcomer.begin_transfer());
        dripping.evicted().await;
        assert_eq!(hits.get("http_connections"), 2);
    }
}
