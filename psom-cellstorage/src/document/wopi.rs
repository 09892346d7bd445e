//! The operations of WOPI (MS-WOPI) on a document. A WOPI lock is an exclusive lock.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fsshttpb::message::Message;
use serde_json::json;

use super::{
    cell,
    sharing::{ExclusiveLock, LockType},
    state::{Change, Document},
    types::Caller,
};
use crate::{error::ErrorName, soap::CellCall};

/// The time after which a WOPI lock ends, unless it is refreshed (MS-WOPI 3.3.5.1.3).
const LOCK_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WopiCall {
    /// Asks for the file's properties.
    CheckFileInfo,
    /// Downloads the file.
    GetFile,
    /// Uploads the file. The first value is the client's lock.
    PutFile(Option<String>, Bytes),
    /// Locks the file. The second value is the lock that the first one replaces, if the client
    /// names it.
    Lock(String, Option<String>),
    /// Ends the lock.
    Unlock(String),
    /// Extends the lock.
    RefreshLock(String),
    /// A message of MS-FSSHTTPB without XML (`X-WOPI-Override: COBALT`).
    Cobalt(Bytes),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WopiAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The Content-Type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl WopiAnswer {
    fn new(status: u16) -> Self {
        Self { status, headers: vec![], content_type: "text/html", body: Bytes::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body(self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { content_type, body: body.into(), ..self }
    }
}

impl WopiCall {
    /// Reports whether a body of `COBALT` is a message without XML.
    pub fn is_raw(body: &[u8]) -> bool {
        Message::is_message(body)
    }
}

impl Document {
    /// Answers a call at the time `now`.
    pub fn answer_wopi(
        &self,
        call: &WopiCall,
        caller: &Caller,
        now: SystemTime,
    ) -> (WopiAnswer, Change) {
        let mut change = self.change(now);
        let answer = answer(&mut change, call, caller, now);
        change.sharing |= change.document.sharing != self.sharing;
        (answer, change)
    }
}

fn version(document: &Document) -> String {
    document.newest().map_or(0, |revision| revision.number).to_string()
}

/// Returns the answer to a client that does not hold the current lock.
fn conflict(document: &Document) -> WopiAnswer {
    let (kind, id, _) = document.sharing.lock();
    // The header is empty if the lock is not one of WOPI.
    let id = id.filter(|_| kind == LockType::Exclusive).unwrap_or_default();
    WopiAnswer::new(409).with("X-WOPI-Lock", id)
}

fn answer(change: &mut Change, call: &WopiCall, caller: &Caller, now: SystemTime) -> WopiAnswer {
    let document = &mut change.document;
    if document.newest().is_none() {
        return WopiAnswer::new(404);
    }
    let reads = matches!(call, WopiCall::CheckFileInfo | WopiCall::GetFile | WopiCall::Cobalt(_));
    if !reads && !caller.may_write {
        return WopiAnswer::new(401);
    }
    let sharing = &mut document.sharing;
    let (kind, held, holder) = sharing.lock();
    let is_own = holder.is_some_and(|holder| holder.login == caller.user.login);
    let held = held.map(str::to_owned).filter(|_| kind == LockType::Exclusive);
    let own = held.clone().filter(|_| is_own);
    let lock = |id: &str| ExclusiveLock {
        id: id.to_owned(),
        user: caller.user.clone(),
        until: now + LOCK_LIFETIME,
    };
    match call {
        WopiCall::CheckFileInfo => {
            let newest = document.newest();
            let info = json!({
                "BaseFileName": document.name(),
                "OwnerId": document.revisions().first().map(|first| &first.author.login),
                "Size": newest.map(|revision| revision.size),
                "Version": version(document),
                "UserId": caller.user.login,
                "UserFriendlyName": caller.user.name,
                "UserCanWrite": caller.may_write,
                "UserCanNotWriteRelative": true,
                "SupportsCobalt": true,
                "SupportsLocks": true,
                "SupportsUpdate": true,
            });
            WopiAnswer::new(200).body("application/json", info.to_string())
        }
        WopiCall::GetFile => match document.file() {
            Ok(file) => WopiAnswer::new(200)
                .with("X-WOPI-ItemVersion", version(document))
                .body("application/octet-stream", file),
            Err(_) => WopiAnswer::new(500),
        },
        WopiCall::Lock(id, old) => {
            let expected = old.as_ref().unwrap_or(id);
            if kind == LockType::Schema || held.is_some_and(|held| held != *expected) {
                return conflict(document);
            }
            if old.is_some() && kind == LockType::None {
                return conflict(document);
            }
            sharing.exclusive = Some(lock(id));
            WopiAnswer::new(200).with("X-WOPI-ItemVersion", version(document))
        }
        WopiCall::RefreshLock(id) | WopiCall::Unlock(id) => {
            if held.as_ref() != Some(id) {
                return conflict(document);
            }
            let refreshes = matches!(call, WopiCall::RefreshLock(_));
            sharing.exclusive = refreshes.then(|| lock(id));
            WopiAnswer::new(200).with("X-WOPI-ItemVersion", version(document))
        }
        WopiCall::PutFile(id, file) => {
            let empty = document.newest().is_none_or(|revision| revision.size == 0);
            // Without a lock, only an empty file is replaced (MS-WOPI 3.3.5.3.2).
            let allowed = match &held {
                Some(held) => id.as_ref() == Some(held),
                None => kind == LockType::None && empty,
            };
            if !allowed {
                return conflict(document);
            }
            match change.replace(file.clone(), &caller.user, now) {
                Ok(()) => {
                    WopiAnswer::new(200).with("X-WOPI-ItemVersion", version(&change.document))
                }
                Err(_) => WopiAnswer::new(500),
            }
        }
        WopiCall::Cobalt(message) => {
            // A raw message names no lock, so a lock of its own user does not prevent it.
            let call = CellCall { bypass_lock: own, ..CellCall::default() };
            match cell::answer_raw(change, message, &call, caller, now) {
                Ok(bytes) => WopiAnswer::new(200).body("text/html", bytes),
                Err(ErrorName::FileAlreadyLockedOnServer) => conflict(&change.document),
                Err(_) => WopiAnswer::new(404),
            }
        }
    }
}
