//! Whether what a store says of a meeting is a meeting: what its objects say to it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime},
};

use psom::Space;
use psom_objects::{
    server::{Meeting, MeetingConfig, RestoreError, SetAside},
    store::{FileStore, StoreError, StoredFile, UploadSink},
};

use crate::{crypto::encrypted_length, files::Key, invitations, roster::Roster};

/// Something in the state of a meeting that keeps it from being opened.
pub(super) struct Fault {
    pub(super) problem: String,
    /// Without this key, and all that is below it, the rest can go on.
    pub(super) key: String,
    /// How many entries that is.
    pub(super) entries: usize,
}

/// The files that there are, and those of them that a meeting names.
#[derive(Default)]
pub(super) struct Found {
    lengths: HashMap<Key, u64>,
    named: Mutex<HashMap<Key, StoredFile>>,
}

impl Found {
    pub(super) fn new(lengths: HashMap<Key, u64>) -> Arc<Self> {
        Arc::new(Self { lengths, named: Mutex::default() })
    }

    /// The files that the meetings have named so far.
    pub(super) fn named(&self) -> HashMap<Key, StoredFile> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// All that keeps a meeting from being opened, one after the other, and what is a part of nothing;
/// `state` is left without it. Files are looked for in `files`, if anybody knows what there is.
pub(super) fn faults(
    meeting: &str,
    state: &mut BTreeMap<String, String>,
    files: Option<&Arc<Found>>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    while let Some(key) = orphans(state) {
        let entries = take(state, &key);
        let problem = format!(
            "The state of the meeting {meeting:?} has entries below {key:?}, but no such content."
        );
        faults.push(Fault { problem, key, entries });
    }
    while let Err((why, key)) = judge(meeting, state, files) {
        let entries = take(state, &key);
        let problem = format!("The meeting {meeting:?} cannot go on: {why}.");
        faults.push(Fault { problem, key, entries });
        // What nothing can be taken from cannot be mended so.
        if entries == 0 {
            break;
        }
    }
    faults
}

/// The key of a content of which there is only what is below.
fn orphans(state: &BTreeMap<String, String>) -> Option<String> {
    let below = state.range("content/".to_owned()..);
    let below = below.take_while(|(key, _)| key.starts_with("content/"));
    let mut contents = below.filter_map(|(key, _)| {
        let (content, _) = key.match_indices('/').nth(1).map(|(at, _)| key.split_at(at))?;
        (!state.contains_key(content)).then(|| content.to_owned())
    });
    contents.next()
}

/// Takes a key out, and all that is below it: how many entries.
fn take(state: &mut BTreeMap<String, String>, key: &str) -> usize {
    let (before, below) = (state.len(), format!("{key}/"));
    state.retain(|other, _| other != key && !other.starts_with(&below));
    before - state.len()
}

fn judge(
    meeting: &str,
    state: &BTreeMap<String, String>,
    files: Option<&Arc<Found>>,
) -> Result<(), (String, String)> {
    if let Err(key) = Roster::restore(state) {
        return Err((format!("the user at {key:?} cannot be read"), key));
    }
    if let Err(key) = invitations::saved(state) {
        return Err(("an invitation cannot be read".into(), key));
    }
    let store: Arc<dyn FileStore> = Arc::new(Files(meeting.into(), files.cloned()));
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
struct Files(String, Option<Arc<Found>>);

impl FileStore for Files {
    fn begin(&self, _: u64) -> Result<Box<dyn UploadSink>, StoreError> {
        Err(StoreError::Unsupported)
    }

    fn adopt(&self, file: &StoredFile) -> Result<(), StoreError> {
        let Some(found) = &self.1 else { return Ok(()) };
        let key = Key::new(&self.0, &file.name);
        match found.lengths.get(&key) {
            Some(length) if *length == encrypted_length(file.size) => {
                let mut named = found.named.lock().unwrap_or_else(PoisonError::into_inner);
                named.insert(key, file.clone());
                Ok(())
            }
            Some(_) => Err(StoreError::Failed("it has another length".into())),
            None => Err(StoreError::Failed("no such file".into())),
        }
    }

    fn remove(&self, _: &str) {}
}
