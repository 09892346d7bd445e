//! The durable state of a board. Each annotation and each long value has its own key, so that a
//! small change writes little.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use psom::{DurableState, SavedValues};
use serde::{Deserialize, Serialize};

use crate::{
    annotation::{Annotation, Board, Change, Kind, Properties, Property, batch},
    server::{content_type::Refusal, context::MeetingContext, durable},
    store::StoredFile,
    types::EncryptedFile,
};

/// Values with more bytes have their own keys. Shorter values, such as positions and colors, are
/// saved together with their annotation.
const LONG_VALUE_BYTES: usize = 128;

/// The durable state of a board: its annotations and the files of its images.
#[derive(Debug, Default)]
pub(super) struct BoardState {
    board: Board,
    totals: Totals,
    /// The last assigned identifier.
    last_id: i32,
    /// The files of the images, which are removed with their annotations.
    images: BTreeMap<i32, StoredFile>,
    /// The properties of each annotation whose values have their own keys.
    separate: BTreeMap<i32, BTreeSet<Property>>,
}

/// The amount of content on a board.
#[derive(Debug, Default)]
struct Totals {
    /// The number of annotations of each type.
    counts: BTreeMap<Kind, usize>,
    /// The encoded size of all properties in bytes.
    bytes: usize,
}

/// A change of the durable state of a board.
#[derive(Debug)]
pub(super) enum BoardChange {
    /// Changes annotations.
    Annotations(Change),
    /// Sets the file of an image. Clients receive it as `file`.
    Image { id: i32, stored: StoredFile, file: EncryptedFile },
}

impl From<Change> for BoardChange {
    fn from(change: Change) -> Self {
        Self::Annotations(change)
    }
}

/// The key of a saved value of a board.
#[derive(Debug, Clone, Copy)]
pub(super) enum BoardKey {
    LastId,
    /// The prefix of all annotations, which has no value of its own.
    Annotations,
    Annotation(i32),
    /// The prefix of all long values, which has no value of its own.
    Values,
    /// The prefix of the long values of an annotation, which has no value of its own.
    ValuesOf(i32),
    Value(i32, Property),
}

impl fmt::Display for BoardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All numbers have the same length, so that the order of the keys is their order.
        match self {
            Self::LastId => f.write_str("lastAnnotation"),
            Self::Annotations => f.write_str("annotation"),
            Self::Annotation(id) => write!(f, "{}/{id:010}", Self::Annotations),
            Self::Values => f.write_str("annotationValue"),
            Self::ValuesOf(id) => write!(f, "{}/{id:010}", Self::Values),
            Self::Value(id, property) => write!(f, "{}/{property}", Self::ValuesOf(*id)),
        }
    }
}

/// The saved form of an annotation.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedAnnotation {
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

impl BoardState {
    /// Returns the annotations.
    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    /// Returns the last assigned identifier.
    pub(super) fn last_id(&self) -> i32 {
        self.last_id
    }

    /// Returns the number of annotations of a type.
    pub(super) fn count(&self, kind: Kind) -> usize {
        self.totals.counts.get(&kind).copied().unwrap_or_default()
    }

