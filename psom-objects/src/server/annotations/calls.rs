use std::collections::BTreeSet;

use psom::{Context, Violation};

use super::{container::AnnotationContainer, limits};
use crate::{
    annotation::{
        Annotation, Change, ErrorCode, Kind, Properties, Property, batch, read, rows,
        text::{self, DeltaError},
    },
    interfaces::AnnotationContainerServer,
};

impl AnnotationContainer {
    /// Returns the annotation that a client wants to change. The inner error reports that the
    /// annotation does not exist or has a newer generation. A generation that never existed is a
    /// violation.
    pub(super) fn current(
        &self,
        id: i32,
        generation: i32,
    ) -> Result<Result<&Annotation, ErrorCode>, Violation> {
        let known = self.board().get(id);
        if generation < 0 || known.is_some_and(|known| generation > known.generation) {
            return Err(Violation::new("invalid generation of an annotation"));
        }
        Ok(match known {
            None => Err(ErrorCode::NotFound),
            Some(known) if generation < known.generation => Err(ErrorCode::StaleGeneration),
            Some(known) => Ok(known),
        })
    }

    /// Reports whether the board has room for a property of `size` bytes that replaces the current
    /// value.
    pub(super) fn has_room_for(
        &self,
        known: &Annotation,
        property: Property,
        size: usize,
    ) -> Result<(), ErrorCode> {
        let old = known.get(property).map_or(0, |old| batch::size_of(property, old));
        self.has_room(size.saturating_sub(old))
    }

    fn takes_values(&self, known: &Annotation, properties: &Properties) -> Result<(), ErrorCode> {
        self.meeting.limits().annotations.check(known.kind, properties)?;
        properties.iter().try_for_each(|(of, value)| limits::check_local_id(known, *of, value))?;
        let more = properties.iter().map(|(property, value)| {
            let old = known.get(*property).map_or(0, |old| batch::size_of(*property, old));
            batch::size_of(*property, value).saturating_sub(old)
        });
        self.has_room(more.sum())
    }

    /// Sets properties of an existing annotation. Returns the change of its text version if the
    /// properties start a new one.
    #[must_use]
    pub(super) fn set(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        properties: Properties,
    ) -> Option<Change> {
        let known = self.board().get(id)?;
        let generation = known.generation.saturating_add(1);
        let text_version = known.text_version.saturating_add(1);
        let is_new_text = known.kind == Kind::Text && properties.contains_key(&Property::Text);
        let modifier = cx.caller().user().id;
        self.make(cx, Change::SetProperties { id, generation, modifier, properties });
        // The new version makes the changes of the old text that are still on their way stale.
        let deltas = Vec::new();
        is_new_text.then_some(Change::SetText { id, generation, modifier, text_version, deltas })
    }

    /// Answers the caller with the reason why properties were not set, and with their current
    /// values.
    pub(super) fn refuse(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        requested: impl Iterator<Item = Property>,
        code: ErrorCode,
    ) {
        self.flush(cx);
        let client = cx.caller();
        match self.board().get(id) {
            Some(known) => {
                let value = |of: Property| known.get(of).unwrap_or_default().to_owned();
                let values = requested.map(|property| (property, value(property))).collect();
                let (generation, modifier) = (known.generation, known.modifier);
                let values = rows(&values);
                client.c_error_change_properties(id, generation, modifier, &values, code.name());
            }
            None => drop(client.c_error_change_properties(id, 0, 0, &[], code.name())),
        }
    }

    fn refuse_text(&mut self, cx: &mut Context<Self>, id: i32, code: ErrorCode) {
        self.flush(cx);
        let known = self.board().get(id);
        let (generation, modifier) = known.map_or((0, 0), |at| (at.generation, at.modifier));
        cx.caller().c_error_change_text(id, generation, modifier, code.name());
    }
}

