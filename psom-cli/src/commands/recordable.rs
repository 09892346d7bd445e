//! Commands that can be recorded without a network and replayed later.

use psom::offline::{RecordError, Recorder};
use psom_objects::{
    interfaces::ActionsServerProxy,
    package::{CreateContent, Manifest},
};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::{packing::Source, recorded_package},
};

/// Writes the actions of commands to an outbox.
pub(crate) type Actions = Recorder<ActionsServerProxy>;

/// A command that can be recorded.
pub(crate) trait Recordable {
    /// Records the actions of the command. Blocks.
    ///
    /// # Errors
    /// The command or one of its options cannot be recorded.
    fn record(&self, actions: &mut Actions) -> Result;
}

/// Converts the result of recording an action.
pub(crate) fn recorded(result: Result<u64, RecordError>) -> Result {
    result.map(drop).or_cannot("record the command")
}

/// Records the creation of a content without files.
pub(crate) fn create(actions: &mut Actions, content: CreateContent) -> Result {
    let manifest = Manifest::from(content).to_xml().or_cannot("pack the content")?;
    recorded(actions.s_create(&manifest))
}

/// Writes a package to the outbox, and records the creation of its content, or its addition to the
/// content with this title.
pub(crate) fn package(
    actions: &mut Actions,
    title: &str,
    manifest: impl Into<Manifest>,
    sources: Vec<(String, Source)>,
) -> Result {
    const WRITING: &str = "write the file to the outbox";
    let (name, file) = actions.with_outbox(|outbox| outbox.create_file()).or_cannot(WRITING)?;
    let (file, packed, unpacked) = recorded_package::write_to(file, &manifest.into(), sources)?;
    file.sync_all().or_cannot(WRITING)?;
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    recorded(actions.s_take_package(title, &name, bytes(packed), bytes(unpacked)))
}

/// Returns the refusal for a command that only reads.
pub(crate) fn changes_nothing() -> CommandError {
    CommandError::new("this command changes nothing in a meeting; run it while connected")
}
