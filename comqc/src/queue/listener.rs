use super::{
    schedule::{Stage, Step, after_failure},
    store::{Queue, Taken},
};
use crate::{
    carrier::Packet,
    error::{ReadError, ReadResult},
    message::Message,
};

/// The result of a queue operation.
pub type QueueResult<T, Q> = Result<T, <Q as Queue>::Error>;

/// The outcome of playing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The calls were executed and their effects are durable.
    Done,
    /// A call failed. Its effects and those of the calls before it were undone. Another try may
    /// succeed.
    Failed,
    /// The message can never succeed: its target, an interface or a method is unknown, or its
    /// security properties cannot be applied.
    Impossible,
}

/// Plays messages: the server's side of a queued component.
pub trait Player {
    /// Executes the calls of a message in their order.
    ///
    /// An error means that the calls' arguments violate a rule; then no call may have been executed
    /// ([`crate::decode_calls`] decodes all of them first).
    fn play(&mut self, message: &Message<'_>) -> ReadResult<Outcome>;
}

/// The object that gets the messages that the player could not play, before they go to the dead
/// queue: a component's exception class.
pub trait ExceptionClass: Player {
    /// Announces that the next calls belong to a message whose last try failed
    /// (IPlaybackControl::FinalServerRetry).
    fn final_server_retry(&mut self);
}

/// The result of [`play_next`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// The message was played and removed.
    Done,
    /// The message failed and waits for its next try.
    Postponed(Step),
    /// The message failed for the last time or can never succeed. The exception class played it,
    /// and it was removed.
    Excepted,
    /// The message went to the dead queue.
    Dead,
    /// The message violates a rule and went to the dead queue. None of its calls was executed.
    Rejected(ReadError),
}

/// Returns the message body in stored bytes. If the bytes are a packet, it is the packet's body.
/// Otherwise, it is all of them.
///
/// # Errors
/// The packet violates a rule or does not carry calls.
pub fn body_of(bytes: &[u8]) -> ReadResult<&[u8]> {
    if Packet::stated_size(bytes).is_none() {
        return Ok(bytes);
    }
    let packet = Packet::read(bytes)?;
    let range = packet.calls()?.as_ptr().addr() - bytes.as_ptr().addr();
    Ok(&bytes[range..range + packet.body.len()])
}

/// Plays the next message that is due at `now`. Returns its number and the outcome, or `None` if no
/// message is due.
///
/// # Errors
/// The queue's storage fails. The message is not lost, and may be played again.
pub fn play_next<Q: Queue>(
    queue: &mut Q,
    now: u64,
    player: &mut dyn Player,
    exception: Option<&mut dyn ExceptionClass>,
) -> QueueResult<Option<(u64, Played)>, Q> {
    let Some(Taken { entry, body }) = queue.take(now)? else { return Ok(None) };
    let outcome = try_play(&body, player);
    let (id, dead) = (entry.id, Step { stage: Stage::Dead, tries: 0, due: now });
    let next = match outcome {
        Ok(Outcome::Done) => {
            queue.finish(id)?;
            return Ok(Some((id, Played::Done)));
        }
        Ok(Outcome::Failed) => after_failure(entry.step, &queue.stages()?, now),
        Ok(Outcome::Impossible) => dead,
        Err(error) => {
            queue.put_back(id, dead)?;
            return Ok(Some((id, Played::Rejected(error))));
        }
    };
    if next.stage != Stage::Dead {
        queue.put_back(id, next)?;
        return Ok(Some((id, Played::Postponed(next))));
    }
    if let Some(exception) = exception {
        exception.final_server_retry();
        if try_play(&body, exception) == Ok(Outcome::Done) {
            queue.finish(id)?;
            return Ok(Some((id, Played::Excepted)));
        }
    }
    queue.put_back(id, dead)?;
    Ok(Some((id, Played::Dead)))
}

fn try_play<P: Player + ?Sized>(bytes: &[u8], player: &mut P) -> ReadResult<Outcome> {
    player.play(&Message::read(body_of(bytes)?)?)
}
