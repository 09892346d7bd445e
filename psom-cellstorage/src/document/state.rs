//! The state of a document: its store, revisions, locks and editors.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{Failure, Operation, QueryChanges, Request, Response, SubRequest},
    object::types::Partition,
    store::{Ids, Store},
};

use super::{
    editors::table_file,
    sharing::{LockRules, Sharing},
    types::{Revision, User},
};

/// The time that the server waits for the next part of an upload. Office sends the parts one after
/// the other.
const PART_TIMEOUT: Duration = Duration::from_secs(600);

/// A document. A clone shares the data elements and is cheap.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) name: String,
    pub(super) resource_id: String,
    pub(super) revisions: Vec<Revision>,
    pub(super) sharing: Sharing,
    pub(super) rules: LockRules,
    pub(super) store: Store,
    /// The editors table that the store has.
    pub(super) table: String,
    pub(super) properties: BTreeMap<String, String>,
    /// The time at which incomplete uploads are forgotten.
    incomplete_until: Option<SystemTime>,
}

/// The changes that a request makes. They take effect when they are saved: the caller replaces its
/// document by `document` after the save, and then sends the answer.
#[derive(Clone, Debug)]
pub struct Change {
    /// The document after the request.
    pub document: Document,
    /// A new revision with its bytes.
    pub revision: Option<(Revision, Bytes)>,
    /// A new name.
    pub name: Option<String>,
    /// Whether locks or editors have changed.
    pub sharing: bool,
    /// The partitions besides the contents that have changed.
    pub partitions: Vec<(Guid, Bytes)>,
}

impl Document {
    /// Creates the state of a document from its newest revision. `file` is absent if the document
    /// has no revision yet. `unique` is a GUID that no other state of a document has; a server
    /// creates it from random numbers.
    ///
    /// # Errors
    /// The new store fails the checks of an upload. No file is known to cause this.
    pub fn new(
        name: String,
        resource_id: String,
        revisions: Vec<Revision>,
        file: Option<Bytes>,
        unique: Guid,
    ) -> Result<Self, Failure> {
        let ids = Ids::new(unique);
        let store = match file {
            Some(file) => Store::from_file_with(file, ids, &Chunking::default())?,
            None => Store::new(ids),
        };
        let (sharing, rules) = (Sharing::default(), LockRules::default());
        let (table, properties) = (String::new(), BTreeMap::new());
        Ok(Self {
            name,
            resource_id,
            revisions,
            sharing,
            rules,
            store,
            table,
            properties,
            incomplete_until: None,
        })
    }

    /// Sets the locks and editors.
    #[must_use]
    pub fn with_sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// Sets the rules of locks.
    #[must_use]
    pub fn with_rules(mut self, rules: LockRules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets further properties, which clients read with Properties and GetDocMetaInfo.
    #[must_use]
    pub fn with_properties(mut self, properties: BTreeMap<String, String>) -> Self {
        self.properties = properties;
        self
    }

    /// Sets the saved partitions besides the contents. One that cannot be read is left out: clients
    /// write it again.
    #[must_use]
    pub fn with_partitions(mut self, partitions: BTreeMap<Guid, Bytes>) -> Self {
        for (partition, message) in partitions {
            if let Ok(response) = Response::read_shared(message) {
                let mut store = self.store.clone();
                if store.receive(Partition(partition), &response).is_ok() {
                    self.store = store;
                }
            }
        }
        self
    }

    /// Returns the file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the revisions, the oldest first.
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// Returns the locks and editors. Those that have timed out are removed at the next request.
    pub fn sharing(&self) -> &Sharing {
        &self.sharing
    }

    /// Returns the newest revision.
    pub fn newest(&self) -> Option<&Revision> {
        self.revisions.last()
    }

    /// Returns the file of the newest revision.
    ///
    /// # Errors
    /// The document has no revision.
    pub fn file(&self) -> Result<Bytes, Failure> {
        self.store.file().map(Bytes::from).map_err(|error| error.to_failure())
    }

    /// Returns the ETag of the newest revision: the document's identifier and the number.
    pub fn etag(&self) -> String {
        let number = self.newest().map_or(0, |revision| revision.number);
        format!("\"{},{number}\"", self.resource_id)
    }

    /// Returns the number of bytes that the document holds in memory: the file of the newest
    /// revision, and the parts of incomplete uploads.
    pub fn held_bytes(&self) -> u64 {
        let file = self.newest().map_or(0, |revision| revision.size);
        file + self.store.pending_bytes() as u64
    }

    /// Sets the time at which incomplete uploads are forgotten. Each upload extends it.
    pub(super) fn note_incomplete_uploads(&mut self, is_upload: bool, now: SystemTime) {
        if self.store.pending_bytes() == 0 {
            self.incomplete_until = None;
        } else if is_upload {
            self.incomplete_until = Some(now + PART_TIMEOUT);
        }
    }

    pub(super) fn change(&self, now: SystemTime) -> Change {
        let mut document = self.clone();
        document.sharing.expire(now);
        if document.incomplete_until.is_some_and(|until| until <= now) {
            document.store.abandon_uploads();
            document.incomplete_until = None;
        }
        let sharing = document.sharing != self.sharing;
        Change { document, revision: None, name: None, sharing, partitions: vec![] }
    }
}

impl Change {
    /// Makes the store's contents a new revision.
    pub(super) fn revise(&mut self, file: Bytes, author: &User, now: SystemTime) {
        // One request makes one revision: several uploads in it are saved together.
        let number = match &self.revision {
            Some((revision, _)) => {
                self.document.revisions.pop();
                revision.number
            }
            None => self.document.newest().map_or(1, |revision| revision.number + 1),
        };
        let revision = Revision::of(&file, number, author.clone(), now);
        self.document.revisions.push(revision.clone());
        self.revision = Some((revision, file));
    }

    /// Replaces the contents by a file. Data elements that the store has stay.
    pub(super) fn replace(
        &mut self,
        file: Bytes,
        author: &User,
        now: SystemTime,
    ) -> Result<(), Failure> {
        let store = &mut self.document.store;
        let mut ids = store.ids().clone();
        let put = store.edit(&file, &mut ids, &Chunking::default())?;
        *store.ids() = ids;
        store.apply(put)?;
        self.revise(file, author, now);
        Ok(())
    }

    /// Notes a changed partition, in the form of an answer to a query for all of it.
    pub(super) fn keep_partition(&mut self, partition: Partition) {
        let query = Operation::QueryChanges(QueryChanges::default());
        let request = Request::with(&[SubRequest::new(1, partition, query)], Guid::NULL, 0);
        let message = self.document.store.answer(&request).to_bytes().into();
        self.partitions.retain(|(known, _)| *known != partition.0);
        self.partitions.push((partition.0, message));
    }

    /// Writes the editors table into its partition, if it has changed.
    pub(super) fn update_table(&mut self) -> Result<(), Failure> {
        let table = self.document.sharing.editors.table();
        if table != self.document.table {
            self.document.store.set_parts(Partition::EDITORS_TABLE, table_file(&table))?;
            self.document.table = table;
        }
        Ok(())
    }
}
