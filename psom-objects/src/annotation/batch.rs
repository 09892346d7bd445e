//! The calls that carry several annotations as columns. The first array has one element for each
//! annotation. Longer arrays have several elements for each annotation, and an array of counts
//! gives their numbers.

use psom::Violation;

use super::{
    board::{Annotation, Change, Kind},
    property::{self, Properties, Property},
    text::Delta,
};

/// The size in bytes from which a batch is sent, so that most batches have less than 64 KiB: larger
/// buffers fragment the memory of allocators.
pub(crate) const FULL_BATCH_BYTES: usize = 60 << 10;

/// The maximum size in bytes of the deltas of one change of a text. It is far below the limit of a
/// record (1 MiB).
pub(crate) const MAX_DELTA_BYTES: usize = 128 << 10;

/// An estimate of the encoded bytes of an annotation without its texts.
pub(crate) const FIXED_BYTES: usize = 48;

/// The arguments of cAddAnnotationBatch.
#[derive(Debug, Default)]
pub(crate) struct Additions {
    pub ids: Vec<i32>,
    pub generations: Vec<i32>,
    pub kinds: Vec<i32>,
    pub owners: Vec<i64>,
    pub modifiers: Vec<i64>,
    pub counts: Vec<i32>,
    pub names: Vec<String>,
    pub values: Vec<String>,
    pub size: usize,
}

/// The arguments of cChangePropertiesBatch.
#[derive(Debug, Default)]
pub(crate) struct PropertyChanges {
    pub ids: Vec<i32>,
    pub generations: Vec<i32>,
    pub modifiers: Vec<i64>,
    pub counts: Vec<i32>,
    pub names: Vec<String>,
    pub values: Vec<String>,
    pub size: usize,
}

/// The arguments of cChangeTextBatch.
#[derive(Debug, Default)]
pub(crate) struct TextChanges {
    pub ids: Vec<i32>,
    pub generations: Vec<i32>,
    pub modifiers: Vec<i64>,
    pub versions: Vec<i32>,
    pub counts: Vec<i32>,
    pub begins: Vec<i32>,
    pub ends: Vec<i32>,
    pub characters: Vec<String>,
    pub size: usize,
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// Estimates the encoded bytes of an annotation with these properties.
pub(crate) fn size(properties: &Properties) -> usize {
    FIXED_BYTES + properties.iter().map(|(name, value)| size_of(*name, value)).sum::<usize>()
}

/// Estimates the encoded bytes of one property.
pub(crate) fn size_of(property: Property, value: &str) -> usize {
    property.name().len() + 8 + psom::wire::encoded_bytes(value)
}

/// Estimates the encoded bytes of a change of a text with these deltas.
pub(crate) fn size_of_text(deltas: &[Delta]) -> usize {
    let sizes = deltas.iter().map(|delta| 13 + psom::wire::encoded_bytes(&delta.characters));
    FIXED_BYTES + sizes.sum::<usize>()
}

/// Appends properties to two columns, and returns an estimate of their encoded bytes.
fn append(properties: &Properties, names: &mut Vec<String>, values: &mut Vec<String>) -> usize {
    names.extend(properties.keys().map(|name| name.name().to_owned()));
    values.extend(properties.values().cloned());
    size(properties)
}

impl Additions {
    pub(crate) fn push(&mut self, id: i32, annotation: &Annotation) {
        self.ids.push(id);
        self.generations.push(annotation.generation);
        self.kinds.push(annotation.kind.number());
        self.owners.push(annotation.owner);
        self.modifiers.push(annotation.modifier);
        self.counts.push(count(annotation.properties.len()));
        self.size += append(&annotation.properties, &mut self.names, &mut self.values);
    }

    /// Decodes the columns.
    pub(crate) fn read(self) -> Result<Vec<Change>, Violation> {
        let lengths = [self.generations.len(), self.kinds.len(), self.counts.len()];
        let owners = [self.owners.len(), self.modifiers.len()];
        same_lengths(self.ids.len(), lengths.into_iter().chain(owners))?;
        let mut properties = Splitter::new(&self.counts, self.names, self.values)?;
        let mut changes = Vec::with_capacity(self.ids.len());
        for (i, id) in self.ids.into_iter().enumerate() {
            let kind = Kind::from_number(self.kinds[i])
                .ok_or_else(|| Violation::new("an unknown annotation type"))?;
            let mut annotation = Annotation::new(kind, self.owners[i], properties.next()?);
            annotation.modifier = self.modifiers[i];
            annotation.generation = self.generations[i];
            changes.push(Change::Add { id, annotation });
        }
        Ok(changes)
    }
}

impl PropertyChanges {
    pub(crate) fn push(&mut self, id: i32, generation: i32, modifier: i64, set: &Properties) {
        self.ids.push(id);
        self.generations.push(generation);
        self.modifiers.push(modifier);
        self.counts.push(count(set.len()));
        self.size += append(set, &mut self.names, &mut self.values);
    }

