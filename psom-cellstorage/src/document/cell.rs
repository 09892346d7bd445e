//! The sub-request Cell: a message of MS-FSSHTTPB (MS-FSSHTTP 3.1.4.2).

use std::time::SystemTime;

use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    message::{Access, CellCode, Code, Failure, Operation, Request, Response, SubRequest as Sub},
    object::{
        Element,
        types::{self, Partition},
    },
    store::Store,
};

use super::{
    state::{Change, Document},
    types::Caller,
};
use crate::{
    error::ErrorName,
    soap::{CellCall, SubResponse},
    time::ticks_since_1601,
};

/// The newest message version of an answer. SharePoint answers requests of version 14 in version
/// 13.
const NEWEST_VERSION: u16 = 13;
/// Upper bound on the sub-requests of a message. Office sends at most a few. Each query can return
/// the whole document, so without a limit a small message could ask for many gigabytes.
const MAX_SUB_REQUESTS: usize = 32;
/// The partitions besides the contents that clients write.
const KEPT_PARTITIONS: [Partition; 2] = [Partition::METADATA, Partition::WORD_ONLINE];
/// The protocol error of a message that cannot be read.
const PROTOCOL_INVALID: u32 = 108;

/// Runs a message and returns the sub-response.
pub(super) fn answer(
    change: &mut Change,
    token: &str,
    call: &CellCall,
    caller: &Caller,
    now: SystemTime,
) -> SubResponse {
    let response = match run(change, &call.message, call, caller, now) {
        Ok(response) => response,
        Err(Refused::Locked(error)) => {
            let (kind, _, holder) = change.document.sharing.lock();
            let mut answer = SubResponse::new(token, error).with("LockType", kind.as_str());
            answer.message = holder.map(|holder| format!("{} has locked the file", holder.name));
            return answer;
        }
        Err(Refused::Name(error)) => return SubResponse::new(token, error),
        Err(Refused::Failure(failure)) => Response::failed(&failure),
    };
    let failed = response.failure().is_some()
        || response.sub_responses().iter().any(|sub| sub.answer.is_err());
    let error = if failed { ErrorName::CellRequestFail } else { ErrorName::Success };
    let mut answer = SubResponse::new(token, error);
    if call.wants_properties {
        answer = properties(answer, &change.document);
    }
    let state = [
        ("CoalesceHResult", "0"),
        ("ContainsHotboxData", "False"),
        ("HaveOnlyDemotionChanges", "False"),
    ];
    for (name, value) in state {
        answer = answer.with(name, value);
    }
    answer.binary = Some(response.to_bytes().into());
    answer
}

/// Runs a raw message, which arrives inside WOPI, and returns the raw answer.
pub(super) fn answer_raw(
    change: &mut Change,
    message: &Bytes,
    call: &CellCall,
    caller: &Caller,
    now: SystemTime,
) -> Result<Vec<u8>, ErrorName> {
    let response = match run(change, message, call, caller, now) {
        Ok(response) => response,
        Err(Refused::Locked(error) | Refused::Name(error)) => return Err(error),
        Err(Refused::Failure(failure)) => Response::failed(&failure),
    };
    Ok(response.to_bytes())
}

/// Adds the attributes that `GetFileProps` asks for.
fn properties(answer: SubResponse, document: &Document) -> SubResponse {
    let answer = answer.with("Etag", document.etag());
    let Some(newest) = document.newest() else { return answer };
    let created = document.revisions().first().unwrap_or(newest).time;
    answer
        .with("CreateTime", ticks_since_1601(created).to_string())
        .with("LastModifiedTime", ticks_since_1601(newest.time).to_string())
        .with("ModifiedBy", &newest.author.name)
}

enum Refused {
    /// Another client has a lock.
    Locked(ErrorName),
    Name(ErrorName),
    Failure(Failure),
}

/// Gives each sub-request without a partition the one that the attributes name.
fn set_partition(request: &mut Request, partition: Guid) {
    for sub in &mut request.root.children {
        let is_sub = sub.get::<types::SubRequest>().is_some();
        if is_sub && sub.first::<types::TargetPartition>().is_none() {
            let partition = types::TargetPartition { partition: Partition(partition) };
            sub.children.insert(0, Element::new(partition));
        }
    }
}

fn run(
    change: &mut Change,
    message: &Bytes,
    call: &CellCall,
    caller: &Caller,
    now: SystemTime,
) -> Result<Response, Refused> {
    let mut request = match Request::read_shared(message.clone()) {
        Ok(request) => request,
        Err(error) => {
            let code = Code::Protocol(PROTOCOL_INVALID);
            let failure = Failure { code, text: Some(error.to_string()), cause: None };
            return Err(Refused::Failure(failure));
        }
    };
    if let Some(partition) = call.partition {
        set_partition(&mut request, partition);
    }
    let subs = request.sub_requests();
    if subs.len() > MAX_SUB_REQUESTS {
        let text = format!("a message has at most {MAX_SUB_REQUESTS} sub-requests");
        return Err(Refused::Failure(Failure::cell(CellCode::ARGUMENT, text)));
    }
    let uploads = |sub: &Sub| matches!(sub.operation, Ok(Operation::PutChanges(_)));
    let of_contents = |sub: &&Sub| sub.partition == Partition::CONTENTS;
    let uploads_contents = subs.iter().filter(of_contents).any(uploads);
    let exists = change.document.newest().is_some();
    if !exists && !uploads_contents {
        return Err(Refused::Name(ErrorName::FileNotExistsOrCannotBeCreated));
    }
    if subs.iter().any(uploads) && caller.may_write {
        change.document.sharing.check_write(call, now).map_err(Refused::Locked)?;
        change.sharing = true;
    }
    if uploads_contents && call.expects_no_file && exists {
        let text = "the file exists; query it first";
        return Err(Refused::Failure(Failure::cell(CellCode::COHERENCY, text)));
    }
    if subs.iter().any(|sub| sub.partition == Partition::EDITORS_TABLE) {
        if subs.iter().any(|sub| sub.partition == Partition::EDITORS_TABLE && uploads(sub)) {
            let text = "the server writes the editors table; use the sub-request EditorsTable";
            return Err(Refused::Failure(Failure::cell(CellCode::READ_ONLY, text)));
        }
        change.update_table().map_err(Refused::Failure)?;
    }
    let before = change.document.store.clone();
    // The storage of a document without a revision has no index yet.
    let index = |store: &Store| store.revision(Partition::CONTENTS).unwrap_or_default();
    let access = Access { read: 0, write: if caller.may_write { 0 } else { Access::DENIED } };
    let mut response = change.document.store.answer_as(&request, access);
    change.document.note_incomplete_uploads(subs.iter().any(uploads), now);
    response.version = request.version.min(NEWEST_VERSION);
    for partition in KEPT_PARTITIONS {
        let is_upload = |sub: &&Sub| sub.partition == partition && uploads(sub);
        let index = |store: &Store| store.revision(partition);
        if subs.iter().any(|sub| is_upload(&sub)) && index(&change.document.store) != index(&before)
        {
            change.keep_partition(partition);
        }
    }
    if uploads_contents && index(&change.document.store) != index(&before) {
        // An upload is accepted only if its result is a file.
        match change.document.file() {
            Ok(file) => change.revise(file, &caller.user, now),
            Err(failure) => {
                change.document.store = before;
                return Err(Refused::Failure(failure));
            }
        }
    }
    Ok(response)
}
