//! The slots of the web server's connections. Anybody can connect, so idle connections must not keep
//! others out.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, Weak},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::shared::lock::{self, lock};

/// A limited number of connections. When all slots are taken, a newcomer takes the slot of the
/// connection that has been idle longest.
///
/// A quarter of the slots is not available to file transfers, and one address has at most half of the
/// others. Loopback has all of them, because a reverse proxy can connect from there for all clients.
pub(super) struct ConnectionSlots {
    permits: Arc<Semaphore>,
    table: Arc<SlotTable>,
}

struct SlotTable {
    idle: Mutex<IdleSlots>,
    /// Notified when a connection becomes idle.
    became_idle: Notify,
    /// File transfers in progress by address.
    transfers: Mutex<HashMap<IpAddr, usize>>,
    max_transfers: usize,
}

#[derive(Default)]
struct IdleSlots {
    last_number: u64,
    by_age: BTreeMap<u64, Weak<SlotInner>>,
}

/// The slot of a connection.
#[derive(Clone)]
pub(super) struct ConnectionSlot(Arc<SlotInner>);

struct SlotInner {
    table: Arc<SlotTable>,
    peer: IpAddr,
    state: Mutex<SlotState>,
    evicted: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SlotState {
    /// The server waits for the client: for a handshake, a request, or the body of a small one. The
    /// number is the connection's key in [`IdleSlots`].
    Idle(u64),
    /// The server works for the client.
    Busy,
    /// The response is complete, but not all of it is sent.
    Responded,
}

/// A slot for a file transfer, released when dropped.
pub(super) struct TransferSlot(Arc<SlotTable>, IpAddr);

impl ConnectionSlots {
    pub(super) fn new(connections: usize) -> Self {
        let table = SlotTable {
            idle: Mutex::default(),
            became_idle: Notify::new(),
            transfers: Mutex::default(),
            max_transfers: (connections - connections / 4).max(1),
        };
        let permits = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Self { permits, table: Arc::new(table) }
    }

    /// Waits for a free slot, and evicts an idle connection if necessary. Returns `None` only if the
    /// semaphore is closed, which never happens.
    pub(super) async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(permit) = self.permits.clone().try_acquire_owned() {
                return Some(permit);
            }
            let permit = self.permits.clone().acquire_owned();
            if self.table.evict_longest_idle() {
                return permit.await.ok();
            }
            tokio::select! {
                permit = permit => return permit.ok(),
                () = self.table.became_idle.notified() => {}
            }
        }
    }

    /// Returns the slot of a new connection, which is idle at first.
    pub(super) fn slot(&self, peer: IpAddr) -> ConnectionSlot {
        let (state, evicted) = (Mutex::new(SlotState::Busy), Notify::new());
        let inner = SlotInner { table: self.table.clone(), peer, state, evicted };
        let slot = ConnectionSlot(Arc::new(inner));
        slot.set_idle();
        slot
    }
}

impl SlotTable {
    fn idle(&self) -> MutexGuard<'_, IdleSlots> {
        lock(&self.idle)
    }

    fn transfers(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        lock(&self.transfers)
    }

    /// Evicts the connection that has been idle longest. Returns `false` if none is idle.
    fn evict_longest_idle(&self) -> bool {
        loop {
            let Some((number, slot)) = self.idle().by_age.pop_first() else { return false };
            let Some(slot) = slot.upgrade().map(ConnectionSlot) else { continue };
            // The connection can have become busy since.
            if *slot.state() == SlotState::Idle(number) {
                slot.0.evicted.notify_one();
                return true;
            }
        }
    }
}

impl ConnectionSlot {
    fn state(&self) -> MutexGuard<'_, SlotState> {
        lock(&self.0.state)
    }

    /// Notes that the server waits for the client.
    pub(super) fn set_idle(&self) {
        let mut state = self.state();
        if let SlotState::Idle(_) = *state {
            return;
        }
        let table = &self.0.table;
        let mut idle = table.idle();
        idle.last_number += 1;
        let number = idle.last_number;
        idle.by_age.insert(number, Arc::downgrade(&self.0));
        *state = SlotState::Idle(number);
        table.became_idle.notify_one();
    }

    /// Notes that the server works for the client.
    pub(super) fn set_busy(&self) {
        if let SlotState::Idle(number) = std::mem::replace(&mut *self.state(), SlotState::Busy) {
            self.0.table.idle().by_age.remove(&number);
        }
    }

    /// Notes that all written bytes are sent.
    pub(super) fn flushed(&self) {
        if *self.state() == SlotState::Responded {
            self.set_idle();
        }
    }

    /// Waits until the connection is evicted.
    pub(super) async fn evicted(&self) {
        self.0.evicted.notified().await;
    }

    /// Takes a slot for a file transfer, or returns `None` if there are too many transfers.
    pub(super) fn transfer(&self) -> Option<TransferSlot> {
        let SlotInner { table, peer, .. } = &*self.0;
        let mut transfers = table.transfers();
        let max = table.max_transfers;
        let max_of_peer = if peer.is_loopback() { max } else { max.div_ceil(2) };
        let total = transfers.values().sum::<usize>();
        let of_peer = transfers.get(peer).copied().unwrap_or(0);
        if total >= max || of_peer >= max_of_peer {
            return None;
        }
        transfers.insert(*peer, of_peer + 1);
        Some(TransferSlot(table.clone(), *peer))
    }
}

impl Drop for SlotInner {
    fn drop(&mut self) {
        if let SlotState::Idle(number) = *lock::get_mut(&mut self.state) {
            self.table.idle().by_age.remove(&number);
        }
    }
}

impl Drop for TransferSlot {
    fn drop(&mut self) {
        let mut transfers = self.0.transfers();
        if let Some(count) = transfers.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                transfers.remove(&self.1);
            }
        }
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
        *self.slot.state() = SlotState::Responded;
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
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test]
    async fn newcomer_takes_the_slot_of_the_longest_idle_connection() {
        let slots = ConnectionSlots::new(3);
        let connect = async || (slots.acquire().await.unwrap(), slots.slot(address(1)));
        let (busy, first, second) = (connect().await, connect().await, connect().await);
        busy.1.set_busy();
        // A connection that got its response is idle again, as the last one.
        first.1.set_busy();
        drop(TrackedBody::new(Body::empty(), first.1.clone(), None));
        first.1.flushed();
        let leave = async {
            second.1.evicted().await;
            drop(second.0);
        };
        let (newcomer, ()) = tokio::join!(connect(), leave);
        newcomer.1.set_busy();
        first.1.set_busy();
        // No connection is idle, so the next one waits for the first that becomes idle.
        let become_idle = async {
            tokio::task::yield_now().await;
            first.1.set_idle();
            first.1.evicted().await;
            drop(first.0);
        };
        let (_, ()) = tokio::join!(connect(), become_idle);
    }

    #[test]
    fn transfers_are_limited_in_total_and_per_address() {
        let slots = ConnectionSlots::new(8);
        let [one, other, local] =
            [address(1), address(2), [127, 0, 0, 1].into()].map(|peer| slots.slot(peer));
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
        assert!(slots.table.transfers().is_empty());
    }
}
