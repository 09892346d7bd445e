use std::{fs, path::PathBuf};

use clap::Args;

use super::{json, limits::MAX_FILE_BYTES};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::{name_of, read_input},
};

/// Convert the output of `psom queue decode --json` back to a message or a packet
#[derive(Debug, Args)]
pub(super) struct QueueEncode {
    /// The JSON file; `-` is standard input.
    file: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl QueueEncode {
    pub(super) fn run(self) -> Result {
        let name = name_of(&self.file);
        let text = read_input(&self.file, MAX_FILE_BYTES)?;
        let value = serde_json::from_slice(&text)
            .map_err(|error| CommandError::new(format!("{name} is not JSON: {error}")))?;
        let bytes = json::encode(&value)
            .map_err(|problem| CommandError::new(format!("{name}: {problem}")))?;
        fs::write(&self.output, bytes).or_cannot(format_args!("write {}", self.output.display()))
    }
}
