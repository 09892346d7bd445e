//! Checks whether a meeting can be restored from its saved state, by restoring its objects.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{Instant, SystemTime},
};

use psom::Space;
use psom_objects::{
    server::{Meeting, MeetingConfig, RestoreError, SetAsideContent},
    store::{FileStore, StoreError, StoredFile, UploadSink},
};

use crate::{
    admission::invitations::saved_invitations,
    files::{BlobKey, crypto::encrypted_length},
    meetings::Roster,
    shared::lock::lock,
};

/// A part of a meeting's state that prevents it from being restored.
pub(super) struct StateFault {
    /// A sentence about the fault.
    pub(super) problem: String,
    /// The meeting can be restored without this key and all keys below it.
    pub(super) key: String,
    /// The number of these entries.
    pub(super) entries: usize,
}

/// The files that exist, and the files that the meetings refer to.
#[derive(Default)]
pub(super) struct KnownFiles {
    lengths: HashMap<BlobKey, u64>,
    referenced: Mutex<HashMap<BlobKey, StoredFile>>,
}

impl KnownFiles {
    pub(super) fn new(lengths: HashMap<BlobKey, u64>) -> Arc<Self> {
        Arc::new(Self { lengths, referenced: Mutex::default() })
    }

    /// Returns the existing files that the meetings checked so far refer to.
    pub(super) fn referenced(&self) -> HashMap<BlobKey, StoredFile> {
        lock(&self.referenced).clone()
    }
}

/// Finds all faults of a meeting's state, and removes their entries from `state`. Without `files`, files
/// are not checked.
pub(super) fn find_faults(
    meeting: &str,
    state: &mut BTreeMap<String, String>,
    files: Option<&Arc<KnownFiles>>,
) -> Vec<StateFault> {
    let mut faults = Vec::new();
    while let Some(key) = find_orphan(state) {
        let entries = remove_below(state, &key);
        let problem = format!(
            "The state of the meeting {meeting:?} has entries below {key:?}, but no such content."
        );
        faults.push(StateFault { problem, key, entries });
    }
    while let Err((reason, key)) = try_restore(meeting, state, files) {
        let entries = remove_below(state, &key);
        let problem = format!("The meeting {meeting:?} cannot be restored: {reason}.");
        faults.push(StateFault { problem, key, entries });
        // Removing entries does not help if none belongs to the key.
        if entries == 0 {
            break;
        }
    }
    faults
}

/// Returns the key of a content that has no entry itself, but entries below its key.
fn find_orphan(state: &BTreeMap<String, String>) -> Option<String> {
    let below = state.range("content/".to_owned()..);
    let below = below.take_while(|(key, _)| key.starts_with("content/"));
    let mut contents = below.filter_map(|(key, _)| {
        let (content, _) = key.match_indices('/').nth(1).map(|(at, _)| key.split_at(at))?;
        (!state.contains_key(content)).then(|| content.to_owned())
    });
    contents.next()
}

/// Removes a key and all keys below it, and returns the number of entries.
fn remove_below(state: &mut BTreeMap<String, String>, key: &str) -> usize {
    let (before, below) = (state.len(), format!("{key}/"));
    state.retain(|other, _| other != key && !other.starts_with(&below));
    before - state.len()
}

/// Restores a meeting from its state. Returns the reason of a failure and the key of the entry that
/// causes it.
fn try_restore(
    meeting: &str,
    state: &BTreeMap<String, String>,
    files: Option<&Arc<KnownFiles>>,
) -> Result<(), (String, String)> {
    if let Err(key) = Roster::restore(state) {
        return Err((format!("the user at {key:?} cannot be read"), key));
    }
    if let Err(key) = saved_invitations(state) {
        return Err(("an invitation cannot be read".into(), key));
    }
    let store: Arc<dyn FileStore> =
        Arc::new(FileProbe { meeting: meeting.into(), files: files.cloned() });
    let config = MeetingConfig::new("", store, SystemTime::now());
    let mut refused = None;
    let space = Space::try_new(Instant::now(), [], |scope| {
        let meeting = Meeting::restore(scope, config, state)?;
        refused = meeting.set_aside().iter().find_map(|aside| match aside {
            SetAsideContent::Refused { content, .. }
            | SetAsideContent::MissingFile { content, .. } => Some((aside.to_string(), *content)),
            // An unknown content type is no fault, because the server can have more types than this
            // program.
            _ => None,
        });
        Ok::<_, RestoreError>(meeting)
    });
    match (space, refused) {
        (Ok(_), None) => Ok(()),
        (Ok(_), Some((reason, content))) => Err((reason, format!("content/{content}"))),
        (Err(error), _) => {
            let key = match &error {
                RestoreError::Unreadable { key, .. } => key.clone(),
                _ => String::new(),
            };
            Err((error.to_string(), key))
        }
    }
}

/// A file store that only checks whether the files of a meeting exist.
struct FileProbe {
    meeting: String,
    files: Option<Arc<KnownFiles>>,
}

impl FileStore for FileProbe {
    fn begin(&self, _: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        Err(StoreError::Unsupported)
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        let Some(files) = &self.files else { return Ok(()) };
        let key = BlobKey::new(&self.meeting, &file.name);
        match files.lengths.get(&key) {
            Some(length) if *length == encrypted_length(file.size) => {
                lock(&files.referenced).insert(key, file.clone());
                Ok(())
            }
            Some(_) => Err(StoreError::failed("the file has another length")),
            None => Err(StoreError::failed("the file does not exist")),
        }
    }

    fn remove(&self, _: &str) {}
}
