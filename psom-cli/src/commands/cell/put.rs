use std::path::PathBuf;

use clap::Args;

use super::remote::RemoteArgs;
use crate::{
    error::{CommandError, Result},
    files::read,
    terminal::out,
};

/// The largest document. Office uploads at most 300 MB.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// Upload a new revision of a document to a server of cell storage
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell put http://127.0.0.1:8059/report.docx report.docx --expect 3
  psom cell put http://127.0.0.1:8059/new.docx new.docx --expect none

Only the parts of the file that the server does not have are uploaded. If the document has another
revision than the expected one, nothing is changed, and the command exits with 1.")]
pub(super) struct Put {
    #[command(flatten)]
    remote: RemoteArgs,
    /// The file.
    file: PathBuf,
    /// The number of the revision that your file was made from, or `none` for a new document.
    #[arg(long, value_name = "REVISION", value_parser = expected)]
    expect: Expected,
}

#[derive(Debug, Clone, Copy)]
enum Expected {
    None,
    Revision(u64),
}

fn expected(text: &str) -> Result<Expected, String> {
    match text {
        "none" => Ok(Expected::None),
        number => {
            let number = number.parse().map_err(|_| "it is a number or `none`".to_owned())?;
            Ok(Expected::Revision(number))
        }
    }
}

impl Put {
    pub(super) async fn run(self) -> Result {
        let file = read(&self.file, MAX_FILE_BYTES)?.into();
        let mut remote = self.remote.open()?;
        if let Expected::Revision(expected) = self.expect {
            remote.query().await?;
            if let Some(found) = remote.client().revision().filter(|found| *found != expected) {
                return Err(CommandError::new(format!(
                    "the document has revision {found}, not {expected}; get it, merge your changes, and put the result with --expect {found}"
                )));
            }
        }
        let parts = remote.client().edit(&file);
        let parts = parts.map_err(|error| CommandError::new(error.to_string()))?;
        remote.upload(&parts).await?;
        match remote.client().revision() {
            Some(number) => out::line(format_args!("The document has revision {number}.")),
            None => out::line("The document was uploaded."),
        }
    }
}
