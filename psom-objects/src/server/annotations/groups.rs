use std::collections::{BTreeMap, BTreeSet};

use psom::{Context, Violation};

use super::AnnotationContainer;
use crate::annotation::{ErrorCode, Properties, Property, batch, text};

impl AnnotationContainer {
    /// Gives a group of annotations one value of a property, or a value each. Nothing is changed
    /// before the whole call was found to be one that a client can make.
    ///
    /// The caller is told of the whole group at once where none of it is there, or where all that
    /// is there is refused for one reason; otherwise of each annotation that was not changed.
    pub(super) fn change_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: &[i32],
        generations: &[i32],
        property: &str,
        values: &[String],
    ) -> Result<(), Violation> {
        batch::same_lengths(ids.len(), [generations.len()].into_iter())?;
        let mut seen = BTreeSet::new();
        if !ids.iter().all(|id| seen.insert(*id)) {
            return Err(Violation::new("an annotation that is twice in a group"));
        }
        let property = Property::from_name(property)
            .filter(|property| *property != Property::LocalId)
            .ok_or_else(|| Violation::new("no property that can be changed"))?;
        let values = Values::new(property, values);
        let mut checks = BTreeMap::new();
        let mut refused = Vec::new();
        for (at, (id, generation)) in ids.iter().zip(generations).enumerate() {
            let checked = self.current(*id, *generation)?.and_then(|known| {
                // One value for all is checked once for each type.
                let (limits, value) = (&self.room.limits().annotations, values.place(at));
                let check = checks.entry((known.kind, value));
                *check.or_insert_with(|| limits.check(known.kind, &values.properties(at)))
            });
            if let Err(code) = checked {
                refused.push((at, code));
            }
        }
        if !self.may(cx) {
            self.refuse_group(cx, ids, property, ErrorCode::NotAuthorized);
            return Ok(());
        }
        let (missing, refused): (Vec<_>, Vec<_>) =
            refused.into_iter().partition(|(_, code)| *code == ErrorCode::NotFound);
        if missing.len() == ids.len() {
            self.refuse_group(cx, ids, property, ErrorCode::NotFound);
            return Ok(());
        }
        let unchanged: BTreeSet<_> = missing.iter().chain(&refused).map(|(at, _)| *at).collect();
        for (at, id) in ids.iter().enumerate().filter(|(at, _)| !unchanged.contains(at)) {
            let known = self.current(*id, generations[at])?;
            let length = values.length(at);
            match known.and_then(|known| self.has_room_for(known, property, length)) {
                Ok(()) => self.set(cx, *id, values.properties(at)),
                Err(code) => self.refuse(cx, *id, [property].into_iter(), code),
            }
        }
        for (at, code) in missing {
            self.refuse(cx, ids[at], [property].into_iter(), code);
        }
        match refused.first() {
            Some((_, code))
                if unchanged.len() == ids.len() && refused.iter().all(|(_, of)| of == code) =>
            {
                let ids: Vec<_> = refused.iter().map(|(at, _)| ids[*at]).collect();
                self.refuse_group(cx, &ids, property, *code);
            }
            _ => {
                for (at, code) in refused {
                    self.refuse(cx, ids[at], [property].into_iter(), code);
                }
            }
        }
        Ok(())
    }

    /// Tells the caller why a group was not changed, and what is in force; in several calls where
    /// that is much.
    fn refuse_group(
        &mut self,
        cx: &mut Context<Self>,
        mut ids: &[i32],
        property: Property,
        code: ErrorCode,
    ) {
        self.flush(cx);
        loop {
            let (mut generations, mut modifiers, mut values) = (Vec::new(), Vec::new(), Vec::new());
            let mut size = 0;
            for id in ids {
                let known = self.board.get(*id);
                let value = known.and_then(|known| known.get(property)).unwrap_or_default();
                if size > batch::FULL {
                    break;
                }
                size += 24 + text::wire_length(value);
                generations.push(known.map_or(0, |known| known.generation));
                modifiers.push(known.map_or(0, |known| known.modifier));
                values.push(value.to_owned());
            }
            let (now, rest) = ids.split_at(generations.len());
            cx.caller().c_error_change_property_for_group(
                now,
                &generations,
                &modifiers,
                property.name(),
                &values,
                code.name(),
            );
            if rest.is_empty() {
                return;
            }
            ids = rest;
        }
    }
}

/// The values of a property for a group: one for all, or one for each.
struct Values<'a> {
    property: Property,
    values: &'a [String],
    lengths: Vec<usize>,
}

impl<'a> Values<'a> {
    fn new(property: Property, values: &'a [String]) -> Self {
        let lengths = values.iter().map(|value| text::wire_length(value)).collect();
        Self { property, values, lengths }
    }

    /// Which of the values is that of the annotation at this place of the group.
    fn place(&self, at: usize) -> usize {
        if self.values.len() == 1 { 0 } else { at }
    }

    fn length(&self, at: usize) -> usize {
        self.lengths[self.place(at)]
    }

    fn properties(&self, at: usize) -> Properties {
        Properties::from([(self.property, self.values[self.place(at)].clone())])
    }
}
