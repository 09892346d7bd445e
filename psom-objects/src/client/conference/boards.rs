use bytes::Bytes;
use psom::{CallError, Context};

use super::Conference;
use crate::{
    annotation::{Annotation, Kind, Properties, Property, rows, text::Delta},
    client::{
        followers::{
            board::{Annotations, WhiteboardContent},
            slides::PptContent,
        },
        parcel::Parcel,
    },
    package::{ContentDetail, CreateAnnotation, CreateContent, ManifestError, PackageError},
};

/// # Drawing
///
/// Everything here is about the annotations of a content, a whiteboard or a presentation. What the
/// server makes of it comes back as [`Event::Board`](crate::client::Event::Board): as a change, or
/// as a refusal. Changes say which state they are based on, which is what the model shows now; so
/// of two changes of one annotation, the second is refused while the first is under way.
impl Conference {
    /// Adds a drawing or a text. (An image comes with its file: [`Parcel::image`].) Returns the
    /// `LOCALID` by which it is known when it comes: the one among the properties, or a new one.
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

    /// Gives several annotations one value of a property.
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

    /// Gives several annotations a value each of a property.
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
            let (name, mut peers) = (property.name(), cx.peers());
            let sent = peers.s_change_property_values_for_group(&ids, &generations, name, &values);
            annotations.root.check(cx, "change annotations", sent);
        })
    }

    /// Changes the text of a text annotation. Where somebody else was quicker the server says
    /// nothing, and the other's change comes.
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
            let mut server = cx.peers();
            let sent =
                server.s_change_text(id, generation, text_version, &begins, &ends, &characters);
            annotations.root.check(cx, "change a text", sent);
        })
    }

    /// Removes an annotation.
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

    /// Removes those of these annotations that are there. Returns the cookie that comes with the
    /// answer.
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

    /// Points somewhere, or hides the telepointer.
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
        run: impl FnOnce(&mut Annotations, &mut Context<Annotations>) + Send + 'static,
    ) -> Result<(), CallError> {
        let on_whiteboard = self.extended::<WhiteboardContent>(cx, content);
        let on_slides = self.extended::<PptContent>(cx, content);
        let on_whiteboard = on_whiteboard.and_then(|board| cx.get(board).ok()?.annotations);
        let on_slides = on_slides.and_then(|slides| cx.get(slides).ok()?.annotations);
        cx.try_tell(on_whiteboard.or(on_slides).ok_or(CallError::Gone)?, run)
    }
}

impl Parcel {
    /// An empty whiteboard.
    ///
    /// # Errors
    /// The title has a character that XML does not have.
    pub fn whiteboard(title: &str) -> Result<Self, PackageError> {
        Self::new(CreateContent::new(title, ContentDetail::Whiteboard), [])
    }

    /// An image to be pinned on a content. The `EXTENT` among its properties, which a server asks
    /// for, is the size at which it is shown, `IMAGETYPE` the usual extension of such files.
    ///
    /// # Errors
    /// A property has a character that XML does not have.
    pub fn image(
        content: i64,
        properties: &Properties,
        picture: &Bytes,
    ) -> Result<Self, PackageError> {
        const FILE: &str = "picture";
        let mut detail = format!("<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"{FILE}\"");
        for (property, value) in properties {
            let value = quick_xml::escape::escape(value.as_str());
            // Line ends and tabs are turned into spaces where they stand for themselves.
            let value = value.replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;");
            detail.push_str(&format!(" {property}=\"{value}\""));
        }
        detail.push_str("/>");
        let detail = detail.parse().map_err(|error: ManifestError| PackageError::from(error))?;
        let manifest = CreateAnnotation { parent_id: content.to_string(), detail: Some(detail) };
        Self::new(crate::package::Manifest::CreateAnnotation(manifest), [(FILE, &picture[..])])
    }
}
