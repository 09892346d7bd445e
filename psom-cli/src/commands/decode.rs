use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use psom::session::Role;
use psom_inspect::{Event, EventKind, Inspector, Transcript, dump};
use psom_objects::interfaces::catalog;

#[cfg(feature = "queue")]
use super::queue;
use crate::{
    error::{CommandError, Result},
    files::{name_of, read_input},
    terminal::out,
};

/// Upper bound on a capture.
const MAX_CAPTURE_BYTES: u64 = 256 << 20;

/// Decode the captured bytes of one direction of a connection, call by call
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom decode client.bin
  xxd client.bin | psom decode -
  psom decode client.txt --other server.txt

A file contains the decrypted bytes, or a hex dump of them: plain digits, or the output of xxd,
hexdump -C, od -t x1 or Wireshark. Each line shows an offset, a channel and a message, with the
identifiers of the sender. The interface of an object that the bytes do not name is inferred from
the calls on it; if that is ambiguous, a `?` follows its name. A capture that starts inside a
connection, or is damaged, is decoded from the next choice of a channel on. If a part cannot be
decoded, the command exits with 1. At most 256 MiB are read.

Messages of Office's cell storage, XML and MTOM with such messages inside, and OneNote packages are
recognized and printed as by `psom cell decode`; messages and packets of queued calls (MC-COMQC), as by
`psom queue decode`.")]
pub(crate) struct Decode {
    /// The capture; `-` is standard input.
    file: PathBuf,
    /// The sender of the bytes; inferred by default.
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// The other direction of the same connection, from which the interfaces of objects are known.
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
    pub(crate) fn run(self) -> Result {
        if self.other.as_ref().is_some_and(|other| *other == self.file) {
            return Err(CommandError::new(
                "both directions are the same file; give a file for each",
            ));
        }
        let mut inspector = Inspector::new(catalog());
        if let Some(direction) = self.direction {
            inspector = inspector.sent_by(match direction {
                Direction::Client => Role::Client,
                Direction::Server => Role::Server,
            });
        }
        let bytes = capture(&self.file)?;
        #[cfg(feature = "cell")]
        if let Some(document) = crate::cell::Document::read(&bytes) {
            self.reject_capture_options()?;
            let document = document.map_err(|error| error.prefixed(name_of(&self.file)))?;
            return out::tree(&document.print());
        }
        #[cfg(feature = "queue")]
        if queue::decode::is_recorded(&bytes) {
            self.reject_capture_options()?;
            return queue::decode::print_recorded(&bytes, &queue::names::Names::default());
        }
        if let Some(other) = &self.other {
            let other_bytes = capture(other)?;
            let one = inspector.read(bytes.clone());
            let two = Inspector::new(catalog()).read(other_bytes.clone());
            if one.is_certain() && two.is_certain() && one.sender() == two.sender() {
                let (file, other) = (name_of(&self.file), name_of(other));
                let by = side(one.sender());
                return Err(CommandError::new(format!(
                    "{file} and {other} were both sent by the {by}; give a file for each"
                )));
            }
            inspector = inspector.other(other_bytes);
        }
        print(&inspector.read(bytes))
    }

    /// Rejects the options that only captures of a connection have.
    #[cfg(any(feature = "cell", feature = "queue"))]
    fn reject_capture_options(&self) -> Result {
        if self.direction.is_none() && self.other.is_none() {
            return Ok(());
        }
        let name = name_of(&self.file);
        Err(CommandError::new(format!(
            "{name} is not a capture of a connection; leave out --direction and --other"
        )))
    }
}

fn capture(file: &Path) -> Result<Bytes> {
    let name = name_of(file);
    let input = read_input(file, MAX_CAPTURE_BYTES)?;
    // XML is text, but not a hex dump.
    #[cfg(feature = "cell")]
    if crate::cell::Document::is_document(&input) {
        return Ok(input.into());
    }
    let bytes = dump::read(input).map_err(|error| CommandError::new(format!("{name}, {error}")))?;
    if bytes.is_empty() {
        return Err(CommandError::new(format!("{name} has no bytes")));
    }
    Ok(bytes)
}

fn side(sender: Role) -> &'static str {
    match sender {
        Role::Client => "client",
        Role::Server => "server",
    }
}

fn print(transcript: &Transcript) -> Result {
    let width = transcript.length().to_string().len();
    let (mut records, mut undecodable, mut bytes) = (0u64, 0u64, 0);
    for event in transcript.events() {
        let Event { offset, channel, kind } = event;
        records += 1;
        if let EventKind::Undecodable { length, .. } | EventKind::Lost { length, .. } = kind {
            undecodable += 1;
            bytes += length;
        }
        let channel = channel.map(|channel| format!("#{channel}")).unwrap_or_default();
        out::line(format!("{offset:>width$}  {channel:<2}  {kind}"))?;
    }
    let sender = match (transcript.sender(), transcript.is_certain()) {
        (sender, true) => format!("Sent by the {}", side(sender)),
        (sender, false) => format!("Most likely sent by the {}", side(sender)),
    };
    let length = transcript.length();
    let plural = if records == 1 { "" } else { "s" };
    let summary = format!("{sender}: {records} record{plural}, {length} bytes");
    match undecodable {
        0 => out::line(format!("{summary}, all decoded.")),
        _ => {
            out::line(format!("{summary}, {bytes} of them not decoded."))?;
            let plural = if undecodable == 1 { "record" } else { "records" };
            Err(CommandError::new(format!("{undecodable} {plural} could not be decoded")))
        }
    }
}
