//! Documents in a folder of the file system.
//!
//! The file `NAME` is the newest revision. The folder `.psom-cell/NAME/` has the older ones and the
//! description `document.json`, which lists the revisions and is replaced as a whole: a revision
//! exists when the description names it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use fsshttpb::{atom::Guid, object::types::Partition};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Caller, LockRules, Revision, Sharing, User},
    documents::{Address, DocumentError, DocumentFuture, Documents, Found, Loaded},
};

/// The folder with the older revisions and the descriptions.
const HISTORY: &str = ".psom-cell";

/// Documents in a folder. Every client that reaches the service may read and write them.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    rules: LockRules,
    /// Serializes changes of names.
    naming: Arc<Mutex<()>>,
}

/// The saved description of a document.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Description {
    resource_id: String,
    revisions: Vec<Revision>,
    #[serde(default)]
    sharing: Sharing,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// The folder does not exist or cannot be read.
    pub fn open(root: impl Into<PathBuf>, rules: LockRules) -> io::Result<Self> {
        let root = fs::canonicalize(root.into())?;
        fs::read_dir(&root)?;
        Ok(Self { root, rules, naming: Arc::default() })
    }

    fn file(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn history(&self, key: &str) -> PathBuf {
        self.root.join(HISTORY).join(key)
    }

    fn revision_file(&self, key: &str, number: u64) -> PathBuf {
        self.history(key).join(format!("{number}.revision"))
    }

    fn describe(&self, key: &str) -> Result<Option<Description>, DocumentError> {
        match fs::read(self.history(key).join("document.json")) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(DocumentError::failed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DocumentError::failed(error)),
        }
    }

    fn write_description(&self, key: &str, description: &Description) -> Result<(), DocumentError> {
        let text = serde_json::to_vec_pretty(description).map_err(DocumentError::failed)?;
        let path = self.history(key).join("document.json");
        replace(&path, &text).map_err(DocumentError::failed)
    }

    /// Loads the description, and takes over a file that was changed by another program or whose
    /// replacement was interrupted.
    fn load_now(&self, key: &str) -> Result<Description, DocumentError> {
        let file = match fs::read(self.file(key)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(DocumentError::failed(error)),
        };
        let described = self.describe(key)?;
        let mut description = described.unwrap_or_default();
        if description.resource_id.is_empty() {
            description.resource_id = format!("{:032x}", rand::random::<u128>());
        }
        let Some(file) = file else {
            // The first revision was saved, and its file was not put in place before a crash.
            if let Some(newest) = description.revisions.last() {
                self.put_in_place(key, newest.number)?;
            }
            return Ok(description);
        };
        let time = fs::metadata(self.file(key)).and_then(|about| about.modified());
        let time = time.unwrap_or(SystemTime::UNIX_EPOCH);
        let number = description.revisions.last().map_or(1, |newest| newest.number + 1);
        let found = Revision::of(&file, number, owner(), time);
        let Some(newest) = description.revisions.last() else {
            self.keep(key, number)?;
            description.revisions.push(found);
            self.write_description(key, &description)?;
            return Ok(description);
        };
        let same = |revision: &Revision| revision.sha1 == found.sha1;
        if same(newest) {
            return Ok(description);
        }
        let before = description.revisions.iter().rev().nth(1);
        if before.is_some_and(same) && self.revision_file(key, newest.number).exists() {
            self.put_in_place(key, newest.number)?;
            return Ok(description);
        }
        self.keep(key, number)?;
        description.revisions.push(found);
        self.write_description(key, &description)?;
        Ok(description)
    }

    /// Keeps the current file as a revision.
    fn keep(&self, key: &str, number: u64) -> Result<(), DocumentError> {
        let file = fs::read(self.file(key)).map_err(DocumentError::failed)?;
        replace(&self.revision_file(key, number), &file).map_err(DocumentError::failed)
    }

    /// Makes a revision the file that other programs see.
    fn put_in_place(&self, key: &str, number: u64) -> Result<(), DocumentError> {
        let file = fs::read(self.revision_file(key, number)).map_err(DocumentError::failed)?;
        replace(&self.file(key), &file).map_err(DocumentError::failed)
    }

    fn save_now(&self, key: &str, revision: &Revision, file: &[u8]) -> Result<(), DocumentError> {
        let mut description = self.load_now(key)?;
        // The load keeps a file that another program wrote as a revision of its own. An upload that
        // does not know this revision must not replace it.
        if description.revisions.last().is_some_and(|newest| newest.number >= revision.number) {
            return Err(DocumentError::Changed);
        }
        let path = self.revision_file(key, revision.number);
        replace(&path, file).map_err(DocumentError::failed)?;
        description.revisions.push(revision.clone());
        self.write_description(key, &description)?;
        // The revision is safe. A failure from here on is repaired by the next load.
        if let Err(error) = replace(&self.file(key), file) {
            tracing::warn!(key, %error, "could not put the newest revision in place");
        }
        Ok(())
    }

    fn partition_file(&self, key: &str, partition: Guid) -> PathBuf {
        let name = partition.to_string().to_ascii_lowercase();
        self.history(key).join(format!("{}.partition", name.trim_matches(['{', '}'])))
    }

    /// Loads the partitions besides the contents.
    fn load_partitions(&self, key: &str) -> Result<BTreeMap<Guid, Bytes>, DocumentError> {
        let mut partitions = BTreeMap::new();
        for Partition(partition) in [Partition::METADATA, Partition::WORD_ONLINE] {
            match fs::read(self.partition_file(key, partition)) {
                Ok(message) => drop(partitions.insert(partition, message.into())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(DocumentError::failed(error)),
            }
        }
        Ok(partitions)
    }

    fn rename_now(&self, key: &str, name: &str) -> Result<String, DocumentError> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let new = match key.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name.to_owned(),
        };
        let new = key_of(&new).ok_or(DocumentError::NotFound)?;
        if self.file(&new).exists() || self.history(&new).exists() {
            return Err(DocumentError::Exists);
        }
        fs::rename(self.history(key), self.history(&new)).map_err(DocumentError::failed)?;
        fs::rename(self.file(key), self.file(&new)).map_err(DocumentError::failed)?;
        Ok(new)
    }
}

