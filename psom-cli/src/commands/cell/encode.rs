use std::path::PathBuf;

use clap::Args;

use super::{input::MAX_INPUT_BYTES, output::OutputArgs};
use crate::{
    cell::Document,
    error::{CommandError, Result},
    files::{name_of, read_input},
};

/// Upper bound on a file with JSON, in which two digits stand for each byte.
const MAX_JSON_BYTES: u64 = 3 * MAX_INPUT_BYTES;

/// Turn the output of `psom cell decode --json` back into the same bytes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell decode request.bin --json > request.json
  psom cell encode request.json -o request2.bin

A changed object is written in its shortest form, unless its `spelling` is kept.")]
pub(super) struct CellEncode {
    /// The JSON file; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

impl CellEncode {
    pub(super) fn run(self) -> Result {
        self.output.check()?;
        let json = read_input(&self.file, MAX_JSON_BYTES)?;
        let document: Document = serde_json::from_slice(&json).map_err(|why| {
            let name = name_of(&self.file);
            CommandError::new(format!(
                "{name} is not an output of `psom cell decode --json`: {why}"
            ))
        })?;
        self.output.write(&document.to_bytes())
    }
}
