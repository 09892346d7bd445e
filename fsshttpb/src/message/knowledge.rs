//! The five kinds of knowledge as plain data (MS-FSSHTTPB 2.2.1.13).

use crate::{
    atom::{BinaryItem, Blob, CompactU64, ExtendedGuid, Guid, SerialNumber},
    object::{
        Element,
        types::{self, KnowledgeKind},
    },
};

/// A range of serial numbers. Both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SerialRange {
    /// The GUID of the serial numbers.
    pub guid: Guid,
    /// The first number.
    pub from: u64,
    /// The last number.
    pub to: u64,
}

/// One side's knowledge of a storage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// The serial numbers that are known.
    pub ranges: Vec<SerialRange>,
    /// The highest serial number of each cell storage.
    pub waterlines: Vec<(ExtendedGuid, u64)>,
    /// The fragments that are known.
    pub fragments: Vec<types::FragmentKnowledgeEntry>,
    /// The opaque tags of BLOBs, which are returned unchanged.
    pub content_tags: Vec<(ExtendedGuid, Blob)>,
    /// The opaque tokens of the version.
    pub version_tokens: Vec<Blob>,
    /// Knowledge of other kinds.
    pub other: Vec<Element>,
}

impl Knowledge {
    /// Reports whether a serial number is known.
    pub fn knows(&self, serial: SerialNumber) -> bool {
        self.ranges.iter().any(|range| {
            range.guid == serial.guid && (range.from..=range.to).contains(&serial.value)
        })
    }

    /// Adds serial numbers, as few ranges as possible.
    pub fn learn(&mut self, serials: impl IntoIterator<Item = SerialNumber>) {
        let single = |serial: SerialNumber| SerialRange {
            guid: serial.guid,
            from: serial.value,
            to: serial.value,
        };
        self.ranges.extend(serials.into_iter().map(single));
        self.ranges.sort_unstable();
        let mut merged: Vec<SerialRange> = vec![];
        for range in self.ranges.drain(..) {
            match merged.last_mut() {
                Some(last)
                    if last.guid == range.guid && range.from <= last.to.saturating_add(1) =>
                {
                    last.to = last.to.max(range.to);
                }
                _ => merged.push(range),
            }
        }
        self.ranges = merged;
    }

    /// Reads a `Knowledge` object.
    pub fn from_element(element: &Element) -> Self {
        let mut knowledge = Self::default();
        for special in &element.children {
            let Some(types::SpecializedKnowledge { .. }) = special.get() else {
                knowledge.other.push(special.clone());
                continue;
            };
            let mut known = true;
            for part in &special.children {
                known &= knowledge.read_part(part);
            }
            if !known {
                knowledge.other.push(special.clone());
            }
        }
        knowledge
    }

    fn read_part(&mut self, part: &Element) -> bool {
        if part.get::<types::CellKnowledge>().is_some() {
            let ranges = part.all().map(|range: &types::CellKnowledgeRange| SerialRange {
                guid: range.guid,
                from: range.from.0,
                to: range.to.0,
            });
            self.ranges.extend(ranges);
            self.learn(part.all().map(|entry: &types::CellKnowledgeEntry| entry.serial));
        } else if part.get::<types::WaterlineKnowledge>().is_some() {
            let entries = part.all().map(|entry: &types::WaterlineEntry| entry);
            self.waterlines.extend(entries.map(|entry| (entry.storage, entry.waterline.0)));
        } else if part.get::<types::FragmentKnowledge>().is_some() {
            self.fragments.extend(part.all::<types::FragmentKnowledgeEntry>().cloned());
        } else if part.get::<types::ContentTagKnowledge>().is_some() {
            let entries = part.all().map(|entry: &types::ContentTagEntry| entry);
            self.content_tags.extend(entries.map(|entry| (entry.blob, entry.clock.0.clone())));
        } else if let Some(types::VersionTokenKnowledge { token }) = part.get() {
            self.version_tokens.push(token.clone());
        } else {
            return false;
        }
        true
    }

    /// Returns the `Knowledge` object. It contains only the kinds that are not empty.
    pub fn to_element(&self) -> Element {
        let ranges = self.ranges.iter().map(|range| {
            Element::new(types::CellKnowledgeRange {
                guid: range.guid,
                from: CompactU64(range.from),
                to: CompactU64(range.to),
            })
        });
        let waterlines = self.waterlines.iter().map(|(storage, waterline)| {
            let (storage, waterline) = (*storage, CompactU64(*waterline));
            Element::new(types::WaterlineEntry { storage, waterline, reserved: CompactU64(0) })
        });
        let fragments = self.fragments.iter().cloned().map(Element::new);
        let tags = self.content_tags.iter().map(|(blob, clock)| {
            Element::new(types::ContentTagEntry { blob: *blob, clock: BinaryItem(clock.clone()) })
        });
        let tokens = self.version_tokens.iter().map(|token| {
            let token = types::VersionTokenKnowledge { token: token.clone() };
            special(KnowledgeKind::VERSION_TOKEN, Element::new(token))
        });
        let kinds = [
            (KnowledgeKind::CELL, Element::with(types::CellKnowledge {}, ranges.collect())),
            (
                KnowledgeKind::CONTENT_TAG,
                Element::with(types::ContentTagKnowledge {}, tags.collect()),
            ),
            (
                KnowledgeKind::WATERLINE,
                Element::with(types::WaterlineKnowledge {}, waterlines.collect()),
            ),
            (
                KnowledgeKind::FRAGMENT,
                Element::with(types::FragmentKnowledge {}, fragments.collect()),
            ),
        ];
        let kinds = kinds.into_iter().filter(|(_, part)| !part.children.is_empty());
        let kinds = kinds.map(|(kind, part)| special(kind, part));
        let children = kinds.chain(tokens).chain(self.other.iter().cloned()).collect();
        Element::with(types::Knowledge {}, children)
    }
}

fn special(kind: KnowledgeKind, part: Element) -> Element {
    Element::with(types::SpecializedKnowledge { kind }, vec![part])
}