    /// Decodes the columns.
    pub(crate) fn read(self) -> Result<Vec<Change>, Violation> {
        let lengths = [self.generations.len(), self.modifiers.len(), self.counts.len()];
        same_lengths(self.ids.len(), lengths.into_iter())?;
        let mut properties = Splitter::new(&self.counts, self.names, self.values)?;
        let mut changes = Vec::with_capacity(self.ids.len());
        for (i, id) in self.ids.into_iter().enumerate() {
            let (generation, modifier) = (self.generations[i], self.modifiers[i]);
            let properties = properties.next()?;
            changes.push(Change::SetProperties { id, generation, modifier, properties });
        }
        Ok(changes)
    }
}

impl TextChanges {
    pub(crate) fn push(
        &mut self,
        id: i32,
        generation: i32,
        modifier: i64,
        version: i32,
        deltas: &[Delta],
    ) {
        self.ids.push(id);
        self.generations.push(generation);
        self.modifiers.push(modifier);
        self.versions.push(version);
        self.counts.push(count(deltas.len()));
        self.size += size_of_text(deltas);
        for delta in deltas {
            self.begins.push(delta.begin);
            self.ends.push(delta.end);
            self.characters.push(delta.characters.clone());
        }
    }

    /// Decodes the columns.
    pub(crate) fn read(self) -> Result<Vec<Change>, Violation> {
        let lengths = [self.generations.len(), self.modifiers.len()];
        let counts = [self.versions.len(), self.counts.len()];
        same_lengths(self.ids.len(), lengths.into_iter().chain(counts))?;
        let deltas = deltas(self.begins, self.ends, self.characters)?;
        check_sum(&self.counts, deltas.len())?;
        let mut deltas = deltas.into_iter();
        let mut changes = Vec::with_capacity(self.ids.len());
        for (i, id) in self.ids.into_iter().enumerate() {
            let (generation, modifier) = (self.generations[i], self.modifiers[i]);
            let deltas = deltas.by_ref().take(self.counts[i].unsigned_abs() as usize).collect();
            let text_version = self.versions[i];
            changes.push(Change::SetText { id, generation, modifier, text_version, deltas });
        }
        Ok(changes)
    }
}

/// Combines the three columns of a call's deltas.
pub(crate) fn deltas(
    begins: Vec<i32>,
    ends: Vec<i32>,
    characters: Vec<String>,
) -> Result<Vec<Delta>, Violation> {
    same_lengths(begins.len(), [ends.len(), characters.len()].into_iter())?;
    let ranges = begins.into_iter().zip(ends);
    let deltas = ranges.zip(characters);
    Ok(deltas.map(|((begin, end), characters)| Delta { begin, end, characters }).collect())
}

pub(crate) fn same_lengths(
    length: usize,
    mut others: impl Iterator<Item = usize>,
) -> Result<(), Violation> {
    if others.all(|other| other == length) {
        Ok(())
    } else {
        Err(Violation::new("annotation arrays of different lengths"))
    }
}

/// Checks that the counts add up to the length of their arrays.
fn check_sum(counts: &[i32], length: usize) -> Result<(), Violation> {
    let sum =
        counts.iter().try_fold(0usize, |sum, count| sum.checked_add(usize::try_from(*count).ok()?));
    if sum == Some(length) {
        Ok(())
    } else {
        Err(Violation::new("counts that do not add up to the length of their arrays"))
    }
}

/// Splits columns of properties into those of each annotation.
struct Splitter<'a> {
    counts: std::slice::Iter<'a, i32>,
    pairs: std::iter::Zip<std::vec::IntoIter<String>, std::vec::IntoIter<String>>,
}

impl<'a> Splitter<'a> {
    fn new(counts: &'a [i32], names: Vec<String>, values: Vec<String>) -> Result<Self, Violation> {
        same_lengths(names.len(), [values.len()].into_iter())?;
        check_sum(counts, names.len())?;
        Ok(Self { counts: counts.iter(), pairs: names.into_iter().zip(values) })
    }

    fn next(&mut self) -> Result<Properties, Violation> {
        let count = self.counts.next().map_or(0, |count| count.unsigned_abs() as usize);
        let mut known = true;
        let pairs = self.pairs.by_ref().take(count).filter_map(|(name, value)| {
            let property = Property::from_name(&name);
            known &= property.is_some();
            Some((property?, value))
        });
        let properties = property::collect(pairs, true);
        let properties = properties.map_err(|_| Violation::new("a duplicate property"))?;
        if known { Ok(properties) } else { Err(Violation::new("an unknown property")) }
    }
}
