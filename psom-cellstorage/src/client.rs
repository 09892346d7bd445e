//! A client without I/O: it creates requests and reads answers; a caller sends them over HTTP.

use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{CellCode, Failure, Operation, PutChanges, Request, Response, SubRequest},
    object::types::Partition,
    store::{Ids, Received, Store, StoreError, split},
};
use thiserror::Error;

use crate::{
    error::{ErrorName, SoapError},
    mime::Part,
    soap::{Responses, SOAP_ACTION, SubResponse, write_request},
    xml::Node,
};

/// The maximum number of bytes of one part of an upload. Office uses 3.5 MB.
const MAX_PART_BYTES: usize = 3_670_016;
/// Upper bound on the bytes of a document that a client accepts. Office accepts at most 300 MB.
const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024 * 1024;
/// The version of this client, which is in its messages.
const AGENT_VERSION: u32 = 1;

/// A POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The address.
    pub url: String,
    /// The Content-Type.
    pub content_type: String,
    /// The header `SOAPAction`, in quotation marks.
    pub soap_action: String,
    /// The body.
    pub body: Bytes,
}

/// An error of the client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The answer is not a message of MS-FSSHTTP.
    #[error("the server's answer cannot be read: {0}")]
    Soap(#[from] SoapError),
    /// The answer's message of MS-FSSHTTPB cannot be read.
    #[error("the server's answer cannot be read: {0}")]
    Message(#[from] fsshttpb::DecodeError),
    /// The server refuses the request.
    #[error("the server refuses the request: {name}{}", message.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// The error's name.
        name: ErrorName,
        /// The server's reason.
        message: Option<String>,
    },
    /// The document has changed since the client queried it.
    #[error("the document has changed on the server; query it before you upload")]
    Coherency,
    /// The server's store or answer contradicts itself.
    #[error("the server sent an invalid document: {0}")]
    Store(#[source] StoreError),
    /// The server repeatedly announces more data, but sends nothing new.
    #[error("the server announces further data but sends none")]
    NoProgress,
    /// The server sends more than a document can have.
    #[error("the server sends more than {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge,
    /// The upload cannot be created.
    #[error("the upload cannot be created: {0}")]
    Edit(#[source] Failure),
}

impl ClientError {
    fn store(error: StoreError) -> Self {
        match error {
            StoreError::Answer(failure) if failure.is(CellCode::COHERENCY) => Self::Coherency,
            error => Self::Store(error),
        }
    }
}

/// A client's copy of a document on a server.
#[derive(Debug)]
pub struct Client {
    url: String,
    agent: Guid,
    store: Store,
    etag: Option<String>,
    token: u64,
    /// The amount of data that the current query has brought so far.
    progress: Progress,
}

/// The amount of data in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    elements: usize,
    bytes: u64,
}

/// The next step after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing is left to do.
    Done,
    /// The client has to query, for the first time or again.
    Query,
    /// The client has to send the next part of the upload.
    NextPart,
}

impl Client {
    /// Creates a client of a document. `unique` is a GUID that no other client has.
    pub fn new(url: impl Into<String>, unique: Guid) -> Self {
        let store = Store::new(Ids::new(unique));
        let progress = Progress::default();
        Self { url: url.into(), agent: unique, store, etag: None, token: 0, progress }
    }

    /// Returns the ETag of the revision that the client has.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Returns the number of the revision that the client has, if the ETag contains one.
    pub fn revision(&self) -> Option<u64> {
        let etag = self.etag.as_deref()?.trim_matches('"');
        etag.rsplit_once(',')?.1.parse().ok()
    }

    /// Returns the file that the client has.
    ///
    /// # Errors
    /// The client has not queried, or the document cannot be used.
    pub fn file(&self) -> Result<Bytes, ClientError> {
        self.store.file().map(Bytes::from).map_err(ClientError::Store)
    }

