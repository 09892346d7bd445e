use std::{fs, path::PathBuf};

use clap::Args;

use crate::error::{OrCannot as _, Result};

/// Write the manual pages of all commands to a folder
#[derive(Debug, Args)]
#[command(
    hide = true,
    after_help = "\
Example:
  psom man /usr/local/share/man/man1"
)]
pub(crate) struct Man {
    /// The folder. It is created if it does not exist.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Man {
    /// Writes `psom.1` and a page for each command, such as `psom-poll-create.1`.
    pub(crate) fn run(self, command: clap::Command) -> Result {
        let writing = format!("write to {}", self.directory.display());
        fs::create_dir_all(&self.directory).or_cannot(&writing)?;
        clap_mangen::generate_to(command, &self.directory).or_cannot(&writing)
    }
}
