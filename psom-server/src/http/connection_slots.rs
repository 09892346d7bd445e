//! The slots of the web server's connections. Anybody can connect, so idle connections must not keep
//! others out.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use psom::net::slots::{Slot, SlotLimits, Slots, address_owner};

/// A limited number of connections. When all slots are taken, a newcomer takes the slot of the
/// connection that has been idle longest.
///
/// A quarter of the slots is not available to file transfers, and one address has at most half of the
/// others. Loopback has all of them, because a reverse proxy can connect from there for all clients.
pub(super) struct ConnectionSlots {
    connections: Slots<IpAddr>,
    transfers: Slots<IpAddr>,
}

/// The slot of a connection.
#[derive(Clone)]
pub(super) struct ConnectionSlot(Arc<SlotInner>);

struct SlotInner {
    address: IpAddr,
    transfers: Slots<IpAddr>,
    slot: Slot<IpAddr>,
    /// True if the response is complete, but not all of it is sent.
    responded: AtomicBool,
}

/// A slot for a file transfer, released when dropped.
pub(super) type TransferSlot = Slot<IpAddr>;

impl ConnectionSlots {
    pub(super) fn new(connections: usize) -> Self {
        let slots = |total: usize, owner| {
            Slots::new(SlotLimits { total, owner, min_silence: Duration::ZERO })
        };
        let transfers = (connections - connections / 4).max(1);
        Self {
            connections: slots(connections, connections),
            transfers: slots(transfers, transfers.div_ceil(2)),
        }
    }

    /// Waits for a slot for a new connection, which is idle at first. Evicts an idle connection if
    /// necessary.
    pub(super) async fn acquire(&self, address: IpAddr) -> ConnectionSlot {
        let slot = self.connections.acquire(address_owner(address)).await;
        let (transfers, responded) = (self.transfers.clone(), AtomicBool::new(false));
        ConnectionSlot(Arc::new(SlotInner { address, transfers, slot, responded }))
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

    /// Waits until the connection is evicted.
    pub(super) async fn evicted(&self) {
        self.0.slot.evicted().await;
    }

    /// Takes a slot for a file transfer, or returns `None` if there are too many transfers.
    pub(super) fn transfer(&self) -> Option<TransferSlot> {
        let slot = self.0.transfers.take(address_owner(self.0.address)).ok()?;
        slot.set_busy();
        Some(slot)
    }
}

/// A response body that updates the state of its connection's slot when it is complete.
pub(super) struct TrackedBody {
    body: Body,
    slot: ConnectionSlot,
    _transfer: Option<TransferSlot>,
}

impl TrackedBody {
    pub(super) fn new(body: Body, slot: ConnectionSlot, transfer: Option<TransferSlot>) -> Self {
        Self { body, slot, _transfer: transfer }
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
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
        let slots = ConnectionSlots::new(3);
        let connect = async || slots.acquire(address(1)).await;
        let (busy, first, second) = (connect().await, connect().await, connect().await);
        busy.set_busy();
        // A connection that got its response is idle again, as the last one.
        first.set_busy();
        drop(TrackedBody::new(Body::empty(), first.clone(), None));
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

    #[tokio::test]
    async fn transfers_are_limited_in_total_and_per_address() {
        let slots = ConnectionSlots::new(8);
        let one = slots.acquire(address(1)).await;
        let other = slots.acquire(address(2)).await;
        let local = slots.acquire([127, 0, 0, 1].into()).await;
        let mut of_one: Vec<_> = (0..3).map(|_| one.transfer().unwrap()).collect();
        assert!(one.transfer().is_none(), "one address has half of six");
        let of_other: Vec<_> = (0..3).map(|_| other.transfer().unwrap()).collect();
        assert!(local.transfer().is_none(), "two slots are not for transfers");
        of_one.pop();
        assert!(one.transfer().is_some());
        drop((of_one, of_other));
        let of_local: Vec<_> = (0..6).map(|_| local.transfer().unwrap()).collect();
        assert!(local.transfer().is_none() && one.transfer().is_none());
        drop(of_local);
        assert_eq!(slots.transfers.taken(), 0);
    }
}
