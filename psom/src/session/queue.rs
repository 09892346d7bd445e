use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use super::{
    calls,
    config::{BASE_CHANNEL, Config},
    outbound::{LatestKey, Output, Piece},
};
use crate::wire::record;

/// Small outputs are joined to writes of up to this many bytes.
const JOIN: usize = 64 * 1024;

/// What waits for one peer: filled by the space once a turn, emptied by whoever writes the stream.
#[derive(Debug, Default)]
pub struct OutQueue {
    /// With how many bytes of answers end with each.
    segments: VecDeque<(Segment, usize)>,
    /// The place of the first segment, counted from the beginning of the connection.
    first: u64,
    /// Pending calls that a newer one replaces, and their places.
    latest: HashMap<LatestKey, u64>,
    /// How many segments were replaced and stand there empty.
    replaced: usize,
    waiting: usize,
    /// How many bytes wait of what answers the peer itself, until the last of an answer has left.
    asked: usize,
    /// What is being written: the bytes that are left of it, and those of answers that end with it.
    flight: (usize, usize),
    /// How many more will come.
    announced: usize,
    finished: bool,
    overflowed: bool,
    /// As the last output has it.
    pingable: Option<u32>,
}

#[derive(Debug)]
enum Segment {
    Bytes(Vec<u8>),
    Shared(Bytes),
    Latest(LatestKey, Vec<u8>),
    Replaced,
}

