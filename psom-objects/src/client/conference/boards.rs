use psom::{CallError, Context};

use super::Conference;
use crate::{
    annotation::{Annotation, Kind, Properties, Property, rows, text::Delta},
    client::followers::{
        board::{BoardFollower, WhiteboardFollower},
        slides::SlidesFollower,
    },
};

/// # Drawing
///
/// These methods change the annotations of a whiteboard or a presentation. The answer is a
/// [`ContentEvent::Board`](crate::client::ContentEvent::Board): a change or a refusal. A request
/// contains the generation of the annotation in the model. Therefore the server refuses a second
/// change of an annotation that is requested before the answer to the first one.
impl Conference {
    /// Adds a drawing or a text. An image comes with its file:
    /// [`Upload::image`](crate::client::Upload::image). Returns the annotation's `LOCALID`: the one
    /// among the properties, or a new one.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        kind: Kind,
        mut properties: Properties,
    ) -> Result<String, CallError> {
        let cookie = self.next_cookie();
        let local = properties.entry(Property::LocalId).or_insert_with(|| cookie.to_string());
        let local = local.clone();
        self.on_annotations(cx, content, move |annotations, cx| {
            let sent = cx.peers().s_add_annotation(kind.number(), &rows(&properties));
            annotations.root.check(cx, "add an annotation", sent);
        })?;
        Ok(local)
    }

    /// Changes properties of an annotation.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn change_annotation(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        id: i32,
        properties: Properties,
    ) -> Result<(), CallError> {
        let generation = self.annotation(content, id)?.generation;
        self.on_annotations(cx, content, move |annotations, cx| {
            let sent = cx.peers().s_change_properties(id, generation, &rows(&properties));
            annotations.root.check(cx, "change an annotation", sent);
        })
    }

    /// Sets a property of several annotations to one value.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn change_annotations(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        ids: Vec<i32>,
        property: Property,
        value: impl Into<String>,
    ) -> Result<(), CallError> {
        let (value, generations) = (value.into(), self.generations(content, &ids)?);
        self.on_annotations(cx, content, move |annotations, cx| {
            let name = property.name();
            let sent = cx.peers().s_change_property_for_group(&ids, &generations, name, &value);
            annotations.root.check(cx, "change annotations", sent);
        })
    }

    /// Sets a property of several annotations, each to its own value.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn change_annotations_each(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        property: Property,
        values: Vec<(i32, String)>,
    ) -> Result<(), CallError> {
        let (ids, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let generations = self.generations(content, &ids)?;
        self.on_annotations(cx, content, move |annotations, cx| {
            let (name, peers) = (property.name(), cx.peers());
            let sent = peers.s_change_property_values_for_group(&ids, &generations, name, &values);
            annotations.root.check(cx, "change annotations", sent);
        })
    }

    /// Changes the text of a text annotation. If another user's change arrives at the server first,
    /// the server does not answer, and that change comes as an event.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn change_text(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        id: i32,
        deltas: Vec<Delta>,
    ) -> Result<(), CallError> {
        let Annotation { generation, text_version, .. } = *self.annotation(content, id)?;
        let begins: Vec<_> = deltas.iter().map(|delta| delta.begin).collect();
        let ends: Vec<_> = deltas.iter().map(|delta| delta.end).collect();
        let characters: Vec<_> = deltas.into_iter().map(|delta| delta.characters).collect();
        self.on_annotations(cx, content, move |annotations, cx| {
            let server = cx.peers();
            let sent =
                server.s_change_text(id, generation, text_version, &begins, &ends, &characters);
            annotations.root.check(cx, "change a text", sent);
        })
    }

    /// Removes an annotation.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn remove_annotation(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        id: i32,
    ) -> Result<(), CallError> {
        self.on_annotations(cx, content, move |annotations, cx| {
            let sent = cx.peers().s_remove_annotation(id);
            annotations.root.check(cx, "remove an annotation", sent);
        })
    }

    /// Removes those of the annotations that exist. Returns the cookie of the answer.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        ids: Vec<i32>,
    ) -> Result<i32, CallError> {
        let cookie = self.next_cookie();
        self.on_annotations(cx, content, move |annotations, cx| {
            let sent = cx.peers().s_remove_annotations(&ids, cookie);
            annotations.root.check(cx, "remove annotations", sent);
        })?;
        Ok(cookie)
    }

    /// Removes all annotations.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn clear_annotations(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
    ) -> Result<(), CallError> {
        self.on_annotations(cx, content, |annotations, cx| {
            let sent = cx.peers().s_clear_annotations();
            annotations.root.check(cx, "clear the annotations", sent);
        })
    }

    /// Moves the telepointer to an anchor, or hides it.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn set_telepointer(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
        anchor: impl Into<String>,
        visible: bool,
    ) -> Result<(), CallError> {
        let anchor = anchor.into();
        self.on_annotations(cx, content, move |annotations, cx| {
            let sent = cx.peers().s_set_telepointer(&anchor, visible);
            annotations.root.check(cx, "set the telepointer", sent);
        })
    }

    fn annotation(&self, content: i64, id: i32) -> Result<&Annotation, CallError> {
        let board = self.model().contents.get(&content).and_then(|at| at.board.as_ref());
        board.and_then(|board| board.annotations.get(id)).ok_or(CallError::Gone)
    }

    fn generations(&self, content: i64, ids: &[i32]) -> Result<Vec<i32>, CallError> {
        ids.iter().map(|id| Ok(self.annotation(content, *id)?.generation)).collect()
    }

    fn on_annotations(
        &self,
        cx: &mut Context<Self>,
        content: i64,
        run: impl FnOnce(&mut BoardFollower, &mut Context<BoardFollower>) + Send + 'static,
    ) -> Result<(), CallError> {
        let on_whiteboard = self.extended::<WhiteboardFollower>(cx, content);
        let on_slides = self.extended::<SlidesFollower>(cx, content);
        let on_whiteboard = on_whiteboard.and_then(|board| cx.get(board).ok()?.annotations);
        let on_slides = on_slides.and_then(|slides| cx.get(slides).ok()?.annotations);
        cx.try_tell(on_whiteboard.or(on_slides).ok_or(CallError::Gone)?, run)
    }
}
