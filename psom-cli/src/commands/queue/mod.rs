//! `psom queue`: messages of queued calls (MC-COMQC) and their queues.

mod carve;
pub(crate) mod decode;
mod encode;
mod json;
mod limits;
mod listing;
pub(crate) mod names;
mod record;
mod replay;
mod stored;

use clap::{Args, Subcommand};

use super::recordable::Recordable;
use crate::error::Result;

/// Record and replay commands, and decode queued calls (MC-COMQC)
#[derive(Debug, Args)]
pub(crate) struct Queue {
    #[command(subcommand)]
    command: QueueCommand,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    Decode(decode::QueueDecode),
    Encode(encode::QueueEncode),
    Carve(carve::Carve),
    Record(record::Record),
    Replay(replay::Replay),
    List(stored::List),
    Move(stored::Move),
    Retry(stored::Retry),
}

impl Queue {
    /// Runs the command. `parse` parses a command that is to be recorded.
    pub(crate) async fn run(
        self,
        parse: impl FnOnce(Vec<String>) -> Result<Box<dyn Recordable>>,
    ) -> Result {
        match self.command {
            QueueCommand::Record(record) => record.run(parse),
            QueueCommand::Replay(replay) => replay.run().await,
            QueueCommand::Decode(decode) => decode.run(),
            QueueCommand::Encode(encode) => encode.run(),
            QueueCommand::Carve(carve) => carve.run(),
            QueueCommand::List(list) => list.run(),
            QueueCommand::Move(command) => command.run(),
            QueueCommand::Retry(retry) => retry.run(),
        }
    }
}
