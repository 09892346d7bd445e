//! `psom queue`: messages of queued calls (MC-COMQC) and their queues.

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

/// The largest file that is read (256 MiB): storage files have 4 MiB, but memory dumps have more.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Writes bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
