use std::{fs, path::PathBuf};

use clap::Args;
use comqc::carrier::{Found, Verdict, carve};

use super::limits::MAX_FILE_BYTES;
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::{name_of, read_input},
    terminal::out,
};

/// Extract the packets and messages of a storage file or a memory dump
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom queue carve p0000005.mq -o found

Each packet, and each message outside a packet, becomes a file whose name is its offset. The end of a
damaged packet is estimated; an intact message in it becomes a file of its own. Existing files with the
same names are replaced.")]
pub(super) struct Carve {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// The folder to write to; it is created if it does not exist.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl Carve {
    pub(super) fn run(self) -> Result {
        let bytes = read_input(&self.file, MAX_FILE_BYTES)?;
        fs::create_dir_all(&self.output)
            .or_cannot(format_args!("create {}", self.output.display()))?;
        let (mut whole, mut damaged) = (0, 0);
        for Found { range, verdict } in carve(&bytes) {
            let offset = range.start;
            let (kind, text) = match &verdict {
                Verdict::Packet => ("packet", "packet".to_owned()),
                Verdict::OtherPacket => ("other", "packet without queued calls".to_owned()),
                Verdict::Message => ("message", "message without a packet".to_owned()),
                Verdict::Damaged { error, .. } => ("damaged", format!("damaged, {error}")),
            };
            out::line(format!("{offset:#010x}  {:>8} bytes  {text}", range.len()))?;
            self.write(&format!("{offset:010x}.{kind}"), &bytes[range])?;
            match verdict {
                Verdict::Damaged { message, .. } => {
                    damaged += 1;
                    if let Some(message) = message {
                        self.write(&format!("{:010x}.message", message.start), &bytes[message])?;
                    }
                }
                _ => whole += 1,
            }
        }
        if whole + damaged == 0 {
            let name = name_of(&self.file);
            return Err(CommandError::new(format!(
                "{name} contains no packet and no message of queued calls"
            )));
        }
        out::line(format!("{whole} whole, {damaged} damaged"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result {
        let path = self.output.join(name);
        fs::write(&path, bytes).or_cannot(format_args!("write {}", path.display()))
    }
}
