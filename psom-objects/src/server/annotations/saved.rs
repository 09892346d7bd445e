//! Saving annotations. Each annotation and each long value has its own key, so that a small change
//! writes little.

use std::collections::BTreeMap;

use psom::Scope;
use serde::{Deserialize, Serialize};

use super::container::AnnotationContainer;
use crate::{
    annotation::{Annotation, Change, Kind, Properties, Property},
    server::content_type::{OldContent, Refusal},
    store::StoredFile,
};

/// The saved form of an annotation.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    kind: i32,
    owner: i64,
    modifier: i64,
    generation: i32,
    text_version: i32,
    /// The properties whose values are short.
    properties: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<StoredFile>,
}

/// The key of the last assigned identifier.
const LAST: &str = "lastAnnotation";

/// The prefix of the keys of all annotations.
const ALL: &str = "annotation";

/// The prefix of the keys of all long values.
const VALUES: &str = "annotationValue";

/// Values with more bytes have their own keys.
const LONG_VALUE_BYTES: usize = 128;

impl AnnotationContainer {
    /// Saves the annotations and values that a change has altered.
    pub(super) fn save(&mut self, scope: &mut Scope, change: &Change) {
        match change {
            Change::Add { id, annotation } => {
                self.memory.keep(scope, LAST, &self.last_id);
                self.save_values(scope, *id, annotation.properties.keys());
                self.save_one(scope, *id);
            }
            Change::SetProperties { id, properties, .. } => {
                self.save_values(scope, *id, properties.keys());
                self.save_one(scope, *id);
            }
            Change::SetText { id, deltas, .. } => {
                let text = Some(&Property::Text).filter(|_| !deltas.is_empty());
                self.save_values(scope, *id, text.into_iter());
                self.save_one(scope, *id);
            }
            Change::SetImage { id, .. } => self.save_one(scope, *id),
            Change::Remove { ids, .. } => {
                for id in ids {
                    self.memory.erase(scope, &key(ALL, *id));
                    if self.apart.remove(id).is_some() {
                        self.memory.erase(scope, &key(VALUES, *id));
                    }
                }
            }
            Change::Clear { .. } => {
                self.apart.clear();
                self.memory.erase(scope, ALL);
                self.memory.erase(scope, VALUES);
            }
        }
    }

    /// Saves those of these values that are long, and erases those that are not long any more.
    fn save_values<'p>(
        &mut self,
        scope: &mut Scope,
        id: i32,
        properties: impl Iterator<Item = &'p Property>,
    ) {
        for property in properties {
            let value = self.board.get(id).and_then(|annotation| annotation.get(*property));
            let key = || format!("{}/{property}", key(VALUES, id));
            if let Some(value) = value.filter(|value| value.len() > LONG_VALUE_BYTES) {
                self.apart.entry(id).or_default().insert(*property);
                self.memory.keep(scope, &key(), &value);
            } else if self.apart.get_mut(&id).is_some_and(|apart| apart.remove(property)) {
                self.memory.erase(scope, &key());
            }
        }
    }

    fn save_one(&self, scope: &mut Scope, id: i32) {
        let Some(annotation) = self.board.get(id) else { return };
        let properties =
            annotation.properties.iter().filter(|(_, value)| value.len() <= LONG_VALUE_BYTES);
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
        self.memory.keep(scope, &key(ALL, id), &saved);
    }

    /// Restores the annotations of a content.
    pub(in crate::server) fn restore(old: &OldContent<'_>) -> Result<Self, Refusal> {
        let mut container = Self::new(old.meeting.clone(), old.content.clone(), old.memory.clone());
        let mut values = BTreeMap::<i32, Properties>::new();
        for (path, value) in old.saved.below::<String>(VALUES)? {
            let (id, name) = path.split_once('/').ok_or_else(|| unreadable("a value"))?;
            values.entry(number(id)?).or_default().insert(property(name)?, value);
        }
        for (id, saved) in old.saved.below::<Saved>(ALL)? {
            let id = number(id)?;
            let kind = Kind::from_number(saved.kind).ok_or_else(|| unreadable("its type"))?;
            let properties = saved.properties.into_iter();
            let properties = properties.map(|(name, value)| Ok((property(&name)?, value)));
            let mut properties = properties.collect::<Result<Properties, Refusal>>()?;
            if let Some(long) = values.remove(&id) {
                container.apart.insert(id, long.keys().copied().collect());
                properties.extend(long);
            }
            let file = saved.file.as_ref().map(|stored| old.meeting.encrypted_file(stored));
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
        if !values.is_empty() {
            return Err(unreadable("a value of one that is not there"));
        }
        let last = old.saved.get(LAST)?.unwrap_or_default();
        container.last_id = container.last_id.max(last);
        Ok(container)
    }
}

/// All numbers have the same length, so that the order of the keys is their order.
fn key(of: &str, id: i32) -> String {
    format!("{of}/{id:010}")
}

fn number(id: &str) -> Result<i32, Refusal> {
    id.parse().map_err(|_| unreadable("its number is none"))
}

fn property(name: &str) -> Result<Property, Refusal> {
    Property::from_name(name).ok_or_else(|| unreadable("a property"))
}

fn unreadable(what: &str) -> Refusal {
    Refusal::malformed(format!("an annotation cannot be read: {what}"))
}
