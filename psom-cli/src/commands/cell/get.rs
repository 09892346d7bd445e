use clap::Args;

use super::{output::OutputArgs, remote::RemoteArgs};
use crate::{
    error::{CommandError, Result},
    terminal::out,
};

/// Download a document from a server of cell storage
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell get http://127.0.0.1:8059/report.docx -o report.docx

The number of the revision is printed to standard error. `psom cell put --expect` takes it.")]
pub(super) struct CellGet {
    #[command(flatten)]
    remote: RemoteArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl CellGet {
    pub(super) async fn run(self) -> Result {
        self.output.check()?;
        let mut remote = self.remote.open()?;
        remote.query().await?;
        let file = remote.client().file();
        let file = file.map_err(|error| CommandError::new(error.to_string()))?;
        self.output.write(&file)?;
        if let Some(number) = remote.client().revision() {
            out::note(&format!("The document has revision {number}."));
        }
        Ok(())
    }
}