    fn post(&mut self, message: Vec<u8>, attributes: &[(&str, &str)]) -> Post {
        self.token += 1;
        let part = Part { id: "http://tempuri.org/1".to_owned(), body: message.into() };
        let mut data = Node::new("SubRequestData")
            .with("GetFileProps", "true")
            .with("BinaryDataSize", part.body.len().to_string());
        for (name, value) in attributes {
            data = data.with(name, *value);
        }
        let include = Node::new("xop:Include")
            .with("href", format!("cid:{}", part.id))
            .with("xmlns:xop", "http://www.w3.org/2004/08/xop/include");
        let sub = Node::new("SubRequest")
            .with("Type", "Cell")
            .with("SubRequestToken", "1")
            .child(data.child(include));
        let request = Node::new("Request")
            .with("Url", &self.url)
            .with("UserAgentClient", "psom")
            .with("RequestToken", self.token.to_string())
            .child(sub);
        let unique = format!("{}-{}", self.agent, self.token).replace(['{', '}'], "");
        let (content_type, body) = write_request(&request, &[part], &unique);
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &self.url));
        let host = rest.split('/').next().unwrap_or(rest);
        Post {
            url: format!("{scheme}://{host}/_vti_bin/cellstorage.svc/CellStorageService"),
            content_type,
            soap_action: format!("\"{SOAP_ACTION}\""),
            body: body.into(),
        }
    }

    fn message(&self, operation: Operation) -> Vec<u8> {
        let sub = SubRequest::new(1, Partition::CONTENTS, operation);
        Request::with(&[sub], self.agent, AGENT_VERSION).to_bytes()
    }

    /// Creates the query for everything that the client does not have.
    pub fn query(&mut self) -> Post {
        let query = self.store.query(Partition::CONTENTS);
        let message = self.message(Operation::QueryChanges(query));
        self.post(message, &[])
    }

    /// Creates the parts of the upload that turns the client's file into `file`. Parts of the file
    /// that the server has are not uploaded.
    ///
    /// # Errors
    /// The client's document cannot be used.
    pub fn edit(&mut self, file: &Bytes) -> Result<Vec<PutChanges>, ClientError> {
        let mut ids = self.store.ids().clone();
        let put = self.store.edit(file, &mut ids, &Chunking::default());
        let put = put.map_err(ClientError::Edit)?;
        *self.store.ids() = ids;
        Ok(split(&put, MAX_PART_BYTES))
    }

    /// Creates the request for a part of an upload. `attributes` name the lock, such as
    /// `SchemaLockID`.
    pub fn upload(&mut self, part: &PutChanges, attributes: &[(&str, &str)]) -> Post {
        let message = self.message(Operation::PutChanges(part.clone()));
        let expects_none = self.etag.is_none().then_some(("ExpectNoFileExists", "true"));
        let attributes: Vec<_> = attributes.iter().copied().chain(expects_none).collect();
        self.post(message, &attributes)
    }

    /// Reads the answer to a query.
    ///
    /// # Errors
    /// The server refuses the query, or the answer cannot be read.
    pub fn receive(&mut self, content_type: &str, body: &Bytes) -> Result<Next, ClientError> {
        let (sub, response) = open(content_type, body)?;
        let received = self.store.receive(Partition::CONTENTS, &response);
        let received = received.map_err(ClientError::store)?;
        self.etag = sub.get("Etag").map(str::to_owned);
        match received {
            Received::Partial => self.check_progress().map(|()| Next::Query),
            Received::Complete | Received::Pending => {
                self.progress = Progress::default();
                Ok(Next::Done)
            }
        }
    }

    /// Refuses an answer that announces more data without bringing any, or that exceeds the size
    /// limit. Otherwise, a server could keep the client busy forever.
    fn check_progress(&mut self) -> Result<(), ClientError> {
        let Some(storage) = self.store.partition(Partition::CONTENTS) else {
            return Err(ClientError::NoProgress);
        };
        let now = Progress {
            elements: storage.elements().count() + storage.pending_count(),
            bytes: storage.elements().map(|element| element.encoded_len() as u64).sum::<u64>()
                + storage.pending_bytes() as u64,
        };
        if now.bytes > MAX_DOCUMENT_BYTES {
            return Err(ClientError::TooLarge);
        }
        if now == std::mem::replace(&mut self.progress, now) {
            return Err(ClientError::NoProgress);
        }
        Ok(())
    }

    /// Reads the answer to a part of an upload.
    ///
    /// # Errors
    /// [`ClientError::Coherency`] if the document has changed: query again, then edit again or stop.
    /// Otherwise, the server refuses the upload, or the answer cannot be read.
    pub fn accept(
        &mut self,
        part: &PutChanges,
        content_type: &str,
        body: &Bytes,
    ) -> Result<Next, ClientError> {
        let (sub, response) = open(content_type, body)?;
        let received = self.store.accept(part, &response).map_err(ClientError::store)?;
        Ok(match received {
            Received::Pending => Next::NextPart,
            Received::Partial => Next::Query,
            Received::Complete => {
                self.etag = sub.get("Etag").map(str::to_owned);
                Next::Done
            }
        })
    }
}

/// Returns the sub-response of an answer and its message.
fn open(content_type: &str, body: &Bytes) -> Result<(SubResponse, Response), ClientError> {
    let responses = Responses::read(content_type, body)?;
    let refused = |(name, message): (ErrorName, String)| ClientError::Refused {
        name,
        message: Some(message).filter(|message| !message.is_empty()),
    };
    if let Some(error) = responses.error {
        return Err(refused(error));
    }
    let response = responses.responses.into_iter().next();
    let response = response.ok_or(SoapError::Absent("Response"))?;
    if let Some(error) = response.error {
        return Err(refused(error));
    }
    let sub = response.sub_responses.into_iter().next();
    let mut sub = sub.ok_or(SoapError::Absent("SubResponse"))?;
    match sub.binary.take() {
        Some(binary) => {
            let response = Response::read_shared(binary)?;
            if let Some(failure) = response.failure() {
                return Err(ClientError::store(StoreError::Answer(failure)));
            }
            Ok((sub, response))
        }
        None => Err(ClientError::Refused { name: sub.error, message: sub.message }),
    }
}
