use std::error::Error;

use super::schedule::{Stage, Step};

/// A message in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the message. Later messages have higher numbers.
    pub id: u64,
    /// The queue of the message, and the time of its next try.
    pub step: Step,
    /// The size of the body in bytes.
    pub size_bytes: u64,
}

impl Entry {
    /// Orders messages for playing: the earliest due one first, then by number.
    pub(crate) fn order(&self) -> (u64, u64) {
        (self.step.due, self.id)
    }

    /// Reports whether the message is to be played at `now`.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.step.stage != Stage::Dead && self.step.due <= now
    }
}

/// A message that was taken to be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The entry of the message.
    pub entry: Entry,
    /// The message.
    pub body: Vec<u8>,
}

/// The queues of one application, with one listener.
///
/// A call that returns `Ok` has been made durable.
pub trait Queue {
    /// The error of the storage.
    type Error: Error + Send + Sync + 'static;

    /// Appends a message to the input queue and returns its number.
    ///
    /// # Errors
    /// The storage fails.
    fn send(&mut self, body: &[u8], now: u64) -> Result<u64, Self::Error>;

    /// Returns the queues that exist, in the order of [`Stage::ALL`].
    ///
    /// # Errors
    /// The storage fails.
    fn stages(&self) -> Result<Vec<Stage>, Self::Error>;

    /// Removes a retry queue and moves its messages to the dead queue. Does nothing for a queue
    /// that cannot be removed.
    ///
    /// # Errors
    /// The storage fails.
    fn remove_stage(&mut self, stage: Stage) -> Result<(), Self::Error>;

    /// Returns the messages of all queues, by queue and number.
    ///
    /// # Errors
    /// The storage fails.
    fn list(&self) -> Result<Vec<Entry>, Self::Error>;

    /// Returns a message's body, or `None` if there is no such message.
    ///
    /// # Errors
    /// The storage fails.
    fn body(&self, id: u64) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Takes the next message that is due at `now`: the earliest due one, then the one with the
    /// lowest number. It is not taken again before [`Self::put_back`], but stays stored, so that it
    /// is available again after a restart.
    ///
    /// # Errors
    /// The storage fails.
    fn take(&mut self, now: u64) -> Result<Option<Taken>, Self::Error>;

    /// Removes a message that was played.
    ///
    /// # Errors
    /// The storage fails.
    fn finish(&mut self, id: u64) -> Result<(), Self::Error>;

    /// Moves a message to a queue, where it waits. Does nothing if there is no such message.
    ///
    /// # Errors
    /// The storage fails.
    fn put_back(&mut self, id: u64, step: Step) -> Result<(), Self::Error>;

    /// Moves all messages of one queue to another, as the message mover does, and returns how many.
    /// They keep their numbers and bodies, and so the caller's identity. They are due at `now`.
    ///
    /// # Errors
    /// The storage fails.
    fn move_messages(&mut self, from: Stage, to: Stage, now: u64) -> Result<usize, Self::Error> {
        let entries = self.list()?;
        let entries = entries.iter().filter(|entry| entry.step.stage == from);
        let mut moved = 0;
        for entry in entries {
            self.put_back(entry.id, Step { stage: to, tries: 0, due: now })?;
            moved += 1;
        }
        Ok(moved)
    }
}
