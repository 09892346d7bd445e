use std::path::PathBuf;

use clap::Args;

use crate::error::{CommandError, Result};

/// Download a document from a server of cell storage
#[derive(Debug, Args)]
pub struct Get {
    /// The document's address.
    url: String,
    /// The file to write to, or `-` for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Get {
    pub async fn run(self) -> Result {
        let Self { url, output } = self;
        let output = output.display();
        Err(CommandError::new(format!("cannot download {url} to {output}: this is not built yet")))
    }
}
