//! The places of the web server's connections: whoever needs no permission to come must not keep
//! others out.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// So many connections at a time. Where all places are taken, a newcomer gets that of the one that
/// has waited for its client the longest. A quarter of the places is not for files, and one address
/// has at most half of the others; loopback has all, since a proxy may stand there for everybody.
pub(super) struct Seats {
    places: Arc<Semaphore>,
    rows: Arc<Rows>,
}

struct Rows {
    resting: Mutex<Resting>,
    /// Somebody has begun to rest.
    rested: Notify,
    transfers: Mutex<HashMap<IpAddr, usize>>,
    most_transfers: usize,
}

#[derive(Default)]
struct Resting {
    last: u64,
    by_age: BTreeMap<u64, Weak<Inner>>,
}

/// The place of a connection.
#[derive(Clone)]
pub(super) struct Seat(Arc<Inner>);

struct Inner {
    rows: Arc<Rows>,
    peer: IpAddr,
    state: Mutex<State>,
    leave: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The client is waited for: for its handshake, its request, the body of one that is small.
    Rests(u64),
    Works,
    /// The answer is made, but not yet sent.
    Answered,
}

/// A place for a file on its way; given back when dropped.
pub(super) struct Transfer(Arc<Rows>, IpAddr);

impl Seats {
    pub(super) fn new(connections: usize) -> Self {
        let rows = Rows {
            resting: Mutex::default(),
            rested: Notify::new(),
            transfers: Mutex::default(),
            most_transfers: (connections - connections / 4).max(1),
        };
        let places = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Self { places, rows: Arc::new(rows) }
    }

    /// Waits for a place; the semaphore is never closed.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return Some(place);
            }
            let place = self.places.clone().acquire_owned();
            if self.rows.send_one_away() {
                return place.await.ok();
            }
            tokio::select! {
                place = place => return place.ok(),
                () = self.rows.rested.notified() => {}
            }
        }
    }

    /// The seat of a new connection, which rests at first.
    pub(super) fn seat(&self, peer: IpAddr) -> Seat {
        let (rows, leave) = (self.rows.clone(), Notify::new());
        let seat = Seat(Arc::new(Inner { rows, peer, state: Mutex::new(State::Works), leave }));
        seat.rest();
        seat
    }
}

impl Rows {
    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transfers(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send_one_away(&self) -> bool {
        loop {
            let Some((number, seat)) = self.resting().by_age.pop_first() else { return false };
            let Some(seat) = seat.upgrade().map(Seat) else { continue };
            // It may have begun to work in this moment.
            if *seat.state() == State::Rests(number) {
                seat.0.leave.notify_one();
                return true;
            }
        }
    }
}

impl Seat {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client is waited for.
    pub(super) fn rest(&self) {
        let mut state = self.state();
        if let State::Rests(_) = *state {
            return;
        }
        let rows = &self.0.rows;
        let mut resting = rows.resting();
        resting.last += 1;
        let number = resting.last;
        resting.by_age.insert(number, Arc::downgrade(&self.0));
        *state = State::Rests(number);
        rows.rested.notify_one();
    }

    /// Something is done for the client.
    pub(super) fn work(&self) {
        if let State::Rests(number) = std::mem::replace(&mut *self.state(), State::Works) {
            self.0.rows.resting().by_age.remove(&number);
        }
    }

    /// Everything that was written is on its way.
    pub(super) fn flushed(&self) {
        if *self.state() == State::Answered {
            self.rest();
        }
    }

    /// Waits until somebody else needs the place.
    pub(super) async fn needed(&self) {
        self.0.leave.notified().await;
    }

    /// A place for a file on its way, unless too many are.
    pub(super) fn transfer(&self) -> Option<Transfer> {
        let Inner { rows, peer, .. } = &*self.0;
        let mut transfers = rows.transfers();
        let most = rows.most_transfers;
        let of_peer = if peer.is_loopback() { most } else { most.div_ceil(2) };
        let taken = transfers.values().sum::<usize>();
        let own = transfers.get(peer).copied().unwrap_or(0);
        if taken >= most || own >= of_peer {
            return None;
        }
        transfers.insert(*peer, own + 1);
        Some(Transfer(rows.clone(), *peer))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = *self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Rests(number) = state {
            self.rows.resting().by_age.remove(&number);
        }
    }
}

impl Drop for Transfer {
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

/// The body of an answer, which says when it is over.
pub(super) struct Answer {
    body: Body,
    seat: Seat,
    _transfer: Option<Transfer>,
}

impl Answer {
    pub(super) fn new(body: Body, seat: Seat, transfer: Option<Transfer>) -> Self {
        Self { body, seat, _transfer: transfer }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        *self.seat.state() = State::Answered;
    }
}

impl HttpBody for Answer {
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
    async fn a_newcomer_gets_the_place_of_who_has_waited_longest() {
        let seats = Seats::new(3);
        let come = async || (seats.place().await.unwrap(), seats.seat(address(1)));
        let (working, first, second) = (come().await, come().await, come().await);
        working.1.work();
        // Who is answered rests again, as the last.
        first.1.work();
        drop(Answer::new(Body::empty(), first.1.clone(), None));
        first.1.flushed();
        let leaves = async {
            second.1.needed().await;
            drop(second.0);
        };
        let (newcomer, ()) = tokio::join!(come(), leaves);
        newcomer.1.work();
        first.1.work();
        // Nobody rests: the next one waits for whoever is done first.
        let rests = async {
            tokio::task::yield_now().await;
            first.1.rest();
            first.1.needed().await;
            drop(first.0);
        };
        let (_, ()) = tokio::join!(come(), rests);
    }

    #[test]
    fn files_leave_places_and_no_address_has_them_all() {
        let seats = Seats::new(8);
        let [one, other, local] =
            [address(1), address(2), [127, 0, 0, 1].into()].map(|peer| seats.seat(peer));
        let mut of_one: Vec<_> = (0..3).map(|_| one.transfer().unwrap()).collect();
        assert!(one.transfer().is_none(), "half of six");
        let of_other: Vec<_> = (0..3).map(|_| other.transfer().unwrap()).collect();
        assert!(local.transfer().is_none(), "two places are for other things");
        of_one.pop();
        assert!(one.transfer().is_some());
        drop((of_one, of_other));
        let of_local: Vec<_> = (0..6).map(|_| local.transfer().unwrap()).collect();
        assert!(local.transfer().is_none() && one.transfer().is_none());
        drop(of_local);
        assert!(seats.rows.transfers().is_empty());
    }
}
