//! Writing the files that the commands make.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    error::{OrCannot as _, Result},
    files,
    meeting::download,
    terminal::out,
};

/// The options of a command that writes a file.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// The file to write, or `-` for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace an existing file.
    #[arg(short, long)]
    force: bool,
}

impl OutputArgs {
    /// Rejects a file that exists, before anything else is done.
    pub(super) fn check(&self) -> Result {
        if self.is_standard_output() {
            Ok(())
        } else {
            download::check_free(&self.output, self.force)
        }
    }

    /// Writes the file. It gets its name when it is complete.
    pub(super) fn write(&self, bytes: &[u8]) -> Result {
        if self.is_standard_output() {
            return out::bytes(bytes);
        }
        let shown = self.output.display();
        let mut temporary = files::temporary_in(files::directory_of(&self.output))?;
        temporary.write_all(bytes).or_cannot(format_args!("write {shown}"))?;
        download::save(temporary, &self.output, self.force)?;
        out::line(format!("Wrote {} to {shown}.", out::counted(bytes.len(), "byte", "bytes")))
    }

    fn is_standard_output(&self) -> bool {
        self.output == Path::new("-")
    }
}