    /// Returns the encoded size of the properties of all annotations in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.totals.bytes
    }

    /// Restores the state from its saved values.
    pub(super) fn restore(
        saved: &SavedValues<'_>,
        meeting: &MeetingContext,
    ) -> Result<Self, Refusal> {
        let mut state = Self::default();
        let mut values = BTreeMap::<i32, Properties>::new();
        for (path, value) in saved.below::<String>(&BoardKey::Values.to_string())? {
            let parts = path.split_once('/');
            let (id, name) = parts.ok_or_else(|| unreadable("the key of a value has no name"))?;
            values.entry(number(id)?).or_default().insert(property(name)?, value);
        }
        for (id, saved) in saved.below::<SavedAnnotation>(&BoardKey::Annotations.to_string())? {
            let id = number(id)?;
            let kind = Kind::from_number(saved.kind).ok_or_else(|| unreadable("unknown type"))?;
            let properties = saved.properties.into_iter();
            let properties = properties.map(|(name, value)| Ok((property(&name)?, value)));
            let mut properties = properties.collect::<Result<Properties, Refusal>>()?;
            if let Some(long) = values.remove(&id) {
                state.separate.insert(id, long.keys().copied().collect());
                properties.extend(long);
            }
            let annotation = Annotation {
                kind,
                owner: saved.owner,
                modifier: saved.modifier,
                generation: saved.generation,
                text_version: saved.text_version,
                properties,
                file: saved.file.as_ref().map(|stored| meeting.encrypted_file(stored)),
            };
            state.alter(id, &Change::Add { id, annotation });
            state.images.extend(saved.file.map(|stored| (id, stored)));
        }
        if !values.is_empty() {
            return Err(unreadable("a value belongs to no annotation"));
        }
        // A repair can lose the last identifier. No identifier may be assigned twice.
        let highest = state.board.iter().next_back().map_or(0, |(id, _)| id);
        let last_id = saved.get(&BoardKey::LastId.to_string())?.unwrap_or_default();
        state.last_id = highest.max(last_id);
        Ok(state)
    }

    /// Adds or changes one annotation.
    fn alter(&mut self, id: i32, change: &Change) {
        self.totals.subtract(self.board.get(id));
        self.board.apply(change);
        self.totals.add(self.board.get(id));
    }

    /// Adds the keys of an annotation and of those of its properties that have or had long values.
    fn touch(
        &mut self,
        id: i32,
        properties: impl IntoIterator<Item = Property>,
        touched: &mut Vec<BoardKey>,
    ) {
        let Some(annotation) = self.board.get(id) else { return };
        for property in properties {
            if annotation.get(property).is_some_and(is_long) {
                self.separate.entry(id).or_default().insert(property);
                touched.push(BoardKey::Value(id, property));
            } else if self.separate.get_mut(&id).is_some_and(|of| of.remove(&property)) {
                touched.push(BoardKey::Value(id, property));
            }
        }
        touched.push(BoardKey::Annotation(id));
    }

    /// Applies a change of annotations. Returns the files of removed images.
    fn apply_annotations(
        &mut self,
        change: &Change,
        touched: &mut Vec<BoardKey>,
    ) -> Vec<StoredFile> {
        match change {
            Change::Add { id, annotation } => {
                self.alter(*id, change);
                self.last_id = self.last_id.max(*id);
                touched.push(BoardKey::LastId);
                self.touch(*id, annotation.properties.keys().copied(), touched);
            }
            Change::SetProperties { id, properties, .. } => {
                self.alter(*id, change);
                self.touch(*id, properties.keys().copied(), touched);
            }
            Change::SetText { id, deltas, .. } => {
                self.alter(*id, change);
                self.touch(*id, (!deltas.is_empty()).then_some(Property::Text), touched);
            }
            Change::SetImage { id, .. } => {
                self.alter(*id, change);
                self.touch(*id, [], touched);
            }
            Change::Remove { ids, .. } => {
                for id in ids {
                    self.totals.subtract(self.board.get(*id));
                    touched.push(BoardKey::Annotation(*id));
                    if self.separate.remove(id).is_some() {
                        touched.push(BoardKey::ValuesOf(*id));
                    }
                }
                self.board.apply(change);
                return ids.iter().filter_map(|id| self.images.remove(id)).collect();
            }
            Change::Clear { .. } => {
                self.board.apply(change);
                self.totals = Totals::default();
                self.separate.clear();
                touched.extend([BoardKey::Annotations, BoardKey::Values]);
                return std::mem::take(&mut self.images).into_values().collect();
            }
        }
        Vec::new()
    }
}

impl DurableState for BoardState {
    type Change = BoardChange;
    type Key = BoardKey;
    /// The files of removed images.
    type Effect = Vec<StoredFile>;

    fn apply(&mut self, change: BoardChange, touched: &mut Vec<BoardKey>) -> Vec<StoredFile> {
        match change {
            BoardChange::Annotations(change) => self.apply_annotations(&change, touched),
            BoardChange::Image { id, stored, file } => {
                self.images.insert(id, stored);
                self.apply_annotations(&Change::SetImage { id, file }, touched)
            }
        }
    }

    fn keys(&self) -> Vec<BoardKey> {
        let last_id = (self.last_id > 0).then_some(BoardKey::LastId);
        let values = self.separate.iter().flat_map(|(id, properties)| {
            properties.iter().map(|property| BoardKey::Value(*id, *property))
        });
        let annotations = self.board.iter().map(|(id, _)| BoardKey::Annotation(id));
        last_id.into_iter().chain(values).chain(annotations).collect()
    }

    fn value(&self, key: &BoardKey) -> Option<String> {
        match key {
            BoardKey::LastId => Some(durable::json(&self.last_id)),
            BoardKey::Annotation(id) => {
                let annotation = self.board.get(*id)?;
                let short = annotation.properties.iter().filter(|(_, value)| !is_long(value));
                let short = short.map(|(name, value)| (name.name().to_owned(), value.clone()));
                Some(durable::json(&SavedAnnotation {
                    kind: annotation.kind.number(),
                    owner: annotation.owner,
                    modifier: annotation.modifier,
                    generation: annotation.generation,
                    text_version: annotation.text_version,
                    properties: short.collect(),
                    file: self.images.get(id).cloned(),
                }))
            }
            BoardKey::Value(id, property) => {
                let value = self.board.get(*id)?.get(*property);
                value.filter(|value| is_long(value)).map(|value| durable::json(&value))
            }
            BoardKey::Annotations | BoardKey::Values | BoardKey::ValuesOf(_) => None,
        }
    }
}

