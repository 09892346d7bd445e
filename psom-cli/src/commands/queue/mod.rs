//! `psom queue`: messages of queued calls (MC-COMQC) and their queues.

mod bytes;
mod carve;
pub mod decode;
mod encode;
mod json;
pub mod names;
mod stored;

use clap::{Args, Subcommand};

use crate::error::Result;

/// Decode and manage queued calls of COM+ (MC-COMQC)
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
    List(stored::List),
    Move(stored::Move),
    Retry(stored::Retry),
}

impl Queue {
    pub fn run(self) -> Result {
        match self.command {
            Command::Decode(decode) => decode.run(),
            Command::Encode(encode) => encode.run(),
            Command::Carve(carve) => carve.run(),
            Command::List(list) => list.run(),
            Command::Move(command) => command.run(),
            Command::Retry(retry) => retry.run(),
        }
    }
}
