use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::set::set;
use crate::{
    annotation::{Annotation, Board, Change, Constraint, Properties, Property, text::Delta},
    client::json::PublicFile,
    types::EncryptedFile,
};

/// The board of a content: its annotations, the limits that the server has announced for them, and
/// the telepointers of users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoardModel {
    /// The annotations.
    pub annotations: Board,
    /// The limits for annotations that the server has announced.
    pub constraints: BTreeMap<Constraint, i32>,
    /// The anchor of each user's telepointer, by user ID.
    pub telepointers: BTreeMap<i64, String>,
    /// Approximate size of the annotations and telepointers.
    size_bytes: usize,
}

/// Upper bounds on a board. They protect a client from a server that adds annotations endlessly,
/// and are far above the limits of this library's server.
pub(in crate::client) const MAX_ANNOTATIONS: usize = 100_000;
const MAX_TELEPOINTERS: usize = 10_000;
const MAX_BOARD_BYTES: usize = 64 << 20;

/// Upper bound on all boards of a meeting together.
pub(super) const MAX_BYTES_OF_ALL_BOARDS: usize = 4 * MAX_BOARD_BYTES;

/// A change of a board, or the refusal of a request to change it. A `code` is one of
/// [`ErrorCode`](crate::annotation::ErrorCode), or a code of another server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum BoardEvent {
    /// The server announces its limits for annotations.
    #[serde(rename = "annotationConstraints")]
    Constraints {
        #[serde(flatten, serialize_with = "by_name")]
        values: BTreeMap<Constraint, i32>,
    },
    /// A user moves or hides a telepointer.
    #[serde(rename = "telepointer")]
    Telepointer { user: i64, anchor: String, visible: bool },

    /// An annotation was not added. `kind` is the number of a [`Kind`](crate::annotation::Kind).
    #[serde(rename = "annotationRefused")]
    AddRefused {
        #[serde(rename = "type")]
        kind: i32,
        #[serde(serialize_with = "properties_by_name")]
        properties: Properties,
        code: String,
    },
    /// Properties were not changed. The event contains the current values.
    #[serde(rename = "annotationChangeRefused")]
    ChangeRefused {
        annotation: i32,
        generation: i32,
        modifier: i64,
        #[serde(serialize_with = "properties_by_name")]
        properties: Properties,
        code: String,
    },
    /// A property of a group was not changed. The event contains the current values, with the
    /// generation and the last modifier of each annotation. A large group can have several events.
    /// A server may omit all values.
    #[serde(rename = "annotationGroupChangeRefused")]
    GroupChangeRefused {
        annotations: Vec<i32>,
        generations: Vec<i32>,
        modifiers: Vec<i64>,
        #[serde(serialize_with = "property_name")]
        property: Property,
        values: Vec<String>,
        code: String,
    },
    /// A text was not changed.
    #[serde(rename = "annotationTextChangeRefused")]
    TextChangeRefused { annotation: i32, generation: i32, modifier: i64, code: String },
    /// Annotations were not removed.
    #[serde(rename = "annotationRemovalRefused")]
    RemovalRefused { annotations: Vec<i32>, cookie: Option<i32>, code: String },
    /// The board was not cleared.
    #[serde(rename = "annotationClearRefused")]
    ClearRefused { code: String },
    /// The telepointer is not shown.
    #[serde(rename = "telepointerRefused")]
    TelepointerRefused { code: String },

    /// The annotations have changed. The answer to
    /// [`remove_annotations`](crate::client::Conference::remove_annotations) carries its cookie.
    #[serde(untagged)]
    Changed {
        #[serde(flatten, serialize_with = "serialize_change")]
        change: Change,
        #[serde(skip_serializing_if = "Option::is_none")]
        cookie: Option<i32>,
    },
}

impl BoardModel {
    /// Applies an event. Returns whether it changed the model.
    pub fn apply(&mut self, event: &BoardEvent) -> bool {
        match event {
            BoardEvent::Constraints { values } => set(&mut self.constraints, values.clone()),
            BoardEvent::Changed { change, .. } => {
                let before = self.bytes_of_changed(change);
                let changed = self.annotations.apply(change);
                self.size_bytes = self.size_bytes - before + self.bytes_of_changed(change);
                changed
            }
            BoardEvent::Telepointer { user, anchor, visible } => {
                let before = if *visible {
                    self.telepointers.insert(*user, anchor.clone())
                } else {
                    self.telepointers.remove(user)
                };
                let now = visible.then_some(anchor);
                self.size_bytes += now.map_or(0, String::len);
                self.size_bytes -= before.as_ref().map_or(0, String::len);
                before.as_ref() != now
            }
            _ => false,
        }
    }

    /// Returns the approximate size of the board.
    pub(in crate::client) fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Reports whether the board exceeds one of its upper bounds.
    pub(super) fn is_too_large(&self) -> bool {
        self.annotations.len() > MAX_ANNOTATIONS
            || self.telepointers.len() > MAX_TELEPOINTERS
            || self.size_bytes > MAX_BOARD_BYTES
    }

    /// Returns the bytes of the annotations that a change affects.
    fn bytes_of_changed(&self, change: &Change) -> usize {
        let of = |id: &i32| self.annotations.get(*id).map_or(0, annotation_bytes);
        match change {
            Change::Add { id, .. }
            | Change::SetProperties { id, .. }
            | Change::SetText { id, .. }
            | Change::SetImage { id, .. } => of(id),
            // An annotation that is named twice is removed once.
            Change::Remove { ids, .. } => {
                ids.iter().collect::<BTreeSet<_>>().into_iter().map(of).sum()
            }
            Change::Clear { .. } => {
                self.annotations.iter().map(|(_, annotation)| annotation_bytes(annotation)).sum()
            }
        }
    }
}