impl Totals {
    fn add(&mut self, annotation: Option<&Annotation>) {
        let Some(annotation) = annotation else { return };
        *self.counts.entry(annotation.kind).or_default() += 1;
        self.bytes += batch::size(&annotation.properties);
    }

    fn subtract(&mut self, annotation: Option<&Annotation>) {
        let Some(annotation) = annotation else { return };
        let count = self.counts.entry(annotation.kind).or_default();
        *count = count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(batch::size(&annotation.properties));
    }
}

fn is_long(value: &str) -> bool {
    value.len() > LONG_VALUE_BYTES
}

fn number(id: &str) -> Result<i32, Refusal> {
    id.parse().map_err(|_| unreadable("the identifier is not a number"))
}

fn property(name: &str) -> Result<Property, Refusal> {
    Property::from_name(name).ok_or_else(|| unreadable("unknown property"))
}

fn unreadable(why: &str) -> Refusal {
    Refusal::malformed(format!("an annotation cannot be read: {why}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::annotation::text::Delta;

    fn stored(name: &str) -> StoredFile {
        let (key, iv, hash) = (Bytes::new(), Bytes::new(), Bytes::new());
        StoredFile { name: name.to_owned(), key, iv, hash, size: 1 }
    }

    fn add(id: i32, kind: Kind, value: &str) -> BoardChange {
        let properties = [(Property::Text, value.to_owned())].into();
        Change::Add { id, annotation: Annotation::new(kind, 1, properties) }.into()
    }

    fn set(id: i32, value: &str) -> BoardChange {
        let properties = [(Property::Text, value.to_owned())].into();
        Change::SetProperties { id, generation: 2, modifier: 2, properties }.into()
    }

    fn append(id: i32, text: &str) -> BoardChange {
        let deltas = vec![Delta::new(0, 0, text)];
        Change::SetText { id, generation: 3, modifier: 2, text_version: 1, deltas }.into()
    }

    fn image(id: i32, name: &str) -> BoardChange {
        let stored = stored(name);
        BoardChange::Image { id, file: stored.at_url(name.to_owned()), stored }
    }

    /// Returns the values of all keys.
    fn values(state: &BoardState) -> BTreeMap<String, String> {
        let keys = state.keys().into_iter();
        keys.map(|key| (key.to_string(), state.value(&key).unwrap())).collect()
    }

    #[test]
    fn every_change_adds_all_keys_that_it_touches() {
        let long = "x".repeat(LONG_VALUE_BYTES + 1);
        let mut state = BoardState::default();
        let mut saved = values(&state);
        for change in [
            add(1, Kind::Text, "short"),
            add(2, Kind::Text, &long),
            set(1, &long),
            set(2, "short"),
            append(2, &long),
            append(1, "y"),
            Change::SetText { id: 1, generation: 4, modifier: 2, text_version: 2, deltas: vec![] }
                .into(),
            add(3, Kind::Image, "picture"),
            image(3, "a"),
            set(9, &long),
            Change::Remove { ids: vec![2, 3, 9], remover: 1 }.into(),
            Change::Clear { remover: 1 }.into(),
            add(4, Kind::Text, &long),
        ] {
            let shown = format!("{change:?}");
            let mut touched = Vec::new();
            state.apply(change, &mut touched);
            for key in touched {
                let (key, value) = (key.to_string(), state.value(&key));
                psom::Write { key, value }.apply(&mut saved);
            }
            assert_eq!(saved, values(&state), "{shown}");
        }
    }

    #[test]
    fn removed_images_return_their_files() {
        let mut state = BoardState::default();
        for (id, name) in [(1, "a"), (2, "b"), (3, "c")] {
            state.apply(add(id, Kind::Image, "picture"), &mut Vec::new());
            assert_eq!(state.apply(image(id, name), &mut Vec::new()), []);
        }
        let remove = Change::Remove { ids: vec![2], remover: 1 };
        assert_eq!(state.apply(remove.into(), &mut Vec::new()), [stored("b")]);
        let clear = Change::Clear { remover: 1 };
        assert_eq!(state.apply(clear.into(), &mut Vec::new()), [stored("a"), stored("c")]);
        assert_eq!((state.count(Kind::Image), state.bytes(), state.last_id()), (0, 0, 3));
    }
}
