use std::collections::{BTreeMap, BTreeSet};

use psom::{Context, Violation};

use super::{container::AnnotationContainer, limits};
use crate::annotation::{Annotation, ErrorCode, Properties, Property, batch};

/// The number of missing annotations up to which each gets an answer of its own. Other clients can
/// remove a few annotations while a group changes. If more are missing, they get one answer
/// together.
const MAX_SINGLE_ANSWERS: usize = 100;

impl AnnotationContainer {
    /// Sets a property of several annotations, to one value or to a value for each. Validates the
    /// whole call before the first change.
    ///
    /// Answers with one refusal for the whole group if no annotation exists, or if all existing
    /// ones are refused for the same reason. Otherwise answers for each annotation that was not
    /// changed.
    pub(super) fn change_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: &[i32],
        generations: &[i32],
        property: &str,
        values: &[String],
    ) -> Result<(), Violation> {
        batch::same_lengths(ids.len(), [generations.len()].into_iter())?;
        // An answer repeats the missing identifiers. For a longer group, it could have more
        // identifiers than a board has.
        if ids.len() > limits::MAX_ANSWER_IDS {
            return Err(Violation::new("a group of more annotations than a board has"));
        }
        let mut seen = BTreeSet::new();
        if !ids.iter().all(|id| seen.insert(*id)) {
            return Err(Violation::new("a group contains an annotation twice"));
        }
        let property =
            Property::from_name(property).ok_or_else(|| Violation::new("unknown property"))?;
        let values = Values::new(property, values);
        let mut checks = BTreeMap::new();
        let mut refused = Vec::new();
        for (at, (id, generation)) in ids.iter().zip(generations).enumerate() {
            let checked = self.current(*id, *generation)?.and_then(|known| {
                // A shared value is checked once for each type.
                let (limits, value) = (&self.meeting.limits().annotations, values.index(at));
                let check = checks.entry((known.kind, value));
                (*check.or_insert_with(|| limits.check(known.kind, &values.properties(at))))?;
                limits::check_local_id(known, property, &values.values[value])
            });
            if let Err(code) = checked {
                refused.push((at, code));
            }
        }
        if !self.may_annotate(cx) {
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
        let (mut versions, mut alone) = (Vec::new(), Vec::new());
        for (at, id) in ids.iter().enumerate().filter(|(at, _)| !unchanged.contains(at)) {
            let known = self.current(*id, generations[at])?;
            let size = values.size(at);
            match known.and_then(|known| self.has_room_for(known, property, size)) {
                Ok(()) => versions.extend(self.set(cx, *id, values.properties(at))),
                Err(code) => alone.push((at, code)),
            }
        }
        // Text versions follow all properties, so that each kind of change is announced in one
        // call.
        versions.into_iter().for_each(|version| self.make(cx, version));
        if missing.len() > MAX_SINGLE_ANSWERS {
            let ids: Vec<_> = missing.iter().map(|(at, _)| ids[*at]).collect();
            self.refuse_group(cx, &ids, property, ErrorCode::NotFound);
        } else {
            alone.extend(missing);
        }
        let mut whole = None;
        match refused.first() {
            Some((_, code))
                if unchanged.len() == ids.len() && refused.iter().all(|(_, of)| of == code) =>
            {
                whole = Some((refused.iter().map(|(at, _)| ids[*at]).collect::<Vec<_>>(), *code));
            }
            _ => alone.extend(refused),
        }
        for (at, code) in alone {
            self.refuse(cx, ids[at], std::iter::once(property), code);
        }
        if let Some((ids, code)) = whole {
            self.refuse_group(cx, &ids, property, code);
        }
        Ok(())
    }

    /// Answers the caller with the reason why a group was not changed, and with the current values,
    /// in several calls if necessary. The reply budget pauses reading from a caller that requests
    /// many of them.
    fn refuse_group(
        &mut self,
        cx: &mut Context<Self>,
        mut ids: &[i32],
        property: Property,
        code: ErrorCode,
    ) {
        self.flush(cx);
        loop {
            let mut size = 0;
            let fits = ids.iter().take(limits::MAX_ANSWER_ANNOTATIONS).take_while(|id| {
                let value = self.board().get(**id).and_then(|known| known.get(property));
                size += value.map_or(0, psom::wire::encoded_bytes);
                size <= limits::MAX_ANSWER_BYTES
            });
            // Every single value fits, so send at least one.
            let (now, rest) = ids.split_at(fits.count().max(1).min(ids.len()));
            let known: Vec<_> = now.iter().map(|id| self.board().get(*id)).collect();
            let generations: Vec<_> =
                known.iter().map(|at| at.map_or(0, |at| at.generation)).collect();
            let modifiers: Vec<_> = known.iter().map(|at| at.map_or(0, |at| at.modifier)).collect();
            let value = |at: &Option<&Annotation>| {
                at.and_then(|at| at.get(property)).unwrap_or_default().to_owned()
            };
            let values: Vec<_> = known.iter().map(value).collect();
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

/// The values of a property for a group: one shared value, or one for each annotation.
struct Values<'a> {
    property: Property,
    values: &'a [String],
    sizes: Vec<usize>,
}

impl<'a> Values<'a> {
    fn new(property: Property, values: &'a [String]) -> Self {
        let sizes = values.iter().map(|value| batch::size_of(property, value)).collect();
        Self { property, values, sizes }
    }

    /// Returns the value for the annotation at this index of the group.
    fn index(&self, at: usize) -> usize {
        if self.values.len() == 1 { 0 } else { at }
    }

    fn size(&self, at: usize) -> usize {
        self.sizes[self.index(at)]
    }

    fn properties(&self, at: usize) -> Properties {
        Properties::from([(self.property, self.values[self.index(at)].clone())])
    }
}
