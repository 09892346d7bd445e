//! Open documents: each request runs on its document alone, and its changes are saved before its
//! answer is sent.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use fsshttpb::atom::Guid;
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    document::{Change, Document, WopiAnswer, WopiCall},
    documents::{Address, DocumentError, Documents, Found, Loaded},
    error::ErrorName,
    soap::{DocumentRequest, DocumentResponse, SubResponse},
};

/// The maximum size of the files whose stores stay in memory. Beyond it, unused documents are
/// closed; the next client of such a document queries everything again.
const MAX_OPEN_BYTES: u64 = 512 * 1024 * 1024;
/// The maximum number of open documents. Each takes memory beyond the bytes of its file.
const MAX_OPEN_DOCUMENTS: usize = 1_024;

/// The documents of a store that are open.
pub(super) struct Service {
    documents: Arc<dyn Documents>,
    open: Mutex<HashMap<String, OpenDocument>>,
}

#[derive(Clone)]
struct OpenDocument {
    document: Arc<AsyncMutex<Option<Document>>>,
    used: SystemTime,
    bytes: u64,
}

impl Service {
    pub(super) fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, OpenDocument>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, key: &str, now: SystemTime) -> Arc<AsyncMutex<Option<Document>>> {
        let mut open = self.open();
        let document = Arc::default();
        let entry =
            open.entry(key.to_owned()).or_insert(OpenDocument { document, used: now, bytes: 0 });
        entry.used = now;
        Arc::clone(&entry.document)
    }

    /// Notes the size of a document, and closes unused documents while there are too many.
    fn account(&self, key: &str, bytes: u64) {
        let mut open = self.open();
        if let Some(entry) = open.get_mut(key) {
            entry.bytes = bytes;
        }
        while open.len() > MAX_OPEN_DOCUMENTS
            || open.values().map(|entry| entry.bytes).sum::<u64>() > MAX_OPEN_BYTES
        {
            let idle = open.iter().filter(|(_, entry)| Arc::strong_count(&entry.document) == 1);
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used) else { return };
            let oldest = oldest.0.clone();
            open.remove(&oldest);
        }
    }

    async fn load(&self, key: &str) -> Result<Document, DocumentError> {
        let Loaded { name, resource_id, revisions, sharing, rules, properties, partitions } =
            self.documents.load(key).await?;
        let file = match revisions.last() {
            Some(newest) => Some(self.documents.read(key, newest.number).await?),
            None => None,
        };
        let unique = Guid(rand::random());
        let load = move || Document::new(name, resource_id, revisions, file, unique);
        let document = blocking(load).await?.map_err(DocumentError::failed)?;
        let document = document.with_sharing(sharing).with_rules(rules);
        Ok(document.with_properties(properties).with_partitions(partitions))
    }

    /// Runs a step on a document and saves its changes. The answer is returned when they are safe.
    async fn step<T: Send + 'static>(
        &self,
        key: &str,
        step: impl FnOnce(&Document, SystemTime) -> (T, Change) + Send + 'static,
    ) -> Result<T, DocumentError> {
        let now = SystemTime::now();
        let entry = self.entry(key, now);
        let mut slot = entry.lock().await;
        let result = self.run(key, step, now, &mut slot).await;
        let bytes = slot.as_ref().map_or(0, Document::held_bytes);
        drop(slot);
        drop(entry);
        // Account for the document also after an error, so that addresses without a document do not
        // accumulate.
        self.account(key, bytes);
        result
    }

    async fn run<T: Send + 'static>(
        &self,
        key: &str,
        step: impl FnOnce(&Document, SystemTime) -> (T, Change) + Send + 'static,
        now: SystemTime,
        slot: &mut Option<Document>,
    ) -> Result<T, DocumentError> {
        let document = match slot {
            Some(document) => document.clone(),
            None => self.load(key).await?,
        };
        // After a failure below, no document is in memory, and the next request loads it from the
        // store.
        let (answer, change) = blocking(move || step(&document, now)).await?;
        let Change { document, revision, name, sharing, partitions } = change;
        *slot = None;
        if let Some((revision, file)) = revision {
            self.documents.save(key, &revision, file).await?;
        }
        for (partition, message) in partitions {
            self.documents.save_partition(key, partition, message).await?;
        }
        if sharing {
            self.documents.save_sharing(key, document.sharing()).await?;
        }
        if let Some(name) = name {
            self.documents.rename(key, &name).await?;
            // The document has another key from now on and is loaded again.
            return Ok(answer);
        }
        *slot = Some(document);
        Ok(answer)
    }

    /// Answers a request for one document.
    pub(super) async fn answer(
        self: Arc<Self>,
        path: Option<String>,
        request: DocumentRequest,
        authorization: Option<String>,
    ) -> DocumentResponse {
        let (url, token) = (request.url.clone(), request.token.clone());
        // The work completes even if the client closes the connection: a save is never interrupted.
        let running = tokio::spawn(async move {
            let resource_id = request.resource_id.as_deref();
            let address = Address {
                path: path.as_deref().unwrap_or_default(),
                resource_id: resource_id.filter(|_| request.use_resource_id),
                authorization: authorization.as_deref(),
            };
            let Found { key, caller } = self.documents.find(address).await?;
            let mut files = BTreeMap::new();
            for number in request.needed_revisions() {
                match self.documents.read(&key, number).await {
                    Ok(file) => drop(files.insert(number, file)),
                    Err(DocumentError::NoRevision(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            let subs: Vec<_> = request.sub_requests.iter().map(|sub| sub.token.clone()).collect();
            let step =
                move |document: &Document, now| document.answer(&request, &caller, &files, now);
            match self.step(&key, step).await {
                Ok(response) => Ok(response),
                Err(error @ (DocumentError::Exists | DocumentError::Unsupported)) => {
                    let fail = |token: &String| SubResponse::new(token, error.name());
                    Ok(DocumentResponse {
                        sub_responses: subs.iter().map(fail).collect(),
                        ..DocumentResponse::default()
                    })
                }
                Err(error) => Err(error),
            }
        });
        let result = running.await.map_err(DocumentError::failed).flatten();
        match result {
            Ok(response) => DocumentResponse { url, token, ..response },
            Err(error) => {
                tracing::info!(%error, "refused a request for a document");
                let message = error.to_string();
                let error = Some((error.name(), message));
                DocumentResponse { url, token, error, ..DocumentResponse::default() }
            }
        }
    }

    /// Answers a call of WOPI.
    pub(super) async fn answer_wopi(
        self: Arc<Self>,
        path: String,
        call: WopiCall,
        authorization: Option<String>,
    ) -> Result<WopiAnswer, DocumentError> {
        let running = tokio::spawn(async move {
            let authorization = authorization.as_deref();
            let address = Address { path: &path, resource_id: None, authorization };
            let Found { key, caller } = self.documents.find(address).await?;
            let step = move |document: &Document, now| document.answer_wopi(&call, &caller, now);
            self.step(&key, step).await
        });
        running.await.map_err(DocumentError::failed).flatten()
    }
}

/// Runs work that takes processor time: hashing and compressing large files.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DocumentError> {
    tokio::task::spawn_blocking(work).await.map_err(DocumentError::failed)
}

/// Returns the status of HTTP for a failure outside SOAP.
pub(super) fn status(error: &DocumentError) -> u16 {
    match error.name() {
        ErrorName::FileNotExistsOrCannotBeCreated | ErrorName::VersionNotFound => 404,
        ErrorName::FileUnauthorizedAccess => 403,
        ErrorName::ColdStoreConcurrencyViolation => 409,
        ErrorName::RequestNotSupported => 501,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::LockRules, documents::Memory};

    #[tokio::test]
    async fn addresses_without_a_document_do_not_accumulate() {
        let service = Arc::new(Service::new(Arc::new(Memory::new(LockRules::default()))));
        for number in 0..MAX_OPEN_DOCUMENTS + 100 {
            let (path, call) = (format!("/absent/{number}.docx"), WopiCall::CheckFileInfo);
            let answer = Arc::clone(&service).answer_wopi(path, call, None).await;
            assert!(!answer.is_ok_and(|answer| answer.status == 200));
        }
        assert!(service.open().len() <= MAX_OPEN_DOCUMENTS);
    }
}
