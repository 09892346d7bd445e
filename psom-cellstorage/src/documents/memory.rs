//! Documents in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use fsshttpb::atom::Guid;

use super::store::{Address, DocumentError, DocumentFuture, Documents, Found, Loaded};
use crate::document::{Caller, LockRules, Revision, Sharing, User};

/// Documents in memory, by the path of their address. Every user may read and write them. The user's
/// name is that of the header `Authorization: User NAME`; without it, the user is a guest.
#[derive(Debug, Default)]
pub struct Memory {
    documents: Mutex<BTreeMap<String, Stored>>,
    rules: LockRules,
}

#[derive(Debug, Default)]
struct Stored {
    revisions: Vec<(Revision, Bytes)>,
    sharing: Sharing,
    partitions: BTreeMap<Guid, Bytes>,
}

impl Memory {
    /// Creates an empty store.
    pub fn new(rules: LockRules) -> Self {
        Self { rules, ..Self::default() }
    }

    fn documents(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the files of a document's revisions, the oldest first.
    pub fn files(&self, path: &str) -> Vec<Bytes> {
        let documents = self.documents();
        let stored = documents.get(path);
        stored
            .into_iter()
            .flat_map(|stored| &stored.revisions)
            .map(|(_, file)| file.clone())
            .collect()
    }
}

/// Returns the user of a header.
pub(crate) fn user(authorization: Option<&str>) -> User {
    match authorization.and_then(|value| value.strip_prefix("User ")) {
        Some(name) => User { login: name.to_owned(), name: name.to_owned(), ..User::default() },
        None => User {
            login: "guest".to_owned(),
            name: "Guest".to_owned(),
            email: None,
            anonymous: true,
        },
    }
}

impl Documents for Memory {
    fn find<'a>(&'a self, address: Address<'a>) -> DocumentFuture<'a, Found> {
        Box::pin(async move {
            let caller = Caller { user: user(address.authorization), may_write: true };
            Ok(Found { key: address.path.to_owned(), caller })
        })
    }

    fn load<'a>(&'a self, key: &'a str) -> DocumentFuture<'a, Loaded> {
        Box::pin(async move {
            let documents = self.documents();
            let stored = documents.get(key);
            let revisions = stored.into_iter().flat_map(|stored| &stored.revisions);
            Ok(Loaded {
                name: key.rsplit('/').next().unwrap_or_default().to_owned(),
                resource_id: key.to_owned(),
                revisions: revisions.map(|(revision, _)| revision.clone()).collect(),
                sharing: stored.map(|stored| stored.sharing.clone()).unwrap_or_default(),
                rules: self.rules,
                partitions: stored.map(|stored| stored.partitions.clone()).unwrap_or_default(),
                ..Loaded::default()
            })
        })
    }

    fn read<'a>(&'a self, key: &'a str, number: u64) -> DocumentFuture<'a, Bytes> {
        Box::pin(async move {
            let documents = self.documents();
            let revisions = documents.get(key).into_iter().flat_map(|stored| &stored.revisions);
            let mut files = revisions.filter(|(revision, _)| revision.number == number);
            let found = files.next().map(|(_, file)| file.clone());
            found.ok_or(DocumentError::NoRevision(number))
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        revision: &'a Revision,
        file: Bytes,
    ) -> DocumentFuture<'a, ()> {
        Box::pin(async move {
            let mut documents = self.documents();
            documents.entry(key.to_owned()).or_default().revisions.push((revision.clone(), file));
            Ok(())
        })
    }

    fn save_sharing<'a>(&'a self, key: &'a str, sharing: &'a Sharing) -> DocumentFuture<'a, ()> {
        Box::pin(async move {
            self.documents().entry(key.to_owned()).or_default().sharing = sharing.clone();
            Ok(())
        })
    }

    fn save_partition<'a>(
        &'a self,
        key: &'a str,
        partition: Guid,
        message: Bytes,
    ) -> DocumentFuture<'a, ()> {
        Box::pin(async move {
            let mut documents = self.documents();
            let stored = documents.entry(key.to_owned()).or_default();
            stored.partitions.insert(partition, message);
            Ok(())
        })
    }

    fn rename<'a>(&'a self, key: &'a str, name: &'a str) -> DocumentFuture<'a, String> {
        Box::pin(async move {
            let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
            let new = format!("{folder}/{name}");
            let mut documents = self.documents();
            if documents.contains_key(&new) {
                return Err(DocumentError::Exists);
            }
            let stored = documents.remove(key).ok_or(DocumentError::NotFound)?;
            documents.insert(new.clone(), stored);
            Ok(new)
        })
    }
}
