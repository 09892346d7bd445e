use std::path::PathBuf;

use clap::Args;
use fsshttpb::{message::Operation, object::types::Partition};

use super::{
    file::{explain, store},
    input,
    output::OutputArgs,
};
use crate::{
    error::{CommandError, Result},
    files::name_of,
};

/// Write the document that results from an upload
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell apply response.bin upload.bin -o report.docx

The response contains the document before the upload. The request contains one upload or the parts
of one. The upload is checked as a server does it: if the document changed since the index that the
request expects, the command says so and exits with 1.")]
pub(super) struct Apply {
    /// The response; `-` is standard input.
    response: PathBuf,
    /// The request with the upload.
    request: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

impl Apply {
    pub(super) fn run(self) -> Result {
        self.output.check()?;
        let name = name_of(&self.request);
        let mut store = store(&self.response)?;
        let document = input::document(&self.request)?;
        let operations = document.requests().into_iter().flat_map(|request| request.sub_requests());
        let puts = operations.filter_map(|sub| match sub.operation {
            Ok(Operation::PutChanges(put)) if put.partition == Partition::CONTENTS => Some(put),
            _ => None,
        });
        let puts: Vec<_> = puts.collect();
        if puts.is_empty() {
            return Err(CommandError::new(format!("{name} contains no upload of a document")));
        }
        let mut complete = true;
        for put in puts {
            let applied = store.apply(put).map_err(|why| {
                CommandError::new(format!("{name}: the upload is refused: {why}"))
            })?;
            complete = applied.complete;
        }
        if !complete {
            let why = "the upload is not complete; name a request with its last part";
            return Err(CommandError::new(format!("{name}: {why}")));
        }
        let file = store.file().map_err(|why| explain(&self.request, &why))?;
        self.output.write(&file)
    }
}
