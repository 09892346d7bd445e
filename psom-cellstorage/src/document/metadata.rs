//! The sub-requests that read facts about a document: revisions, properties, locks, time.

use std::time::SystemTime;

use super::{sharing::LockType, state::Document, types::Revision};
use crate::{
    error::ErrorName,
    soap::{PropertiesCall, SubResponse},
    time::{rfc_3339, ticks_since_1601, ticks_since_year_1},
    xml::Node,
};

/// Returns the answer to GetVersions (MS-VERSS): the revisions, the newest first and marked with
/// `@`.
pub(super) fn versions(token: &str, document: &Document) -> SubResponse {
    let mut results = Node::new("results")
        .child(Node::new("list").with("id", &document.resource_id))
        .child(Node::new("versioning").with("enabled", "1"))
        .child(Node::new("settings").with("url", ""));
    let newest = document.newest().map(|revision| revision.number);
    for revision in document.revisions().iter().rev() {
        let mark = if Some(revision.number) == newest { "@" } else { "" };
        let Revision { number, size, author, time, .. } = revision;
        let created = rfc_3339(*time);
        results = results.child(
            Node::new("result")
                .with("version", format!("{mark}{number}.0"))
                .with("url", "")
                .with("created", &created)
                .with("createdRaw", &created)
                .with("createdBy", &author.login)
                .with("createdByName", &author.name)
                .with("size", size.to_string())
                .with("comments", ""),
        );
    }
    let mut answer = SubResponse::new(token, ErrorName::Success);
    let result = Node::new("GetVersionsResult").child(results);
    answer.beside.push(Node::new("GetVersionsResponse").child(result));
    answer
}

/// Returns the answer to Versioning with GetVersionList: the users, and the revisions that refer to
/// them.
pub(super) fn version_list(token: &str, document: &Document) -> SubResponse {
    let (mut users, mut logins) = (Node::new("UserTable"), Vec::<&String>::new());
    let mut versions = Node::new("Versions");
    let newest = document.newest().map(|revision| revision.number);
    for revision in document.revisions().iter().rev() {
        let Revision { number, author, time, .. } = revision;
        let known = logins.iter().position(|login| **login == author.login);
        let id = known.unwrap_or_else(|| {
            logins.push(&author.login);
            logins.len() - 1
        });
        let id = (id + 1).to_string();
        if known.is_none() {
            users.children.push(
                Node::new("User")
                    .with("UserId", &id)
                    .with("UserLogin", &author.login)
                    .with("UserName", &author.name)
                    .with("UserEmailAddress", author.email.as_deref().unwrap_or_default()),
            );
        }
        let current = if Some(*number) == newest { "True" } else { "False" };
        versions = versions.child(
            Node::new("Version")
                .with("IsCurrent", current)
                .with("Number", format!("{number}.0"))
                .with("LastModifiedTime", ticks_since_1601(*time).to_string())
                .with("UserId", &id),
        );
    }
    let mut answer = SubResponse::new(token, ErrorName::Success);
    answer.data.children = vec![users, versions];
    answer
}

/// Returns the document's properties: those of the file, and those that the owner has set.
fn all_properties(document: &Document) -> Vec<(String, String)> {
    let mut found = vec![("vti_etag".to_owned(), document.etag())];
    found.push(("vti_title".to_owned(), document.name().to_owned()));
    if let Some(newest) = document.newest() {
        found.push(("vti_filesize".to_owned(), newest.size.to_string()));
        found.push(("vti_modifiedby".to_owned(), newest.author.login.clone()));
        found.push(("vti_timelastmodified".to_owned(), rfc_3339(newest.time)));
    }
    found.extend(document.properties.clone());
    found
}

/// Returns the answer to GetDocMetaInfo.
pub(super) fn meta_info(token: &str, document: &Document) -> SubResponse {
    let mut properties = Node::new("DocProps");
    for (key, value) in all_properties(document) {
        properties = properties.child(Node::new("Property").with("Key", key).with("Value", value));
    }
    let mut answer = SubResponse::new(token, ErrorName::Success);
    answer.data.children = vec![properties, Node::new("FolderProps")];
    answer
}

/// Returns the answer to Properties. Unknown names are left out.
pub(super) fn properties(token: &str, document: &Document, call: &PropertiesCall) -> SubResponse {
    let all = all_properties(document);
    let node = match call {
        PropertiesCall::Enumerate => {
            let ids = all.into_iter().map(|(id, _)| Node::new("PropertyId").with("id", id));
            Node { children: ids.collect(), ..Node::new("PropertyIds") }
        }
        PropertiesCall::Get(ids) => {
            let asked = all.into_iter().filter(|(id, _)| ids.contains(id));
            let values =
                asked.map(|(id, value)| Node::new("PropertyValue").with("id", id).text(value));
            Node { children: values.collect(), ..Node::new("PropertyValues") }
        }
    };
    let mut answer = SubResponse::new(token, ErrorName::Success);
    answer.data.children = vec![node];
    answer
}

/// Returns the answer to LockStatus.
pub(super) fn lock_status(token: &str, document: &Document) -> SubResponse {
    let (kind, id, holder) = document.sharing.lock();
    let number = match kind {
        LockType::None => "0",
        LockType::Schema => "1",
        LockType::Exclusive => "2",
    };
    let mut answer = SubResponse::new(token, ErrorName::Success).with("LockType", number);
    if let (Some(id), Some(holder)) = (id, holder) {
        answer = answer.with("LockID", id).with("LockedBy", &holder.login);
    }
    answer
}

/// Returns the answer to ServerTime.
pub(super) fn server_time(token: &str, now: SystemTime) -> SubResponse {
    let ticks = ticks_since_year_1(now).to_string();
    SubResponse::new(token, ErrorName::Success).with("ServerTime", ticks)
}
