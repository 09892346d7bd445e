use std::path::{Path, PathBuf};

use clap::Args;
use fsshttpb::{
    object::types::Partition,
    store::{Received, Store, StoreError},
};

use super::{input, output::OutputArgs};
use crate::{
    error::{CommandError, Result},
    files::name_of,
};

/// Write the document that a response contains
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell file response.bin -o report.docx
  psom cell file first.bin second.bin -o report.docx

If a server divided its answer, name all responses in their order. Of a body with several responses,
the first one that contains a document is used.")]
pub(super) struct File {
    /// The responses of one download, in their order; `-` is standard input.
    #[arg(required = true, value_name = "RESPONSE")]
    responses: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

impl File {
    pub(super) fn run(self) -> Result {
        self.output.check()?;
        let (first, more) = self
            .responses
            .split_first()
            .ok_or_else(|| CommandError::new("there is no response; name at least one"))?;
        let mut store = store(first)?;
        for response in more {
            receive(&mut store, response)?;
        }
        let file = store.file().map_err(|why| explain(first, &why))?;
        self.output.write(&file)
    }
}

/// Returns the store of the first response in a file that contains a document, or at least an
/// answer to a query.
pub(super) fn store(file: &Path) -> Result<Store> {
    let document = input::document(file)?;
    let stores: Vec<_> = document.responses().into_iter().map(Store::from_response).collect();
    let mut first_error = None;
    let mut without_file = None;
    for store in stores {
        match store {
            Ok(store) if store.file().is_ok() => return Ok(store),
            Ok(store) => without_file = without_file.or(Some(store)),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    let name = name_of(file);
    match (without_file, first_error) {
        (Some(store), _) => Ok(store),
        (None, Some(error)) => Err(explain(file, &error)),
        (None, None) => Err(CommandError::new(format!("{name} contains no response"))),
    }
}

/// Adds the first response of a file that answers a query.
fn receive(store: &mut Store, file: &Path) -> Result<Received> {
    let document = input::document(file)?;
    let responses = document.responses();
    let response = responses
        .first()
        .ok_or_else(|| CommandError::new(format!("{} contains no response", name_of(file))))?;
    store.receive(Partition::CONTENTS, response).map_err(|error| explain(file, &error))
}

/// Names the file and every cause of an error.
pub(super) fn explain(file: &Path, error: &StoreError) -> CommandError {
    let mut text = format!("{}: {error}", name_of(file));
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    CommandError::new(text)
}
