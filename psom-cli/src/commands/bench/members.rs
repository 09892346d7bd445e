//! The members of a benchmark, and the times at which they receive something.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use psom_objects::{
    annotation::{Change, Property},
    client::{BoardEvent, ContentEvent, Event, PollEvent},
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

use super::figures::{Figures, Row};
use crate::{
    error::{CommandError, Result},
    meeting::session::{LinkArgs, Meeting},
    terminal::progress,
};

/// The beginning of the `LOCALID` of the benchmark's annotations, before the number of the annotation.
pub(super) const LOCAL_ID_PREFIX: &str = "bench-";

/// The number of members that join at the same time, so that the figures show the time of a join
/// instead of the time in a queue.
const CONCURRENT_JOINS: usize = 8;

/// The connections of all members.
pub(super) struct Members(Vec<Meeting>);

impl Members {
    /// Lets members join. Each figure is the time from the request for a token until the state of the
    /// meeting is complete.
    pub(super) async fn join(
        link: &LinkArgs,
        count: u32,
        receipts: &Arc<Receipts>,
    ) -> Result<(Self, Row)> {
        let bar = progress::counted("joining", count.into());
        let slots = Arc::new(Semaphore::new(CONCURRENT_JOINS));
        let begin = Instant::now();
        let mut joining = JoinSet::new();
        for index in 0..count as usize {
            let link = link.of_member(format!("Member {}", index + 1));
            let (slots, receipts) = (Arc::clone(&slots), Arc::clone(receipts));
            joining.spawn(async move {
                // The semaphore is never closed.
                let _slot = slots.acquire_owned().await;
                let begin = Instant::now();
                let observe = move |event: &Event| receipts.observe(index, event);
                let meeting = link.join_and_observe(observe).await?;
                Ok::<_, CommandError>((index, meeting, begin.elapsed()))
            });
        }
        let (mut members, mut times) = (Vec::new(), Vec::new());
        while let Some(joined) = joining.join_next().await {
            let joined = joined.map_err(|_| CommandError::new("a member could not join"))?;
            let (index, meeting, time) = joined?;
            members.push((index, meeting));
            times.push(time);
            bar.inc(1);
        }
        let elapsed = begin.elapsed();
        bar.finish_and_clear();
        members.sort_unstable_by_key(|(index, _)| *index);
        let members = Self(members.into_iter().map(|(_, meeting)| meeting).collect());
        Ok((members, Figures::new(times).row("join", count as usize, elapsed)))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the member for the action with this number. The members take turns.
    pub(super) fn at(&self, index: usize) -> &Meeting {
        &self.0[index % self.0.len()]
    }

    pub(super) async fn leave(self) {
        let mut leaving: JoinSet<_> = self.0.into_iter().map(Meeting::leave).collect();
        while leaving.join_next().await.is_some() {}
    }
}

/// The times at which actions were sent, and the times until members received them.
pub(super) struct Receipts {
    board: i64,
    poll: i64,
    drawings: Times,
    votes: Times,
}

#[derive(Default)]
struct Times {
    sent: Mutex<Vec<Instant>>,
    received: Mutex<Vec<Duration>>,
    count: AtomicUsize,
    arrival: Notify,
}

impl Receipts {
    pub(super) fn new(board: i64, poll: i64) -> Self {
        Self { board, poll, drawings: Times::default(), votes: Times::default() }
    }

    fn observe(&self, member: usize, event: &Event) {
        match event {
            Event::Content {
                id,
                event: ContentEvent::Board(BoardEvent::Changed { change, .. }),
            } if *id == self.board => {
                let Change::Add { annotation, .. } = change else { return };
                let local = annotation.get(Property::LocalId);
                let index =
                    local.and_then(|local| local.strip_prefix(LOCAL_ID_PREFIX)?.parse().ok());
                if let Some(index) = index {
                    self.drawings.receive(index);
                }
            }
            Event::Content {
                id,
                event: ContentEvent::Poll(PollEvent::Vote { choice: Some(_) }),
            } if *id == self.poll => self.votes.receive(member),
            _ => {}
        }
    }

    pub(super) fn drawn(&self, index: usize) {
        self.drawings.send(index);
    }

    pub(super) fn voted(&self, index: usize) {
        self.votes.send(index);
    }

    pub(super) fn drawings(&self) -> usize {
        self.drawings.count.load(Ordering::Acquire)
    }

    pub(super) fn votes(&self) -> usize {
        self.votes.count.load(Ordering::Acquire)
    }

    pub(super) async fn wait_for_drawings(&self, count: usize) {
        self.drawings.wait_for(count).await;
    }

    pub(super) async fn wait_for_votes(&self, count: usize) {
        self.votes.wait_for(count).await;
    }

    pub(super) fn take_drawings(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.drawings.received.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn take_votes(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.votes.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Times {
    /// Notes that the action with this number is sent now. The numbers ascend from 0.
    fn send(&self, index: usize) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        debug_assert_eq!(sent.len(), index);
        sent.push(Instant::now());
    }

    fn receive(&self, index: usize) {
        let now = Instant::now();
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(index).copied();
        let Some(sent) = sent else { return };
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(now.duration_since(sent));
        self.count.store(received.len(), Ordering::Release);
        self.arrival.notify_waiters();
    }

    async fn wait_for(&self, count: usize) {
        loop {
            let arrival = self.arrival.notified();
            if self.count.load(Ordering::Acquire) >= count {
                return;
            }
            arrival.await;
        }
    }
}
