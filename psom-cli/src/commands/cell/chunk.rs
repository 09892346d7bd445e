use std::{fmt::Write as _, path::PathBuf};

use bytes::Bytes;
use clap::Args;
use data_encoding::HEXLOWER;
use fsshttpb::file::{Chunking, SignatureRule, chunks, xor_hash};

use super::input::MAX_INPUT_BYTES;
use crate::{error::Result, files::read_input, terminal::out};

/// Print the chunks into which a document is divided for transfer
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell chunk report.docx
  psom cell chunk report.docx --before-2-2

Each line shows the offset, the number of bytes and the signature of a chunk. The last line shows the
data hash of the whole file. A zip file, such as a document of Office, is divided at its entries. Any
other file is divided at places that depend on its content, or from 100 MiB on into parts of 1 MB.")]
pub(super) struct Chunk {
    /// The document; `-` is standard input.
    file: PathBuf,
    /// Concatenate the two signatures of a small zip entry, as protocol versions before 2.2 do.
    #[arg(long)]
    before_2_2: bool,
}

impl Chunk {
    pub(super) fn run(self) -> Result {
        let file = Bytes::from(read_input(&self.file, MAX_INPUT_BYTES)?);
        let signatures =
            if self.before_2_2 { SignatureRule::Concatenated } else { SignatureRule::Xored };
        let chunks = chunks(&file, &Chunking { signatures, ..Chunking::default() });
        let mut text = String::new();
        let mut offset = 0;
        for chunk in &chunks {
            let len = chunk.data.len();
            // Writing into a string does not fail.
            let _ = writeln!(text, "{offset:08x} {len:9} {}", hex_or_dash(&chunk.signature));
            offset += len;
        }
        let count = out::counted(chunks.len(), "chunk", "chunks");
        let bytes = out::counted(file.len(), "byte", "bytes");
        let _ = writeln!(text, "{count}, {bytes}, data hash {}", hex_or_dash(&xor_hash(&file)));
        out::text(&text)
    }
}

fn hex_or_dash(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".into();
    }
    HEXLOWER.encode(bytes)
}