impl AnnotationContainerServer for AnnotationContainer {
    fn s_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        r#type: i32,
        properties: Vec<Vec<String>>,
    ) -> Result<(), Violation> {
        let kind = Kind::from_number(r#type)
            .ok_or_else(|| Violation::new("annotations of this type cannot be added"))?;
        let (mut properties, is_well_formed) = match read(properties) {
            Ok(properties) => (properties, Ok(())),
            Err(malformed) => (malformed.known, Err(ErrorCode::InvalidProperties)),
        };
        let permitted =
            if self.may_annotate(cx) { is_well_formed } else { Err(ErrorCode::NotAuthorized) };
        let checked = permitted.and_then(|()| match kind {
            Kind::Image => Err(ErrorCode::ImageNeedsPackage),
            Kind::Drawing | Kind::Text => self.takes(kind, &properties),
        });
        match checked {
            Ok(()) => {
                let owner = cx.caller().user().id;
                self.add(cx, Annotation::new(kind, owner, properties));
            }
            Err(code) => {
                self.flush(cx);
                // A string that fits into the request may need more bytes than a string of the
                // answer can have.
                properties.retain(|_, value| psom::wire::fits_in_string(value));
                cx.caller().c_error_add_annotation(r#type, &rows(&properties), code.name());
            }
        }
        Ok(())
    }

    fn s_change_properties(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        properties: Vec<Vec<String>>,
    ) -> Result<(), Violation> {
        let properties = read(properties)
            .map_err(|_| Violation::new("unknown, repeated or malformed properties"))?;
        if properties.is_empty() {
            return Err(Violation::new("no properties that can be changed"));
        }
        let current = self.current(id, r#gen)?;
        let checked = current.and_then(|known| self.takes_values(known, &properties));
        let permitted = if self.may_annotate(cx) { checked } else { Err(ErrorCode::NotAuthorized) };
        match permitted {
            Ok(()) => {
                let version = self.set(cx, id, properties);
                version.into_iter().for_each(|version| self.make(cx, version));
            }
            Err(code) => self.refuse(cx, id, properties.into_keys(), code),
        }
        Ok(())
    }

    fn s_change_property_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        property: String,
        value: String,
    ) -> Result<(), Violation> {
        self.change_group(cx, &ids, &gens, &property, &[value])
    }

    fn s_change_property_values_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        property: String,
        values: Vec<String>,
    ) -> Result<(), Violation> {
        batch::same_lengths(ids.len(), [values.len()].into_iter())?;
        self.change_group(cx, &ids, &gens, &property, &values)
    }

    fn s_change_text(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        text_version: i32,
        begins: Vec<i32>,
        ends: Vec<i32>,
        characters: Vec<String>,
    ) -> Result<(), Violation> {
        let deltas = batch::deltas(begins, ends, characters)?;
        if deltas.is_empty() || r#gen < 0 || text_version < 0 {
            return Err(Violation::new("invalid change of a text"));
        }
        let Some(known) = self.board().get(id) else {
            let is_permitted = self.may_annotate(cx);
            let code = if is_permitted { ErrorCode::NotFound } else { ErrorCode::NotAuthorized };
            self.refuse_text(cx, id, code);
            return Ok(());
        };
        if known.kind != Kind::Text {
            return Err(Violation::new("the annotation is not a text"));
        }
        if r#gen > known.generation || text_version > known.text_version {
            return Err(Violation::new("a generation or a text version that never existed"));
        }
        // Another user's change came first. It is not an error, because the client receives that
        // change.
        if text_version < known.text_version {
            return Ok(());
        }
        let limit = usize::try_from(self.meeting.limits().annotations.text_length).unwrap_or(0);
        let checked = if !self.may_annotate(cx) {
            // Check this first, because there may be many deltas.
            Err(ErrorCode::NotAuthorized)
        } else if deltas.len() > text::MAX_DELTAS
            || batch::size_of_text(&deltas) > batch::MAX_DELTA_BYTES
        {
            // The answer repeats all deltas in one call, together with other pending changes.
            Err(ErrorCode::TooManyDeltas)
        } else {
            match text::apply(known.text(), &deltas, limit) {
                Ok(text) => {
                    let size = batch::size_of(Property::Text, &text);
                    self.has_room_for(known, Property::Text, size)
                }
                Err(DeltaError::TooLong) => Err(ErrorCode::TextTooLong),
                Err(DeltaError::OutOfPlace) => {
                    return Err(Violation::new("a change outside the text"));
                }
            }
        };
        let (generation, text_version) =
            (known.generation.saturating_add(1), known.text_version.saturating_add(1));
        match checked {
            Ok(()) => {
                let modifier = cx.caller().user().id;
                self.make(cx, Change::SetText { id, generation, modifier, text_version, deltas });
            }
            Err(code) => self.refuse_text(cx, id, code),
        }
        Ok(())
    }

    fn s_clear_annotations(&mut self, cx: &mut Context<Self>) {
        let is_permitted = self.may_annotate(cx);
        self.flush(cx);
        let remover = cx.caller().user().id;
        if !is_permitted || self.board().is_empty() {
            let code =
                if is_permitted { ErrorCode::NothingToClear } else { ErrorCode::NotAuthorized };
            cx.caller().c_error_clear_annotations(code.name());
            return;
        }
        self.remove(cx, Change::Clear { remover });
        cx.peers().c_clear_annotations(remover);
    }

    fn s_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32) {
        let is_permitted = self.may_annotate(cx);
        self.flush(cx);
        let remover = cx.caller().user().id;
        if !is_permitted || self.board().get(id).is_none() {
            let code = if is_permitted { ErrorCode::NotFound } else { ErrorCode::NotAuthorized };
            cx.caller().c_error_remove_annotation(id, code.name());
            return;
        }
        self.remove(cx, Change::Remove { ids: vec![id], remover });
        cx.peers().c_remove_annotation(id, remover);
    }

    fn s_remove_annotations(&mut self, cx: &mut Context<Self>, ids: Vec<i32>, cookie: i32) {
        let is_permitted = self.may_annotate(cx);
        self.flush(cx);
        let remover = cx.caller().user().id;
        let mut seen = BTreeSet::new();
        let mut existing = ids.clone();
        existing.retain(|id| self.board().get(*id).is_some() && seen.insert(*id));
        if !is_permitted || existing.is_empty() {
            let code =
                if is_permitted { ErrorCode::NothingToRemove } else { ErrorCode::NotAuthorized };
            // All values may not fit into one call with the error code.
            let ids = &ids[..ids.len().min(limits::MAX_ANSWER_IDS)];
            cx.caller().c_error_remove_annotations(ids, code.name(), cookie);
            return;
        }
        self.remove(cx, Change::Remove { ids: existing.clone(), remover });
        cx.peers().c_remove_annotations(&existing, remover, cookie);
    }

    fn s_set_telepointer(
        &mut self,
        cx: &mut Context<Self>,
        anchor: String,
        visible: bool,
    ) -> Result<(), Violation> {
        let user = cx.caller().user().id;
        let refused = if !self.may_annotate(cx) {
            Some(ErrorCode::NotAuthorized)
        } else if text::length(&anchor) > limits::MAX_VALUE_LENGTH {
            Some(ErrorCode::ValueTooLong)
        } else {
            None
        };
        if let Some(code) = refused {
            cx.caller().c_error_set_telepointer(code.name());
        } else {
            cx.peers().c_set_telepointer(&anchor, user, visible);
            match visible {
                true => drop(self.pointers.insert(user, anchor)),
                false => drop(self.pointers.remove(&user)),
            }
        }
        Ok(())
    }
}
