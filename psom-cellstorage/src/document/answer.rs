//! Answers the sub-requests of a request in their order and respects their dependencies
//! (MS-FSSHTTP 3.1.4).

use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

use bytes::Bytes;

use super::{
    cell, metadata,
    sharing::{Granted, LockType},
    state::{Change, Document},
    types::Caller,
};
use crate::{
    error::ErrorName,
    soap::{
        Action, CoauthVerb, Dependency, DocumentRequest, DocumentResponse, ExclusiveVerb,
        FileOperation, SubRequest, SubResponse, VersioningCall,
    },
};

/// The maximum length of a file name in characters, as in Windows.
const MAX_NAME_CHARS: usize = 255;

impl DocumentRequest {
    /// Returns the numbers of the revisions whose files the answer needs.
    pub fn needed_revisions(&self) -> Vec<u64> {
        let needed = self.sub_requests.iter().filter_map(|sub| match sub.action {
            Ok(Action::Versioning(VersioningCall::Restore(number))) => Some(number),
            _ => None,
        });
        needed.collect()
    }
}

impl Document {
    /// Answers a request at the time `now`. `files` has the files of the
    /// [needed revisions](DocumentRequest::needed_revisions) that exist.
    pub fn answer(
        &self,
        request: &DocumentRequest,
        caller: &Caller,
        files: &BTreeMap<u64, Bytes>,
        now: SystemTime,
    ) -> (DocumentResponse, Change) {
        let mut change = self.change(now);
        let mut done: HashMap<&str, Option<ErrorName>> = HashMap::new();
        let mut sub_responses = vec![];
        for sub in &request.sub_requests {
            let blocked = blocked(sub, &done);
            let answer = match (blocked, &sub.action) {
                (Some(error), _) => {
                    done.insert(&sub.token, None);
                    SubResponse::new(&sub.token, error)
                }
                (None, Err(error)) => {
                    done.insert(&sub.token, Some(*error));
                    SubResponse::new(&sub.token, *error)
                }
                (None, Ok(action)) => {
                    let answer = run(&mut change, &sub.token, action, caller, files, now);
                    done.insert(&sub.token, Some(answer.error));
                    answer
                }
            };
            sub_responses.push(answer);
        }
        change.sharing |= change.document.sharing != self.sharing;
        let response = DocumentResponse {
            url: request.url.clone(),
            token: request.token.clone(),
            error: None,
            suggested_file_name: request.wants_file_name.then(|| change.document.name().to_owned()),
            resource_id: Some(self.resource_id.clone()),
            sub_responses,
        };
        (response, change)
    }
}

/// Returns the error of a sub-request whose dependency does not hold.
fn blocked(sub: &SubRequest, done: &HashMap<&str, Option<ErrorName>>) -> Option<ErrorName> {
    let (token, dependency) = sub.depends_on.as_ref()?;
    let dependency = match dependency {
        Ok(dependency) => *dependency,
        Err(error) => return Some(*error),
    };
    // A sub-request that is absent or comes later has not been executed either.
    let Some(Some(result)) = done.get(token.as_str()) else {
        return Some(ErrorName::DependentRequestNotExecuted);
    };
    let (succeeded, unsupported) = (*result == ErrorName::Success, result.is_not_supported());
    match dependency {
        Dependency::OnExecute => None,
        Dependency::OnSuccess if succeeded => None,
        Dependency::OnFail if !succeeded => None,
        Dependency::OnNotSupported if unsupported => None,
        Dependency::OnSuccessOrNotSupported if succeeded || unsupported => None,
        Dependency::OnSuccess | Dependency::OnSuccessOrNotSupported => {
            Some(ErrorName::DependentOnlyOnSuccessRequestFailed)
        }
        Dependency::OnFail => Some(ErrorName::DependentOnlyOnFailRequestSucceeded),
        Dependency::OnNotSupported => {
            Some(ErrorName::DependentOnlyOnNotSupportedRequestGetSupported)
        }
    }
}

/// Returns the answer to a lock operation.
fn locked(
    change: &Change,
    token: &str,
    result: Result<Granted, ErrorName>,
    reports_session: bool,
) -> SubResponse {
    let document = &change.document;
    match result {
        Ok(Granted { lock, coauthors, reason }) => {
            let mut answer =
                SubResponse::new(token, ErrorName::Success).with("LockType", lock.as_str());
            if reports_session {
                let status = match coauthors {
                    None => "None",
                    Some(0 | 1) => "Alone",
                    Some(_) => "Coauthoring",
                };
                answer = answer.with("CoauthStatus", status);
                if coauthors.is_some() {
                    answer = answer.with("TransitionID", &document.resource_id);
                }
            }
            match reason {
                Some(reason) => answer.with("ExclusiveLockReturnReason", reason),
                None => answer,
            }
        }
        Err(error) => {
            let mut answer = SubResponse::new(token, error);
            let (kind, _, holder) = document.sharing.lock();
            if error == ErrorName::FileAlreadyLockedOnServer && kind != LockType::None {
                answer = answer.with("LockType", kind.as_str());
                answer.message = holder.map(|user| format!("{} has locked the file", user.name));
            }
            answer
        }
    }
}

