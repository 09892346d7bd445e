use std::collections::BTreeMap;

use super::{
    property::{Properties, Property},
    text::{self, Delta},
};
use crate::types::EncryptedFile;

/// The type of an annotation (section 3.2.4.1.8.1). Telepointers, the fourth type, are not kept
/// on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Kind {
    /// A path.
    Drawing = 0,
    /// A text.
    Text = 1,
    /// A picture.
    Image = 2,
}

impl Kind {
    /// Returns the type's number on the wire.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Returns the type with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Drawing, Self::Text, Self::Image].into_iter().find(|kind| kind.number() == number)
    }

    /// Returns the type as a word: `drawing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drawing => "drawing",
            Self::Text => "text",
            Self::Image => "image",
        }
    }
}

/// An annotation on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The type.
    pub kind: Kind,
    /// The user who added it.
    pub owner: i64,
    /// The user who last changed it.
    pub modifier: i64,
    /// The number of changes, including its addition.
    pub generation: i32,
    /// The number of changes of its text; 0 for the text with which it was added.
    pub text_version: i32,
    /// The properties.
    pub properties: Properties,
    /// The file of an image, once it is known.
    pub file: Option<EncryptedFile>,
}

impl Annotation {
    /// Creates an annotation of generation 1.
    pub fn new(kind: Kind, owner: i64, properties: Properties) -> Self {
        Self {
            kind,
            owner,
            modifier: owner,
            generation: 1,
            text_version: 0,
            properties,
            file: None,
        }
    }

    /// Returns the value of a property.
    pub fn get(&self, property: Property) -> Option<&str> {
        self.properties.get(&property).map(String::as_str)
    }

    /// Returns the text; empty if there is none.
    pub fn text(&self) -> &str {
        self.get(Property::Text).unwrap_or_default()
    }
}

/// A change of a board. A change of an annotation that does not exist has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields have the names and the meaning of those of an annotation"
)]
pub enum Change {
    /// An annotation was added.
    Add { id: i32, annotation: Annotation },
    /// Some properties of an annotation have new values.
    SetProperties { id: i32, generation: i32, modifier: i64, properties: Properties },
    /// The text of a text annotation has changed. Without deltas, the same text has a new version.
    SetText { id: i32, generation: i32, modifier: i64, text_version: i32, deltas: Vec<Delta> },
    /// The file of an image is known.
    SetImage { id: i32, file: EncryptedFile },
    /// A user has removed annotations.
    Remove { ids: Vec<i32>, remover: i64 },
    /// A user has removed all annotations.
    Clear { remover: i64 },
}

/// The annotations of a content in the order of their identifiers. It is the order in which they
/// were added and are drawn on top of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board {
    annotations: BTreeMap<i32, Annotation>,
}

impl Board {
    /// Returns the annotation with this identifier.
    pub fn get(&self, id: i32) -> Option<&Annotation> {
        self.annotations.get(&id)
    }

    /// Iterates over all annotations in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, &Annotation)> {
        self.annotations.iter().map(|(id, annotation)| (*id, annotation))
    }

    /// Returns the number of annotations.
    pub fn len(&self) -> usize {
        self.annotations.len()
    }

    /// Reports whether there are no annotations.
    pub fn is_empty(&self) -> bool {
        self.annotations.is_empty()
    }

    /// Applies a change. Returns whether it had an effect.
    pub fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Add { id, annotation } => {
                self.annotations.insert(*id, annotation.clone()).as_ref() != Some(annotation)
            }
            Change::SetProperties { id, generation, modifier, properties } => {
                self.change(*id, |annotation| {
                    annotation.generation = *generation;
                    annotation.modifier = *modifier;
                    let properties = properties.iter();
                    let properties = properties.map(|(name, value)| (*name, value.clone()));
                    annotation.properties.extend(properties);
                })
            }
            Change::SetText { id, generation, modifier, text_version, deltas } => {
                self.change(*id, |annotation| {
                    if !deltas.is_empty() {
                        let old = annotation.text();
                        // Deltas that do not fit leave the text unchanged.
                        let Ok(text) = text::apply(old, deltas, text::MAX_LENGTH) else { return };
                        annotation.properties.insert(Property::Text, text);
                    }
                    annotation.generation = *generation;
                    annotation.modifier = *modifier;
                    annotation.text_version = *text_version;
                })
            }
            Change::SetImage { id, file } => {
                self.change(*id, |annotation| annotation.file = Some(file.clone()))
            }
            Change::Remove { ids, .. } => {
                let before = self.len();
                ids.iter().for_each(|id| drop(self.annotations.remove(id)));
                self.len() != before
            }
            Change::Clear { .. } => !std::mem::take(&mut self.annotations).is_empty(),
        }
    }

    fn change(&mut self, id: i32, change: impl FnOnce(&mut Annotation)) -> bool {
        self.annotations.get_mut(&id).map(change).is_some()
    }
}
