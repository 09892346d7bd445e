use std::{collections::VecDeque, io::IoSlice};

use bytes::Bytes;

use crate::hub::Chunk;

/// The maximum number of parts that one write passes to the transport. It is enough for the pairs of
/// a header and shared arguments that fit into a TLS buffer.
const MAX_PARTS_PER_WRITE: usize = 16;

/// The maximum capacity of a buffer that an idle connection keeps.
const MAX_IDLE_BUFFER_BYTES: usize = 1024;

/// The bytes that a space's task has passed to a connection's task.
#[derive(Debug, Default)]
pub(super) struct WriteBuffer {
    parts: VecDeque<Part>,
    /// The bytes after the last part. Usually they are all bytes.
    tail: Vec<u8>,
    finished: bool,
}

#[derive(Debug)]
enum Part {
    Owned(Vec<u8>),
    Shared(Bytes),
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl WriteBuffer {
    /// Appends bytes and reports whether the buffer was empty.
    pub(super) fn push(&mut self, chunk: Chunk<'_>) -> bool {
        let was_empty = self.is_empty();
        match chunk {
            Chunk::Lent(bytes) | Chunk::Delayable(bytes) => self.tail.extend_from_slice(bytes),
            Chunk::Shared(bytes) => {
                self.end_tail();
                self.parts.push_back(Part::Shared(bytes));
            }
        }
        was_empty
    }

    fn end_tail(&mut self) {
        if !self.tail.is_empty() {
            self.parts.push_back(Part::Owned(std::mem::take(&mut self.tail)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tail.is_empty() && self.parts.is_empty()
    }

    /// Marks the end of the output.
    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Moves all bytes to `writing` and takes its empty buffer. Returns false if there are no bytes.
    pub(super) fn take(&mut self, writing: &mut Writing) -> bool {
        if self.is_empty() {
            return false;
        }
        writing.parts.append(&mut self.parts);
        if !self.tail.is_empty() {
            let empty = std::mem::take(&mut writing.buffer);
            writing.parts.push_back(Part::Owned(std::mem::replace(&mut self.tail, empty)));
        }
        true
    }
}

/// The bytes that a connection's task is writing.
#[derive(Debug, Default)]
pub(super) struct Writing {
    parts: VecDeque<Part>,
    /// The number of written bytes of the first part.
    offset: usize,
    /// An empty buffer for later bytes.
    buffer: Vec<u8>,
}

impl Writing {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Fills `slices` with the next bytes and returns the number of slices.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; MAX_PARTS_PER_WRITE]) -> usize {
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            let from = if count == 0 { self.offset } else { 0 };
            *slice = IoSlice::new(&part.as_ref()[from..]);
            count += 1;
        }
        count
    }

    /// Removes written bytes.
    pub(super) fn advance(&mut self, written: usize) {
        self.offset += written;
        while let Some(part) = self.parts.front()
            && part.as_ref().len() <= self.offset
        {
            self.offset -= part.as_ref().len();
            if let Some(Part::Owned(mut buffer)) = self.parts.pop_front() {
                buffer.clear();
                self.buffer = buffer;
            }
        }
    }

    /// Frees the memory that an idle connection does not need.
    pub(super) fn free_buffer(&mut self) {
        self.parts = VecDeque::new();
        if self.buffer.capacity() > MAX_IDLE_BUFFER_BYTES {
            self.buffer = Vec::new();
        }
    }
}
