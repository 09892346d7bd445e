//! Reading the files that the commands take.

use std::path::Path;

use bytes::Bytes;
use psom_inspect::dump;

use crate::{
    cell::Document,
    error::{CommandError, Result},
    files::{name_of, read_input},
};

/// Upper bound on a file. The largest file that Office uploads has 300 MB, which base64 makes a
/// third longer.
pub(super) const MAX_INPUT_BYTES: u64 = 512 << 20;

/// Reads a file in any format of the protocol, or a hex dump of it.
pub(super) fn document(file: &Path) -> Result<Document> {
    let name = name_of(file);
    let bytes = Bytes::from(read_input(file, MAX_INPUT_BYTES)?);
    let document = Document::read(&bytes).or_else(|| {
        let bytes = dump::read(bytes.into()).ok()?;
        Document::read(&bytes)
    });
    match document {
        Some(document) => document.map_err(|error| error.prefixed(name)),
        None => Err(CommandError::new(format!(
            "{name} is neither a message of the cell storage protocol nor XML, MTOM or a OneNote \
             package; name a captured request or response"
        ))),
    }
}
