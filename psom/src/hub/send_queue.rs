use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;

use super::{budget::ReplyBudget, io::Chunk};
use crate::{
    session::{LatestKey, OutputBuffer, Piece},
    wire::record,
};

/// The maximum size of a segment to which small outputs are joined: the size of one write of the
/// driver.
const MAX_JOINED_BYTES: usize = 64 * 1024;

/// The size from which the output of a turn is moved into the queue instead of copied. Copying less
/// is cheaper than allocating a new buffer for the session.
const MIN_MOVED_BYTES: usize = 4 * 1024;

/// The number of replaced segments from which the queue is compacted. Compacting rarely keeps the
/// cost per call small.
const MAX_REPLACED_SEGMENTS: usize = 64;

/// The bytes that wait for one peer, in order.
///
/// The first `released_segments` segments can be sent. The others wait for a commit.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    segments: VecDeque<Segment>,
    /// The number of the first segment, counted from the beginning of the connection.
    first: u64,
    /// The number of sent bytes of the first segment.
    offset: usize,
    released_segments: usize,
    released_bytes: usize,
    bytes: usize,
    /// The segment numbers of pending calls that a newer call replaces.
    latest: HashMap<LatestKey, u64>,
    replaced: usize,
    /// The bytes of replies that were reserved since the last append.
    new_replies: usize,
    state: QueueState,
}

/// Returns the end of the record that contains the byte before `offset`. If the bytes do not consist
/// of whole records, returns their end.
fn end_of_record(bytes: &[u8], offset: usize) -> usize {
    let mut end = 0;
    while end < offset {
        match record::length(&bytes[end..], u32::MAX) {
            Ok(Some(length)) if length <= bytes.len() - end => end += length,
            _ => return bytes.len(),
        }
    }
    end
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum QueueState {
    #[default]
    Open,
    /// The farewell is queued. No output follows it.
    Finished,
    /// The transport is gone. Output is dropped.
    Abandoned,
}

#[derive(Debug)]
struct Segment {
    body: Body,
    /// The number of commits that must be done before the segment is released.
    commit: u64,
    /// The bytes of replies in this and earlier segments that are counted until this segment is
    /// sent.
    replies: usize,
}

#[derive(Debug)]
enum Body {
    Bytes(Vec<u8>),
    Shared(Bytes),
    Latest(LatestKey, Vec<u8>),
    /// A call that was replaced by a newer call.
    Replaced,
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) | Self::Latest(_, bytes) => bytes.len(),
            Self::Shared(bytes) => bytes.len(),
            Self::Replaced => 0,
        }
    }
}

/// The buffers of sent segments, which are reused: a hub with a journal queues a small segment per
/// turn and peer.
#[derive(Debug, Default)]
pub(super) struct Buffers(Vec<Vec<u8>>);

impl Buffers {
    /// The maximum number of kept buffers: enough for one turn of a large meeting.
    const MAX_BUFFERS: usize = 1024;
    /// The maximum capacity of a kept buffer, to bound the memory to 4 MiB.
    const MAX_CAPACITY_BYTES: usize = 4 * 1024;

    fn copy(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.0.pop().unwrap_or_default();
        buffer.extend_from_slice(bytes);
        buffer
    }

    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= Self::MAX_CAPACITY_BYTES && self.0.len() < Self::MAX_BUFFERS {
            buffer.clear();
            self.0.push(buffer);
        }
    }
}

impl SendQueue {
    /// Counts replies to the peer's own requests that a turn writes.
    pub(super) fn reserve(&mut self, budget: &mut ReplyBudget, bytes: usize) {
        self.new_replies += bytes;
        budget.reserve(bytes);
    }

    /// Appends the output of a turn and empties it. `commit` is the number of commits that must be
    /// done before the output is released; without it, the output is released at once.
    ///
    /// If more than `soft_limit` bytes wait, including those in flight, a `#[latest]` call replaces
    /// an older call, whose bytes are removed from the queue.
    pub(super) fn append(
        &mut self,
        output: &mut OutputBuffer,
        commit: Option<u64>,
        (in_flight, soft_limit): (usize, usize),
        (budget, buffers): (&mut ReplyBudget, &mut Buffers),
    ) {
        let replies = std::mem::take(&mut self.new_replies);
        if self.state != QueueState::Open {
            output.clear();
            return;
        }
        if output.instead {
            self.discard(budget);
            budget.reserve(replies);
        }
        let commit = commit.unwrap_or(0);
        for piece in output.pieces.drain(..) {
            match piece {
                Piece::Bytes(bytes) => self.append_bytes(commit, bytes, buffers),
                Piece::Shared(bytes) => self.push(commit, Body::Shared(bytes)),
                Piece::Latest(_, bytes) if self.bytes + in_flight <= soft_limit => {
                    self.append_bytes(commit, bytes, buffers);
                }
                Piece::Latest(key, bytes) => self.replace(commit, key, bytes),
            }
        }
        if output.tail.len() >= MIN_MOVED_BYTES {
            self.append_bytes(commit, std::mem::take(&mut output.tail), buffers);
        } else if !output.tail.is_empty() {
            if !self.join(commit, &output.tail) {
                self.push(commit, Body::Bytes(buffers.copy(&output.tail)));
            }
            output.tail.clear();
        }
        if output.last {
            self.state = QueueState::Finished;
        }
        output.clear();
        match self.segments.back_mut() {
            Some(last) => last.replies += replies,
            None => budget.reserved = budget.reserved.saturating_sub(replies),
        }
        if self.released_segments == self.segments.len() {
            // The output was joined to a released segment.
            budget.queue(if self.segments.is_empty() { 0 } else { replies });
        } else if commit == 0 {
            self.release(0, budget);
        }
    }