impl BoardEvent {
    /// Returns the error code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::AddRefused { code, .. }
            | Self::ChangeRefused { code, .. }
            | Self::GroupChangeRefused { code, .. }
            | Self::TextChangeRefused { code, .. }
            | Self::RemovalRefused { code, .. }
            | Self::ClearRefused { code }
            | Self::TelepointerRefused { code } => Some(code),
            _ => None,
        }
    }

    /// Returns the approximate number of bytes that the event owns.
    pub(in crate::client) fn heap_bytes(&self) -> usize {
        let code = self.code().map_or(0, str::len);
        code + match self {
            Self::Changed { change, .. } => match change {
                Change::Add { annotation, .. } => annotation_bytes(annotation),
                Change::SetProperties { properties, .. } => property_bytes(properties),
                Change::SetText { deltas, .. } => {
                    deltas.iter().map(|delta| size_of::<Delta>() + delta.characters.len()).sum()
                }
                Change::SetImage { file, .. } => file_bytes(file),
                Change::Remove { ids, .. } => size_of_val(ids.as_slice()),
                Change::Clear { .. } => 0,
            },
            Self::Constraints { values } => values.len() * size_of::<(Constraint, i32)>(),
            Self::Telepointer { anchor, .. } => anchor.len(),
            Self::AddRefused { properties, .. } | Self::ChangeRefused { properties, .. } => {
                property_bytes(properties)
            }
            Self::GroupChangeRefused { annotations, values, .. } => {
                let texts: usize = values.iter().map(|it| size_of::<String>() + it.len()).sum();
                annotations.len() * size_of::<(i32, i32, i64)>() + texts
            }
            Self::RemovalRefused { annotations, .. } => size_of_val(annotations.as_slice()),
            Self::TextChangeRefused { .. }
            | Self::ClearRefused { .. }
            | Self::TelepointerRefused { .. } => 0,
        }
    }
}

fn annotation_bytes(annotation: &Annotation) -> usize {
    property_bytes(&annotation.properties) + annotation.file.as_ref().map_or(0, file_bytes)
}

fn property_bytes(properties: &Properties) -> usize {
    properties.values().map(String::len).sum()
}

pub(super) fn file_bytes(file: &EncryptedFile) -> usize {
    file.url.len() + file.key.len() + file.iv.len() + file.hash.len()
}

/// A [`Change`] in JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
enum ChangeJson<'a> {
    #[serde(rename = "annotationAdded")]
    Add {
        annotation: i32,
        r#type: &'static str,
        generation: i32,
        owner: i64,
        modifier: i64,
        #[serde(serialize_with = "properties_by_name")]
        properties: &'a Properties,
    },
    #[serde(rename = "annotationChanged")]
    SetProperties {
        annotation: i32,
        generation: i32,
        modifier: i64,
        #[serde(serialize_with = "properties_by_name")]
        properties: &'a Properties,
    },
    #[serde(rename = "annotationTextChanged")]
    SetText {
        annotation: i32,
        generation: i32,
        modifier: i64,
        text_version: i32,
        deltas: Vec<DeltaJson<'a>>,
    },
    #[serde(rename = "annotationImage")]
    SetImage {
        annotation: i32,
        #[serde(flatten)]
        file: PublicFile<'a>,
    },
    #[serde(rename = "annotationsRemoved")]
    Remove { annotations: &'a [i32], remover: i64 },
    #[serde(rename = "annotationsCleared")]
    Clear { remover: i64 },
}

#[derive(Serialize)]
struct DeltaJson<'a> {
    begin: i32,
    end: i32,
    characters: &'a str,
}

fn serialize_change<S: Serializer>(change: &Change, serializer: S) -> Result<S::Ok, S::Error> {
    let json = match change {
        Change::Add { id, annotation } => ChangeJson::Add {
            annotation: *id,
            r#type: annotation.kind.name(),
            generation: annotation.generation,
            owner: annotation.owner,
            modifier: annotation.modifier,
            properties: &annotation.properties,
        },
        Change::SetProperties { id, generation, modifier, properties } => {
            let (annotation, generation, modifier) = (*id, *generation, *modifier);
            ChangeJson::SetProperties { annotation, generation, modifier, properties }
        }
        Change::SetText { id, generation, modifier, text_version, deltas } => {
            let deltas = deltas.iter().map(|Delta { begin, end, characters }| DeltaJson {
                begin: *begin,
                end: *end,
                characters,
            });
            ChangeJson::SetText {
                annotation: *id,
                generation: *generation,
                modifier: *modifier,
                text_version: *text_version,
                deltas: deltas.collect(),
            }
        }
        Change::SetImage { id, file } => {
            ChangeJson::SetImage { annotation: *id, file: PublicFile::from(file) }
        }
        Change::Remove { ids, remover } => {
            ChangeJson::Remove { annotations: ids, remover: *remover }
        }
        Change::Clear { remover } => ChangeJson::Clear { remover: *remover },
    };
    json.serialize(serializer)
}

fn by_name<S: Serializer>(
    constraints: &BTreeMap<Constraint, i32>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(constraints.iter().map(|(constraint, value)| (constraint.name(), value)))
}

fn properties_by_name<S: Serializer>(
    properties: &Properties,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(properties.iter().map(|(property, value)| (property.name(), value)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde expects")]
fn property_name<S: Serializer>(property: &Property, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(property.name())
}