/// The bytes of one write.
#[derive(Debug)]
pub enum Chunk {
    /// Bytes of this connection alone.
    Owned(Vec<u8>),
    /// Arguments that other connections send too.
    Shared(Bytes),
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl OutQueue {
    /// Appends what a turn sends. A `#[latest]` call that finds more than the soft mark waiting
    /// takes the place of an older one, whose bytes leave the queue.
    pub fn push(&mut self, output: Output, config: &Config) {
        if self.finished {
            return;
        }
        if output.instead {
            self.discard();
        }
        for piece in output.pieces {
            match piece {
                Piece::Bytes(bytes) => self.append(bytes),
                Piece::Shared(bytes) => self.push_segment(bytes.len(), Segment::Shared(bytes)),
                Piece::Latest(_, bytes) if self.waiting <= config.soft_mark => self.append(bytes),
                Piece::Latest(key, bytes) => self.replace(key, bytes),
            }
        }
        self.append(output.tail);
        self.note_asked(output.asked);
        self.finished |= output.last;
        self.pingable = output.pingable;
        self.overflowed |= self.unasked() > config.hard_mark && !self.finished;
    }

    fn note_asked(&mut self, bytes: usize) {
        self.announced = self.announced.saturating_sub(bytes);
        if let Some((_, answers)) = self.segments.back_mut() {
            *answers += bytes;
            self.asked += bytes;
        }
    }

    /// Announces bytes that answer the peer and will be pushed.
    pub fn owe(&mut self, bytes: usize) {
        self.announced += bytes;
    }

    /// How many bytes the peer has asked for and not taken.
    pub fn owed(&self) -> usize {
        self.asked + self.announced
    }

    /// How many bytes wait for the peer that it has not asked for.
    pub fn unasked(&self) -> usize {
        self.waiting.saturating_sub(self.asked)
    }

    fn append(&mut self, mut bytes: Vec<u8>) {
        if let Some((Segment::Bytes(last), _)) = self.segments.back_mut()
            && last.len() + bytes.len() <= JOIN
        {
            self.waiting += bytes.len();
            last.append(&mut bytes);
        } else if !bytes.is_empty() {
            self.push_segment(bytes.len(), Segment::Bytes(bytes));
        }
    }

    fn replace(&mut self, key: LatestKey, bytes: Vec<u8>) {
        let place = self.first + self.segments.len() as u64;
        let older = self.latest.insert(key, place).and_then(|older| older.checked_sub(self.first));
        let older = older.and_then(|older| self.segments.get_mut(usize::try_from(older).ok()?));
        if let Some((older, _)) = older
            && let Segment::Latest(_, bytes) = std::mem::replace(older, Segment::Replaced)
        {
            self.waiting -= bytes.len();
            self.replaced += 1;
        }
        self.push_segment(bytes.len(), Segment::Latest(key, bytes));
        if self.replaced > 64 && self.replaced > self.segments.len() / 2 {
            self.compact();
        }
    }

    /// Forgets the empty places of replaced calls, which would else be without a limit.
    fn compact(&mut self) {
        self.segments.retain(|(segment, answers)| {
            let is_there = !matches!(segment, Segment::Replaced);
            self.asked -= if is_there { 0 } else { *answers };
            is_there
        });
        self.replaced = 0;
        for (place, (segment, _)) in (self.first..).zip(&self.segments) {
            if let Segment::Latest(key, _) = segment {
                self.latest.insert(*key, place);
            }
        }
    }

    fn push_segment(&mut self, length: usize, segment: Segment) {
        self.waiting += length;
        self.segments.push_back((segment, 0));
    }

    /// Throws away what waits, up to the end of a record: arguments that are shared stand behind
    /// a header which may be on its way already.
    fn discard(&mut self) {
        let begun = match self.segments.front() {
            Some((Segment::Shared(_), _)) => self.segments.pop_front(),
            _ => None,
        };
        let dropped = self.segments.drain(..).map(|(segment, _)| match segment {
            Segment::Bytes(bytes) | Segment::Latest(_, bytes) => bytes.len(),
            Segment::Shared(bytes) => bytes.len(),
            Segment::Replaced => 0,
        });
        self.waiting -= dropped.sum::<usize>();
        self.asked = begun.as_ref().map_or(0, |(_, answers)| *answers) + self.flight.1;
        self.latest.clear();
        self.replaced = 0;
        self.segments.extend(begun);
    }

    /// Takes the bytes of the next write; they count as waiting until [`written`](Self::written).
    pub fn pop(&mut self) -> Option<Chunk> {
        loop {
            let (segment, answers) = self.segments.pop_front()?;
            self.first += 1;
            let chunk = match segment {
                Segment::Bytes(bytes) => Chunk::Owned(bytes),
                Segment::Shared(bytes) => Chunk::Shared(bytes),
                Segment::Latest(key, bytes) => {
                    self.latest.remove(&key);
                    Chunk::Owned(bytes)
                }
                Segment::Replaced => {
                    self.replaced -= 1;
                    self.asked -= answers;
                    continue;
                }
            };
            self.flight = (chunk.as_ref().len(), answers);
            return Some(chunk);
        }
    }

    /// Pings a client to whom there is nothing else to send.
    pub fn ping(&mut self) {
        if let Some(channel) = self.pingable
            && self.waiting == 0
            && !self.finished
        {
            self.append(calls::lone_ping(channel));
        }
    }

    /// The application is gone: says so behind the record that is on its way, and nothing else.
    pub fn fail(&mut self) {
        if self.finished {
            return;
        }
        self.discard();
        let mut farewell = Vec::new();
        record::write_set_channel(&mut farewell, BASE_CHANNEL);
        record::write_break(&mut farewell, "internal error");
        self.append(farewell);
        self.finished = true;
    }

    /// The transport is gone: nothing waits any more, and nothing is queued again.
    pub fn abandon(&mut self) {
        self.segments.clear();
        self.latest.clear();
        self.replaced = 0;
        self.waiting = 0;
        (self.asked, self.announced, self.flight) = (0, 0, (0, 0));
        self.finished = true;
    }

    /// The transport has taken so many bytes.
    pub fn written(&mut self, bytes: usize) {
        self.waiting = self.waiting.saturating_sub(bytes);
        self.flight.0 = self.flight.0.saturating_sub(bytes);
        if self.flight.0 == 0 {
            self.asked = self.asked.saturating_sub(std::mem::take(&mut self.flight.1));
        }
    }

    /// How many bytes wait for the peer.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether nothing more will be pushed, so that the transport closes once the queue is empty.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether the hard mark was passed since this was last asked.
    pub fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session::config::APPLICATION_CHANNEL, wire::ProxyId};

    fn answer(bytes: usize) -> Output {
        let mut output = Output::default();
        (output.tail, output.asked) = (vec![0; bytes], bytes);
        output
    }

    #[test]
    fn an_answer_is_owed_until_it_has_left_whatever_is_replaced_behind_it() {
        let mut config = Config::default();
        (config.soft_mark, config.hard_mark) = (1000, 10_000);
        let mut queue = OutQueue::default();
        queue.owe(50_000);
        queue.push(answer(50_000), &config);
        let channel = APPLICATION_CHANNEL;
        let key = LatestKey { channel, proxy: ProxyId::ROOT, method: 1, subject: 0 };
        for _ in 0..1000 {
            let mut output = Output::default();
            output.pieces.push(Piece::Latest(key, vec![0; 1000]));
            queue.push(output, &config);
            assert_eq!((queue.owed(), queue.unasked()), (50_000, 1000));
        }
        assert!(!queue.take_overflow());
        while let Some(chunk) = queue.pop() {
            queue.written(chunk.as_ref().len());
        }
        assert_eq!((queue.owed(), queue.waiting()), (0, 0));
    }
}