    fn append_bytes(&mut self, commit: u64, bytes: Vec<u8>, buffers: &mut Buffers) {
        if bytes.is_empty() || self.join(commit, &bytes) {
            buffers.recycle(bytes);
        } else {
            self.push(commit, Body::Bytes(bytes));
        }
    }

    /// Appends bytes to the last segment if both are released at the same time.
    fn join(&mut self, commit: u64, bytes: &[u8]) -> bool {
        let released = self.released_segments == self.segments.len();
        let Some(Segment { body: Body::Bytes(last), commit: at, .. }) = self.segments.back_mut()
        else {
            return false;
        };
        let together = *at == commit || commit == 0 && released;
        if !together || last.len() + bytes.len() > MAX_JOINED_BYTES {
            return false;
        }
        last.extend_from_slice(bytes);
        self.bytes += bytes.len();
        self.released_bytes += if released { bytes.len() } else { 0 };
        true
    }

    fn push(&mut self, commit: u64, body: Body) {
        self.bytes += body.len();
        self.segments.push_back(Segment { body, commit, replies: 0 });
    }

    fn replace(&mut self, commit: u64, key: LatestKey, bytes: Vec<u8>) {
        let number = self.first + self.segments.len() as u64;
        let older = self.latest.insert(key, number).and_then(|older| older.checked_sub(self.first));
        if let Some(index) = older.and_then(|older| usize::try_from(older).ok()) {
            self.remove_latest(index);
        }
        self.push(commit, Body::Latest(key, bytes));
        if self.replaced > MAX_REPLACED_SEGMENTS && self.replaced > self.segments.len() / 2 {
            self.compact();
        }
    }

    fn remove_latest(&mut self, index: usize) {
        // A partly sent call cannot be replaced.
        if index == 0 && self.offset > 0 {
            return;
        }
        let Some(segment) = self.segments.get_mut(index) else { return };
        if let Body::Latest(_, bytes) = std::mem::replace(&mut segment.body, Body::Replaced) {
            self.bytes -= bytes.len();
            self.released_bytes -= if index < self.released_segments { bytes.len() } else { 0 };
            self.replaced += 1;
        }
    }

    /// Removes the segments of replaced calls, whose number would otherwise be unbounded.
    fn compact(&mut self) {
        let mut kept = VecDeque::with_capacity(self.segments.len() - self.replaced);
        let mut released = 0;
        for (index, segment) in std::mem::take(&mut self.segments).into_iter().enumerate() {
            // A segment with replies stays until it would have been sent.
            if matches!(segment.body, Body::Replaced) && segment.replies == 0 {
                continue;
            }
            released += usize::from(index < self.released_segments);
            kept.push_back(segment);
        }
        self.replaced = kept.iter().filter(|at| matches!(at.body, Body::Replaced)).count();
        (self.segments, self.released_segments) = (kept, released);
        for (number, segment) in (self.first..).zip(&self.segments) {
            if let Body::Latest(key, _) = segment.body {
                self.latest.insert(key, number);
            }
        }
    }

    /// Releases the segments that wait for at most this number of commits.
    pub(super) fn release(&mut self, commits: u64, budget: &mut ReplyBudget) {
        for segment in self.segments.iter().skip(self.released_segments) {
            if segment.commit > commits {
                return;
            }
            self.released_segments += 1;
            self.released_bytes += segment.body.len();
            budget.queue(segment.replies);
        }
    }

