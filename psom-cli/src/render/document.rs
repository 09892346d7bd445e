use data_encoding::HEXLOWER;
use psom_cellstorage::meeting::{DocumentEvent, Link, RevisionFile};
use serde_json::json;

use crate::terminal::out::{printable, printable_json};

/// Describes an event of a document in one line, or as JSON. The end of a document's state is of no
/// interest.
pub(crate) fn line(as_json: bool, id: i64, title: &str, event: &DocumentEvent) -> Option<String> {
    let (text, value) = match event {
        DocumentEvent::Ready => return None,
        DocumentEvent::Link(Link(url)) if url.is_empty() => (
            format!("You may no longer edit \"{title}\"."),
            json!({ "event": "documentLink", "content": id, "url": null }),
        ),
        DocumentEvent::Link(Link(url)) => (
            format!("You edit \"{title}\" at {url}"),
            json!({ "event": "documentLink", "content": id, "url": url }),
        ),
        DocumentEvent::Revision(RevisionFile { number, size, sha1, author, time, .. }) => {
            let sha1 = HEXLOWER.encode(&sha1[..]);
            (
                format!(
                    "\"{title}\" has revision {number} by {author} ({size} bytes, SHA-1 {sha1})."
                ),
                json!({
                    "event": "documentRevision", "content": id, "number": number, "size": size,
                    "sha1": sha1, "author": author, "time": time,
                }),
            )
        }
        DocumentEvent::EditorJoined { client, name } => (
            format!("{name} has opened \"{title}\"."),
            json!({ "event": "editorJoined", "content": id, "client": client, "name": name }),
        ),
        DocumentEvent::EditorLeft { client } => (
            format!("An editor has closed \"{title}\"."),
            json!({ "event": "editorLeft", "content": id, "client": client }),
        ),
    };
    Some(if as_json { printable_json(&value.to_string()) } else { printable(&text) })
}
