//! The documents of a meeting that users edit in Office, as a client knows them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use psom::Scope;
use psom_cellstorage::meeting::{
    CONTENT_TYPE, DocumentEvent, DocumentFollower, Link, RevisionFile,
};
use psom_objects::{
    client::{Conference, NativeFile},
    package::{ContentDetail, OtherContent},
};

/// A document.
#[derive(Clone, Default)]
pub(crate) struct DocumentModel {
    /// The address at which this user edits it; empty if the user may not.
    pub link: String,
    /// The revisions, the oldest first.
    pub revisions: Vec<RevisionFile>,
}

type Report = Box<dyn FnMut(i64, &DocumentEvent) + Send>;

/// The documents of a meeting by the identifiers of their contents. A clone is the same value.
#[derive(Clone, Default)]
pub(crate) struct Documents {
    models: Arc<Mutex<BTreeMap<i64, DocumentModel>>>,
    report: Option<Arc<Mutex<Report>>>,
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Documents {
    /// Returns an empty value that reports each event.
    pub(crate) fn reporting(report: impl FnMut(i64, &DocumentEvent) + Send + 'static) -> Self {
        Self { report: Some(Arc::new(Mutex::new(Box::new(report)))), ..Self::default() }
    }

    /// Returns a document.
    pub(crate) fn get(&self, id: i64) -> Option<DocumentModel> {
        lock(&self.models).get(&id).cloned()
    }

    /// Makes a conference follow documents.
    pub(crate) fn follow(&self, scope: &mut Scope, conference: Conference) -> Conference {
        let this = self.clone();
        conference.with_content(scope, CONTENT_TYPE, move |id| {
            let this = this.clone();
            lock(&this.models).insert(id, DocumentModel::default());
            DocumentFollower::new(move |event| this.apply(id, event))
        })
    }

    fn apply(&self, id: i64, event: DocumentEvent) {
        if let Some(report) = &self.report {
            lock(report)(id, &event);
        }
        let mut models = lock(&self.models);
        let model = models.entry(id).or_default();
        match event {
            DocumentEvent::Link(Link(url)) => model.link = url,
            DocumentEvent::Revision(revision) => model.revisions.push(revision),
            DocumentEvent::Ready
            | DocumentEvent::EditorJoined { .. }
            | DocumentEvent::EditorLeft { .. } => {}
        }
    }
}

impl DocumentModel {
    /// Returns the file of a revision.
    pub(crate) fn file(&self, number: i64) -> Option<NativeFile> {
        let found = self.revisions.iter().find(|revision| revision.number == number)?;
        let RevisionFile { size, sha1, file, key, iv, .. } = found.clone();
        Some(NativeFile { name: file, key, iv, hash: sha1, size })
    }
}

/// Returns the detail of a new document.
pub(crate) fn detail() -> ContentDetail {
    ContentDetail::Other(OtherContent { content_type: CONTENT_TYPE.into(), xml: None })
}

/// Returns the name of a document's file in its package: the document's name in its links.
pub(crate) fn part(title: &str) -> String {
    title.replace('%', "%25")
}
