//! `psom queue`: messages of queued calls (MC-COMQC) and their queues.

mod bytes;
mod carve;
pub mod decode;
mod encode;
mod json;
pub mod names;
mod record;
mod replay;
mod stored;

use clap::{Args, Subcommand};

use super::recordable::Recordable;
use crate::error::Result;

/// Record and replay commands, and decode queued calls (MC-COMQC)
#[derive(Debug, Args)]
pub struct Queue {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Decode(decode::Decode),
    Encode(encode::Encode),
    Carve(carve::Carve),
    Record(record::Record),
    Replay(replay::Replay),
    List(stored::List),
    Move(stored::Move),
    Retry(stored::Retry),
}

impl Queue {
    /// Runs the command. `parse` parses a command that is to be recorded.
    pub async fn run(
        self,
        parse: impl FnOnce(Vec<String>) -> Result<Box<dyn Recordable>>,
    ) -> Result {
        match self.command {
            Command::Record(record) => record.run(parse),
            Command::Replay(replay) => replay.run().await,
            Command::Decode(decode) => decode.run(),
            Command::Encode(encode) => encode.run(),
            Command::Carve(carve) => carve.run(),
            Command::List(list) => list.run(),
            Command::Move(command) => command.run(),
            Command::Retry(retry) => retry.run(),
        }
    }
}