fn run(
    change: &mut Change,
    token: &str,
    action: &Action,
    caller: &Caller,
    files: &BTreeMap<u64, Bytes>,
    now: SystemTime,
) -> SubResponse {
    let refuse = |error| SubResponse::new(token, error);
    let Caller { user, may_write } = caller;
    let writes = matches!(
        action,
        Action::Coauth(..)
            | Action::SchemaLock(..)
            | Action::ExclusiveLock(..)
            | Action::FileOperation(_)
            | Action::Versioning(VersioningCall::Restore(_))
    );
    if writes && !may_write {
        return refuse(ErrorName::FileUnauthorizedAccess);
    }
    let exists = change.document.newest().is_some();
    if !exists && !matches!(action, Action::Cell(_) | Action::WhoAmI | Action::ServerTime) {
        return refuse(ErrorName::FileNotExistsOrCannotBeCreated);
    }
    let rules = change.document.rules;
    let sharing = &mut change.document.sharing;
    match action {
        Action::Cell(call) => cell::answer(change, token, call, caller, now),
        Action::Coauth(verb, call) => {
            let granted = sharing.coauthor(*verb, call, user, now, rules);
            let silent = [
                CoauthVerb::CheckLockAvailability,
                CoauthVerb::ExitCoauthoring,
                CoauthVerb::MarkTransitionComplete,
            ];
            locked(change, token, granted, !silent.contains(verb))
        }
        Action::SchemaLock(verb, call) => {
            let granted = sharing.schema_lock(*verb, call, user, now, rules);
            locked(change, token, granted, false)
        }
        Action::ExclusiveLock(verb, call) => {
            let granted = sharing.exclusive_lock(*verb, call, user, now, rules);
            let joins = *verb == ExclusiveVerb::ConvertToSchemaJoinCoauth;
            locked(change, token, granted, joins)
        }
        Action::EditorsTable(call) => match sharing.editors.edit(call, user, now) {
            Ok(()) => refuse(ErrorName::Success),
            Err(error) => refuse(error),
        },
        Action::AmIAlone(_) => {
            let alone = if sharing.is_alone() { "True" } else { "False" };
            refuse(ErrorName::Success).with("AmIAlone", alone)
        }
        Action::WhoAmI => {
            let anonymous = if user.anonymous { "True" } else { "False" };
            refuse(ErrorName::Success)
                .with("UserName", &user.name)
                .with("UserEmailAddress", user.email.as_deref().unwrap_or_default())
                .with("UserSIPAddress", "")
                .with("UserIsAnonymous", anonymous)
                .with("UserLogin", &user.login)
        }
        Action::ServerTime => metadata::server_time(token, now),
        Action::GetDocMetaInfo => metadata::meta_info(token, &change.document),
        Action::GetVersions => metadata::versions(token, &change.document),
        Action::LockStatus => metadata::lock_status(token, &change.document),
        Action::Properties(call) => metadata::properties(token, &change.document, call),
        Action::Versioning(VersioningCall::List) => metadata::version_list(token, &change.document),
        Action::Versioning(VersioningCall::Restore(number)) => {
            if sharing.lock().0 != LockType::None {
                return locked(change, token, Err(ErrorName::FileAlreadyLockedOnServer), false);
            }
            let Some(file) = files.get(number) else { return refuse(ErrorName::VersionNotFound) };
            match change.replace(file.clone(), user, now) {
                Ok(()) => metadata::version_list(token, &change.document),
                Err(_) => refuse(ErrorName::CellRequestFail),
            }
        }
        Action::FileOperation(FileOperation::Rename(name)) => {
            if !is_file_name(name) {
                return refuse(ErrorName::InvalidArgument);
            }
            change.document.name.clone_from(name);
            change.name = Some(name.clone());
            refuse(ErrorName::Success)
        }
    }
}

/// Reports whether a text can be the name of a file: no path, no control characters, and not a name
/// of dots.
fn is_file_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c);
    !name.contains(forbidden)
        && name.chars().count() <= MAX_NAME_CHARS
        && !name.starts_with('.')
        && !name.trim().is_empty()
}
