//! Whether what a store says of a meeting is a meeting: what its objects say to it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime},
};

use psom::Space;
use psom_objects::{
    server::{Meeting, MeetingConfig, RestoreError, SetAside},
    store::{FileStore, StoreError, StoredFile, UploadSink},
};

use crate::{crypto::encrypted_length, invitations, roster::Roster};

/// Something in the state of a meeting that keeps it from being opened.
pub(super) struct Fault {
    pub(super) problem: String,
    /// Without this key, and all that is below it, the rest can go on.
    pub(super) key: String,
}

/// All that keeps a meeting from being opened, one after the other; `state` is left without it.
/// Files are looked for in the directory `files`, if there is one.
pub(super) fn faults(
    meeting: &str,
    state: &mut BTreeMap<String, String>,
    files: Option<&Path>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    while let Err((why, key)) = judge(state, files) {
        let (before, below) = (state.len(), format!("{key}/"));
        state.retain(|other, _| *other != key && !other.starts_with(&below));
        let problem = format!("The meeting {meeting:?} cannot go on: {why}.");
        faults.push(Fault { problem, key });
        // What nothing can be taken from cannot be mended so.
        if state.len() == before {
            break;
        }
    }
    faults
}

fn judge(state: &BTreeMap<String, String>, files: Option<&Path>) -> Result<(), (String, String)> {
    if let Err(key) = Roster::restore(state) {
        return Err((format!("the user at {key:?} cannot be read"), key));
    }
    if let Err(key) = invitations::saved(state) {
        return Err(("an invitation cannot be read".into(), key));
    }
    let store: Arc<dyn FileStore> = Arc::new(Files(files.map(Path::to_owned)));
    let config = MeetingConfig::new("", store, SystemTime::now());
    let mut refused = None;
    let space = Space::try_new(Instant::now(), [], |scope| {
        let meeting = Meeting::restore(scope, config, state)?;
        refused = meeting.set_aside().iter().find_map(|aside| match aside {
            SetAside::Refused { content, .. } => Some((aside.to_string(), *content)),
            // Of a server that knows more types; it looks at them itself.
            _ => None,
        });
        Ok::<_, RestoreError>(meeting)
    });
    match (space, refused) {
        (Ok(_), None) => Ok(()),
        (Ok(_), Some((why, content))) => Err((why, format!("content/{content}"))),
        (Err(error), _) => {
            let key = match &error {
                RestoreError::Unreadable { key, .. } => key.clone(),
                RestoreError::File { content, .. } => format!("content/{content}"),
                _ => String::new(),
            };
            Err((error.to_string(), key))
        }
    }
}

/// The files of a meeting, to be looked for and nothing else.
struct Files(Option<PathBuf>);

impl FileStore for Files {
    fn begin(&self, _: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        Err(StoreError::Unsupported)
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        let Some(directory) = &self.0 else { return Ok(()) };
        let found = std::fs::metadata(directory.join(&file.name));
        match found.map(|found| found.len()) {
            Ok(length) if length == encrypted_length(file.size) => Ok(()),
            Ok(_) => Err(StoreError::Failed("it has another length".into())),
            Err(error) => Err(StoreError::Failed(error.to_string())),
        }
    }

    fn remove(&self, _: &str) {}
}