/// Returns the author of a file that another program wrote.
fn owner() -> User {
    User { login: "owner".to_owned(), name: "Owner".to_owned(), ..User::default() }
}

/// Returns the key of a path, or `None` if the path leads outside the folder or to hidden files.
fn key_of(path: &str) -> Option<String> {
    let path = path.trim_start_matches('/');
    let allowed = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
    };
    path.split('/').all(allowed).then(|| path.to_owned())
}

/// Replaces a file as a whole: after a crash, it has the old bytes or the new ones.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".psom-cell-{:016x}", rand::random::<u64>()));
    let write = || {
        let mut file = File::create_new(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    };
    let written = write();
    if written.is_err() {
        // A temporary file that stays is harmless: its name is hidden and never reused.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Runs blocking work of a folder.
async fn run<T: Send + 'static>(
    folder: &Folder,
    work: impl FnOnce(&Folder) -> Result<T, DocumentError> + Send + 'static,
) -> Result<T, DocumentError> {
    let folder = folder.clone();
    tokio::task::spawn_blocking(move || work(&folder)).await.map_err(DocumentError::failed)?
}

impl Documents for Folder {
    fn find<'a>(&'a self, address: Address<'a>) -> DocumentFuture<'a, Found> {
        Box::pin(async move {
            let key = key_of(address.path).ok_or(DocumentError::NotFound)?;
            // A symbolic link must not lead outside the folder.
            let folder = self.file(&key);
            let folder = folder.parent().ok_or(DocumentError::NotFound)?.to_owned();
            let folder = tokio::fs::canonicalize(folder).await;
            let inside = folder.is_ok_and(|folder| folder.starts_with(&self.root));
            let about = tokio::fs::symlink_metadata(self.file(&key)).await;
            if !inside || about.is_ok_and(|about| !about.is_file()) {
                return Err(DocumentError::NotFound);
            }
            let user = crate::documents::user(address.authorization);
            Ok(Found { key, caller: Caller { user, may_write: true } })
        })
    }

    fn load<'a>(&'a self, key: &'a str) -> DocumentFuture<'a, Loaded> {
        Box::pin(async move {
            let owned = key.to_owned();
            let load = move |folder: &Self| {
                Ok((folder.load_now(&owned)?, folder.load_partitions(&owned)?))
            };
            let (description, partitions) = run(self, load).await?;
            let Description { resource_id, revisions, sharing } = description;
            Ok(Loaded {
                name: key.rsplit('/').next().unwrap_or_default().to_owned(),
                resource_id,
                revisions,
                sharing,
                rules: self.rules,
                partitions,
                ..Loaded::default()
            })
        })
    }

    fn read<'a>(&'a self, key: &'a str, number: u64) -> DocumentFuture<'a, Bytes> {
        Box::pin(async move {
            match tokio::fs::read(self.revision_file(key, number)).await {
                Ok(file) => Ok(file.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Err(DocumentError::NoRevision(number))
                }
                Err(error) => Err(DocumentError::failed(error)),
            }
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        revision: &'a Revision,
        file: Bytes,
    ) -> DocumentFuture<'a, ()> {
        let (key, revision) = (key.to_owned(), revision.clone());
        Box::pin(run(self, move |folder| folder.save_now(&key, &revision, &file)))
    }

    fn save_partition<'a>(
        &'a self,
        key: &'a str,
        partition: Guid,
        message: Bytes,
    ) -> DocumentFuture<'a, ()> {
        let key = key.to_owned();
        Box::pin(run(self, move |folder| {
            let path = folder.partition_file(&key, partition);
            replace(&path, &message).map_err(DocumentError::failed)
        }))
    }

    fn save_sharing<'a>(&'a self, key: &'a str, sharing: &'a Sharing) -> DocumentFuture<'a, ()> {
        let (key, sharing) = (key.to_owned(), sharing.clone());
        Box::pin(run(self, move |folder| {
            let Some(description) = folder.describe(&key)? else { return Ok(()) };
            folder.write_description(&key, &Description { sharing, ..description })
        }))
    }

    fn rename<'a>(&'a self, key: &'a str, name: &'a str) -> DocumentFuture<'a, String> {
        let (key, name) = (key.to_owned(), name.to_owned());
        Box::pin(run(self, move |folder| folder.rename_now(&key, &name)))
    }
}
