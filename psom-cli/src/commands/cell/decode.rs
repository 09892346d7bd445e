use std::path::PathBuf;

use clap::Args;

use super::input;
use crate::{
    error::{OrCannot as _, Result},
    files::name_of,
    terminal::out,
};

/// Print a request, a response, XML, MTOM or a OneNote file as a tree
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell decode request.bin
  psom cell decode body.mtom --json > body.json
  xxd -p response.bin | psom cell decode - --strict

A file contains a message, the body of an HTTP request or answer with messages inside, a OneNote
package, or a message as base64 or hex dump. Each line shows the offset, the object with its values,
and in brackets the type, the length of the data and the kind of header. Offsets below a message in
base64 count from the start of the message.")]
pub(super) struct CellDecode {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// Print JSON, which `psom cell encode` turns back into the same bytes.
    #[arg(long)]
    json: bool,
    /// Also reject unknown types, objects in the wrong place, and forms that are not the shortest.
    #[arg(long)]
    strict: bool,
}

impl CellDecode {
    pub(super) fn run(self) -> Result {
        let document = input::document(&self.file)?;
        if self.strict {
            document.check().map_err(|error| error.prefixed(name_of(&self.file)))?;
        }
        if self.json {
            let json = serde_json::to_string_pretty(&document).or_cannot("write JSON")?;
            return out::json(&json);
        }
        out::tree(&document.print())
    }
}
