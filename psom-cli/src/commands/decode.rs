use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use psom::{
    inspect::{Event, Inspector, Transcript, What, dump},
    session::Role,
};
use psom_objects::interfaces::catalog;

use crate::{
    failure::{Failure, Result},
    files::{name_of, read_input},
    out,
};

/// The largest capture that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Tell the captured bytes of one direction of a connection, call by call
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom decode client.bin
  xxd client.bin | psom decode -
  psom decode client.txt --other server.txt

A file holds the bytes themselves, after TLS, or a hex dump of them: plain digits, or what xxd,
hexdump -C, od -t x1 and Wireshark print. Each line is an offset, a channel, and what was sent, with
the identifiers of the side that sent it. An object of which these bytes do not say what it is goes
by what is called on it; where that could be another one, a `?` stands behind its name. A capture
that begins inside a connection, or is damaged, is told from where a channel is chosen next. Where
something cannot be decoded, the program ends with 1. At most 256 MiB are read.")]
pub struct Decode {
    /// The capture; `-` is standard input.
    file: PathBuf,
    /// Who has sent the bytes; found out from them unless it is given.
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// The other direction of the same connection: its objects need not be guessed then.
    #[arg(long, value_name = "FILE")]
    other: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Direction {
    /// From the client to the server.
    Client,
    /// From the server to the client.
    Server,
}

impl Decode {
    pub fn run(self) -> Result {
        if self.other.as_ref().is_some_and(|other| *other == self.file) {
            return Err(Failure::new("both directions are the same file; give one of each"));
        }
        let mut inspector = Inspector::new(catalog());
        if let Some(direction) = self.direction {
            inspector = inspector.sent_by(match direction {
                Direction::Client => Role::Client,
                Direction::Server => Role::Server,
            });
        }
        let bytes = capture(&self.file)?;
        if let Some(other) = &self.other {
            let other_bytes = capture(other)?;
            let one = inspector.read(bytes.clone());
            let two = Inspector::new(catalog()).read(other_bytes.clone());
            if one.is_certain() && two.is_certain() && one.sender() == two.sender() {
                let (file, other) = (name_of(&self.file), name_of(other));
                let by = whose(one.sender());
                return Err(Failure::new(format!(
                    "{file} and {other} were both sent by the {by}; give one of each"
                )));
            }
            inspector = inspector.other(other_bytes);
        }
        print(&inspector.read(bytes))
    }
}

fn capture(file: &Path) -> Result<Bytes> {
    let name = name_of(file);
    let bytes = dump::read(read_input(file, LARGEST)?);
    let bytes = bytes.map_err(|error| Failure::new(format!("{name}, {error}")))?;
    match bytes.is_empty() {
        true => Err(Failure::new(format!("{name} holds no bytes"))),
        false => Ok(bytes),
    }
}

fn whose(sender: Role) -> &'static str {
    match sender {
        Role::Client => "client",
        Role::Server => "server",
    }
}

fn print(transcript: &Transcript) -> Result {
    let width = transcript.length().to_string().len();
    let (mut records, mut undecodable, mut bytes) = (0_u64, 0_u64, 0);
    for event in transcript.events() {
        let Event { offset, channel, what } = event;
        records += 1;
        if let What::Undecodable { length, .. } | What::Lost { length, .. } = what {
            undecodable += 1;
            bytes += length;
        }
        let channel = channel.map(|channel| format!("#{channel}")).unwrap_or_default();
        out::line(format!("{offset:>width$}  {channel:<2}  {what}"))?;
    }
    let sender = match (transcript.sender(), transcript.is_certain()) {
        (sender, true) => format!("Sent by the {}", whose(sender)),
        (sender, false) => format!("Most likely sent by the {}", whose(sender)),
    };
    let length = transcript.length();
    let plural = if records == 1 { "" } else { "s" };
    let summary = format!("{sender}: {records} record{plural}, {length} bytes");
    match undecodable {
        0 => out::line(format!("{summary}, all decoded.")),
        _ => {
            out::line(format!("{summary}, {bytes} of them not decoded."))?;
            let plural = if undecodable == 1 { "record" } else { "records" };
            Err(Failure::new(format!("{undecodable} {plural} could not be decoded")))
        }
    }
}
