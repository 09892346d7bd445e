//! The editors table (MS-FSSHTTP 2.2.4, 3.1.4.8): who edits a document, with values of each client.

use std::{
    collections::BTreeMap,
    io::Write as _,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use flate2::{Compression, write::DeflateEncoder};
use fsshttpb::file::EDITORS_TABLE_HEADER;
use serde::{Deserialize, Serialize};

use super::types::User;
use crate::{
    error::ErrorName,
    soap::{EditorsCall, EditorsVerb},
    time::ticks_since_year_1,
    xml::Node,
};

/// The maximum number of values of a client. Word writes about six.
const MAX_VALUES: usize = 32;
/// The longest key of a value, in bytes. The keys of Word have at most 20.
const MAX_KEY_BYTES: usize = 128;
/// The longest value, in bytes of base64. The values of Word have at most 100.
const MAX_VALUE_BYTES: usize = 4_096;

/// An editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editor {
    /// The user.
    pub user: User,
    /// The time at which the client leaves unless it refreshes.
    pub until: SystemTime,
    /// Whether the client edits the document, and does not only read it.
    pub edits: bool,
    /// The client's values in base64.
    pub values: BTreeMap<String, String>,
}

/// The editors of a document by their client identifiers in upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Editors(pub BTreeMap<String, Editor>);

impl Editors {
    /// Adds a client to the table or extends its stay.
    pub(super) fn enter(&mut self, client: &str, user: &User, until: SystemTime) {
        let editor = self.0.entry(client.to_ascii_uppercase()).or_insert_with(|| Editor {
            user: user.clone(),
            until,
            edits: true,
            values: BTreeMap::new(),
        });
        editor.until = until;
    }

    /// Removes a client from the table.
    pub(super) fn leave(&mut self, client: &str) {
        self.0.remove(&client.to_ascii_uppercase());
    }

    /// Runs an operation on the table.
    pub(super) fn edit(
        &mut self,
        call: &EditorsCall,
        user: &User,
        now: SystemTime,
    ) -> Result<(), ErrorName> {
        let client = call.client.to_ascii_uppercase();
        let until = now + Duration::from_secs(call.timeout_seconds);
        match call.verb {
            EditorsVerb::JoinEditingSession => {
                self.enter(&client, user, until);
                if let Some(editor) = self.0.get_mut(&client) {
                    editor.edits = call.as_editor;
                }
                return Ok(());
            }
            EditorsVerb::LeaveEditingSession => {
                self.leave(&client);
                return Ok(());
            }
            _ => {}
        }
        let editor = self.0.get_mut(&client).ok_or(ErrorName::EditorClientIdNotFound)?;
        let key = call.key.as_deref().unwrap_or_default();
        match call.verb {
            EditorsVerb::UpdateEditorMetadata => {
                if key.len() > MAX_KEY_BYTES || call.value.len() > MAX_VALUE_BYTES {
                    return Err(ErrorName::EditorMetadataStringExceedsLengthLimit);
                }
                if !is_element_name(key) {
                    return Err(ErrorName::InvalidArgument);
                }
                if !editor.values.contains_key(key) && editor.values.len() >= MAX_VALUES {
                    return Err(ErrorName::EditorMetadataQuotaReached);
                }
                editor.values.insert(key.to_owned(), call.value.clone());
            }
            EditorsVerb::RemoveEditorMetadata => {
                editor.values.remove(key);
            }
            _ => editor.until = until,
        }
        Ok(())
    }

    /// Returns the table as XML.
    pub(super) fn table(&self) -> String {
        let mut table = Node::new("EditorsTable");
        for (client, editor) in &self.0 {
            let mut values = Node::new("Metadata");
            for (key, value) in &editor.values {
                values = values.child(Node::new(key).text(value));
            }
            let text = |name: &str, text: &str| Node::new(name).text(text);
            let User { login, name, email, .. } = &editor.user;
            let mut node = Node::new("Editor")
                .child(text("CacheID", client))
                .child(text("FriendlyName", name))
                .child(text("LoginName", login));
            if let Some(email) = email {
                node = node.child(text("EmailAddress", email));
            }
            let until = ticks_since_year_1(editor.until).to_string();
            table = table.child(
                node.child(text(
                    "HasEditorPermission",
                    if editor.edits { "true" } else { "false" },
                ))
                .child(text("Timeout", &until))
                .child(values),
            );
        }
        let mut xml = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n".to_owned();
        table.write(None, &mut xml);
        xml
    }
}

/// Returns the two parts of the file that contains a table.
pub(super) fn table_file(table: &str) -> Vec<Bytes> {
    let mut encoder = DeflateEncoder::new(vec![], Compression::default());
    // Writing to a vector cannot fail.
    let _ = encoder.write_all(table.as_bytes());
    let compressed = encoder.finish().unwrap_or_default();
    vec![Bytes::from_static(&EDITORS_TABLE_HEADER), compressed.into()]
}

/// Reports whether a key can be the name of an element. The table contains each key as an element.
fn is_element_name(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