    /// Returns the next released bytes, at most `limit` of them.
    pub(super) fn front(&mut self, limit: usize, budget: &mut ReplyBudget) -> Option<Chunk<'_>> {
        while self.released_segments > 0
            && matches!(self.segments.front(), Some(Segment { body: Body::Replaced, .. }))
        {
            self.replaced -= 1;
            if let Some(segment) = self.pop() {
                // The replaced call is never sent.
                budget.drop_queued(segment.replies);
            }
        }
        if self.released_segments == 0 || limit == 0 {
            return None;
        }
        let body = &self.segments.front()?.body;
        let range = self.offset..body.len().min(self.offset.saturating_add(limit));
        Some(match body {
            Body::Bytes(bytes) | Body::Latest(_, bytes) => Chunk::Lent(&bytes[range]),
            Body::Shared(bytes) => Chunk::Shared(bytes.slice(range)),
            Body::Replaced => Chunk::Lent(&[]),
        })
    }

    /// Removes bytes that the driver has taken.
    pub(super) fn consume(
        &mut self,
        bytes: usize,
        budget: &mut ReplyBudget,
        buffers: &mut Buffers,
    ) {
        self.offset += bytes;
        self.bytes -= bytes;
        self.released_bytes -= bytes;
        if self.segments.front().is_none_or(|segment| segment.body.len() > self.offset) {
            return;
        }
        let Some(segment) = self.pop() else { return };
        budget.send(segment.replies);
        match segment.body {
            Body::Latest(key, bytes) => {
                if self.latest.get(&key) == Some(&(self.first - 1)) {
                    self.latest.remove(&key);
                }
                buffers.recycle(bytes);
            }
            Body::Bytes(bytes) => buffers.recycle(bytes),
            Body::Shared(_) | Body::Replaced => {}
        }
        if self.segments.is_empty() {
            // Frees the capacity of a past backlog.
            self.segments = VecDeque::new();
        }
    }

    fn pop(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front()?;
        self.first += 1;
        self.offset = 0;
        self.released_segments -= 1;
        Some(segment)
    }

    /// Drops all waiting bytes except the rest of a partly sent record.
    fn discard(&mut self, budget: &mut ReplyBudget) {
        let kept = self.begun_segments();
        self.segments.truncate(kept);
        self.offset = if kept == 0 { 0 } else { self.offset };
        self.latest.clear();
        self.replaced = 0;
        self.bytes = self.segments.iter().map(|segment| segment.body.len()).sum();
        self.bytes -= self.offset;
        (self.released_segments, self.released_bytes) = (self.segments.len(), self.bytes);
        budget.reserved = 0;
        budget.queued = self.segments.iter().map(|segment| segment.replies).sum();
    }

    /// Counts the segments at the front that contain the rest of a partly sent record, and truncates
    /// the last of them after that record.
    fn begun_segments(&mut self) -> usize {
        let next_is_shared =
            self.segments.get(1).is_some_and(|next| matches!(next.body, Body::Shared(_)));
        match self.segments.front_mut().map(|segment| &mut segment.body) {
            // Its header was sent with the previous segment.
            Some(Body::Shared(_)) => 1,
            Some(Body::Bytes(bytes)) if self.offset > 0 => {
                let end = end_of_record(bytes, self.offset);
                // The segment ends with the header of the shared arguments that follow it.
                if end == bytes.len() && next_is_shared {
                    return 2;
                }
                bytes.truncate(end);
                usize::from(end > self.offset)
            }
            Some(Body::Latest(..)) if self.offset > 0 => 1,
            _ => 0,
        }
    }

    /// Ends the connection of a hub that has failed: replaces all waiting bytes by a farewell.
    pub(super) fn fail(&mut self, farewell: Vec<u8>, budget: &mut ReplyBudget) {
        if self.state != QueueState::Open {
            return;
        }
        self.discard(budget);
        self.new_replies = 0;
        self.push(0, Body::Bytes(farewell));
        self.state = QueueState::Finished;
        self.release(0, budget);
    }

    /// Drops all bytes, including later ones, because the transport is gone.
    pub(super) fn abandon(&mut self, budget: &mut ReplyBudget) {
        *self = Self { state: QueueState::Abandoned, ..Self::default() };
        *budget = ReplyBudget::default();
    }

    /// Returns the number of waiting bytes that nothing else keeps in memory.
    pub(super) fn exclusive(&self) -> usize {
        let bytes = self.segments.iter().map(|segment| match &segment.body {
            Body::Shared(bytes) if !bytes.is_unique() => 0,
            body => body.len(),
        });
        bytes.sum()
    }

    /// Returns the number of waiting bytes, without shared bytes that were counted before.
    pub(super) fn memory(&self, counted: &mut HashSet<(*const u8, usize)>) -> usize {
        let bytes = self.segments.iter().map(|segment| match &segment.body {
            Body::Shared(bytes) if !counted.insert((bytes.as_ptr(), bytes.len())) => 0,
            body => body.len(),
        });
        bytes.sum()
    }

    /// Returns the number of waiting bytes, released or not.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the number of released bytes.
    pub(super) fn released_bytes(&self) -> usize {
        self.released_bytes
    }

    /// Reports whether the output of a turn can bypass this queue.
    pub(super) fn is_bypassed(&self) -> bool {
        self.segments.is_empty() && self.state == QueueState::Open
    }

    /// Reports whether the farewell is queued or the transport is gone.
    pub(super) fn is_finished(&self) -> bool {
        self.state != QueueState::Open
    }

    /// Reports whether a single record can be sent now, before the held bytes.
    pub(super) fn is_between_records(&self) -> bool {
        self.state == QueueState::Open && self.released_segments == 0 && self.offset == 0
    }

    /// Returns the bytes of replies that were reserved since the last append, and resets the number.
    pub(super) fn take_new_replies(&mut self) -> usize {
        std::mem::take(&mut self.new_replies)
    }
}
