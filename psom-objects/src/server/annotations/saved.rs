//! Annotations as they are saved, each by itself.

use std::collections::BTreeMap;

use psom::Scope;
use serde::{Deserialize, Serialize};

use super::AnnotationContainer;
use crate::{
    annotation::{Annotation, Change, Kind, Properties, Property},
    server::{OldContent, Refusal},
    store::StoredFile,
    types::EncryptedFile,
};

/// An annotation as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    kind: i32,
    owner: i64,
    modifier: i64,
    generation: i32,
    text_version: i32,
    properties: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<StoredFile>,
}

/// The key of the last identifier that was given.
const LAST: &str = "lastAnnotation";

impl AnnotationContainer {
    /// Saves what a change has changed.
    pub(super) fn save(&self, scope: &mut Scope, change: &Change) {
        match change {
            Change::Add { id, .. } => {
                self.memory.keep(scope, LAST, &self.last_id);
                self.save_one(scope, *id);
            }
            Change::SetProperties { id, .. }
            | Change::SetText { id, .. }
            | Change::SetImage { id, .. } => self.save_one(scope, *id),
            Change::Remove { ids, .. } => {
                ids.iter().for_each(|id| self.memory.erase(scope, &key(*id)));
            }
            Change::Clear { .. } => self.memory.erase(scope, "annotation"),
        }
    }

    fn save_one(&self, scope: &mut Scope, id: i32) {
        let Some(annotation) = self.board.get(id) else { return };
        let properties = annotation.properties.iter();
        let properties = properties.map(|(name, value)| (name.name().to_owned(), value.clone()));
        let saved = Saved {
            kind: annotation.kind.number(),
            owner: annotation.owner,
            modifier: annotation.modifier,
            generation: annotation.generation,
            text_version: annotation.text_version,
            properties: properties.collect(),
            file: self.images.get(&id).cloned(),
        };
        self.memory.keep(scope, &key(id), &saved);
    }

    /// The annotations of a content as they were saved.
    pub(in crate::server) fn restore(old: &OldContent<'_>) -> Result<Self, Refusal> {
        let mut container = Self::new(old.room.clone(), old.content, old.memory.clone());
        for (id, saved) in old.saved.below::<Saved>("annotation")? {
            let id: i32 = id.parse().map_err(|_| unreadable("its number is none"))?;
            let kind = Kind::from_number(saved.kind).ok_or_else(|| unreadable("its type"))?;
            let properties = saved.properties.into_iter();
            let properties = properties.map(|(name, value)| {
                let property = Property::from_name(&name);
                property.map(|property| (property, value)).ok_or_else(|| unreadable("a property"))
            });
            let properties = properties.collect::<Result<Properties, _>>()?;
            let file = saved.file.as_ref().map(|stored| EncryptedFile {
                url: old.room.url(stored),
                key: stored.key.clone(),
                iv: stored.iv.clone(),
                hash: stored.hash.clone(),
            });
            let annotation = Annotation {
                kind,
                owner: saved.owner,
                modifier: saved.modifier,
                generation: saved.generation,
                text_version: saved.text_version,
                properties,
                file,
            };
            container.apply(&Change::Add { id, annotation });
            container.images.extend(saved.file.map(|stored| (id, stored)));
        }
        let last = old.saved.get(LAST)?.unwrap_or_default();
        container.last_id = container.last_id.max(last);
        Ok(container)
    }
}

/// The numbers have one length, so that they are read in their order.
fn key(id: i32) -> String {
    format!("annotation/{id:010}")
}

fn unreadable(what: &str) -> Refusal {
    Refusal::malformed(format!("an annotation cannot be read: {what}"))
}
