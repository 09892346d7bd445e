use bytes::Bytes;
use psom::{Context, Handle, Violation, distributed_object};

use crate::{
    annotation::{
        Change, Constraint, Property,
        batch::{Additions, PropertyChanges, TextChanges, same_lengths},
        read,
    },
    client::{event::Event, model::board::BoardEvent, root::Root},
    interfaces::{self, AnnotationContainerClient, WhiteboardContentClient},
    types::EncryptedFile,
};

/// A whiteboard: its annotations, and that they were told.
#[distributed_object(
    serves = interfaces::WhiteboardContentClient,
    calls = interfaces::WhiteboardContentServer
)]
pub(in crate::client) struct WhiteboardContent {
    id: i64,
    pub(in crate::client) root: Root,
    pub(in crate::client) annotations: Option<Handle<Annotations>>,
}

impl WhiteboardContent {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root, annotations: None }
    }
}

#[distributed_object]
impl WhiteboardContent {
    #[child("annotationContainer")]
    fn connect_annotations(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Result<Handle<Annotations>, Violation> {
        if self.annotations.is_some() {
            return Err(Violation::new("a second container of annotations"));
        }
        let annotations = cx.add_while_connected(Annotations::new(self.id, self.root.clone()));
        self.annotations = Some(annotations);
        Ok(annotations)
    }
}

impl WhiteboardContentClient for WhiteboardContent {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::ExtendedReady { id: self.id });
    }
}

/// The annotations of a content: a child of whatever follows the content. The root finds it by the
/// content's number while it is connected.
#[distributed_object(
    serves = interfaces::AnnotationContainerClient,
    calls = interfaces::AnnotationContainerServer
)]
pub(in crate::client) struct Annotations {
    id: i64,
    pub(in crate::client) root: Root,
}

impl Annotations {
    /// Those of a content.
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }

    fn tell(&self, cx: &mut Context<Self>, event: BoardEvent) {
        self.root.tell(cx, Event::Board { id: self.id, event });
    }

    fn changed(&self, cx: &mut Context<Self>, change: Change) {
        self.tell(cx, BoardEvent::Changed { change, cookie: None });
    }

    fn all_changed(&self, cx: &mut Context<Self>, changes: Vec<Change>) -> Result<(), Violation> {
        self.check(cx)?;
        changes.into_iter().for_each(|change| self.changed(cx, change));
        Ok(())
    }

    /// Takes nothing more on a board that is larger than any can be: it is so by one call at most.
    fn check(&self, cx: &Context<Self>) -> Result<(), Violation> {
        match self.root.model(cx).is_some_and(|model| model.is_overdrawn(self.id)) {
            true => Err(Violation::new("too much on a board")),
            false => Ok(()),
        }
    }
}

impl AnnotationContainerClient for Annotations {
    fn c_add_annotation_batch(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        generations: Vec<i32>,
        kinds: Vec<i32>,
        owners: Vec<i64>,
        modifiers: Vec<i64>,
        counts: Vec<i32>,
        names: Vec<String>,
        values: Vec<String>,
    ) -> Result<(), Violation> {
        let columns = Additions {
            ids,
            generations,
            kinds,
            owners,
            modifiers,
            counts,
            names,
            values,
            ..Additions::default()
        };
        self.all_changed(cx, columns.read()?)
    }

    fn c_change_properties_batch(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        generations: Vec<i32>,
        modifiers: Vec<i64>,
        counts: Vec<i32>,
        names: Vec<String>,
        values: Vec<String>,
    ) -> Result<(), Violation> {
        let columns = PropertyChanges {
            ids,
            generations,
            modifiers,
            counts,
            names,
            values,
            ..PropertyChanges::default()
        };
        self.all_changed(cx, columns.read()?)
    }

    fn c_change_text_batch(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        generations: Vec<i32>,
        modifiers: Vec<i64>,
        versions: Vec<i32>,
        counts: Vec<i32>,
        begins: Vec<i32>,
        ends: Vec<i32>,
        characters: Vec<String>,
    ) -> Result<(), Violation> {
        let columns = TextChanges {
            ids,
            generations,
            modifiers,
            versions,
            counts,
            begins,
            ends,
            characters,
            ..TextChanges::default()
        };
        self.all_changed(cx, columns.read()?)
    }

    fn c_clear_annotations(&mut self, cx: &mut Context<Self>, remover_id: i64) {
        self.changed(cx, Change::Clear { remover: remover_id });
    }

    fn c_error_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        kind: i32,
        properties: Vec<Vec<String>>,
        code: String,
    ) {
        let properties = read(properties).unwrap_or_else(|malformed| malformed.known);
        self.tell(cx, BoardEvent::AddRefused { kind, properties, code });
    }

    fn c_error_change_properties(
        &mut self,
        cx: &mut Context<Self>,
        annotation: i32,
        generation: i32,
        modifier: i64,
        properties: Vec<Vec<String>>,
        code: String,
    ) {
        let properties = read(properties).unwrap_or_else(|malformed| malformed.known);
        let refused =
            BoardEvent::ChangeRefused { annotation, generation, modifier, properties, code };
        self.tell(cx, refused);
    }

    fn c_error_change_property_for_group(
        &mut self,
        cx: &mut Context<Self>,
        annotations: Vec<i32>,
        generations: Vec<i32>,
        modifiers: Vec<i64>,
        property: String,
        values: Vec<String>,
        code: String,
    ) {
        // An answer that nobody can read changes nothing but that there was one.
        // Another server may leave out values that are much to send back, all of them.
        let told = if values.is_empty() { annotations.len() } else { values.len() };
        let lengths = [generations.len(), modifiers.len(), told];
        let property = Property::from_name(&property);
        let whole = same_lengths(annotations.len(), lengths.into_iter());
        let (Some(property), Ok(())) = (property, whole) else { return };
        let refused = BoardEvent::GroupChangeRefused {
            annotations,
            generations,
            modifiers,
            property,
            values,
            code,
        };
        self.tell(cx, refused);
    }

    fn c_error_change_text(
        &mut self,
        cx: &mut Context<Self>,
        annotation: i32,
        generation: i32,
        modifier: i64,
        code: String,
    ) {
        let refused = BoardEvent::TextChangeRefused { annotation, generation, modifier, code };
        self.tell(cx, refused);
    }

    fn c_error_clear_annotations(&mut self, cx: &mut Context<Self>, code: String) {
        self.tell(cx, BoardEvent::ClearRefused { code });
    }

    fn c_error_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, code: String) {
        self.tell(cx, BoardEvent::RemovalRefused { annotations: vec![id], cookie: None, code });
    }

    fn c_error_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        annotations: Vec<i32>,
        code: String,
        cookie: i32,
    ) {
        self.tell(cx, BoardEvent::RemovalRefused { annotations, cookie: Some(cookie), code });
    }

    fn c_error_set_telepointer(&mut self, cx: &mut Context<Self>, code: String) {
        self.tell(cx, BoardEvent::TelepointerRefused { code });
    }

    fn c_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, remover: i64) {
        self.changed(cx, Change::Remove { ids: vec![id], remover });
    }

    fn c_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        remover: i64,
        cookie: i32,
    ) {
        let change = Change::Remove { ids, remover };
        self.tell(cx, BoardEvent::Changed { change, cookie: Some(cookie) });
    }

    fn c_set_annotation_constraints(
        &mut self,
        cx: &mut Context<Self>,
        constraints: Vec<i32>,
        values: Vec<i32>,
    ) -> Result<(), Violation> {
        same_lengths(constraints.len(), [values.len()].into_iter())?;
        // One that is not in the table means nothing to this client.
        let known = constraints.into_iter().zip(values);
        let known = known.filter_map(|(number, value)| {
            Constraint::from_number(number).map(|constraint| (constraint, value))
        });
        let values = known.collect();
        self.tell(cx, BoardEvent::Constraints { values });
        Ok(())
    }

    fn c_set_image_file_info(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        url: String,
        key: Bytes,
        iv: Bytes,
        hash: Bytes,
    ) {
        let file = EncryptedFile { url, key, iv, hash };
        if let Err(violation) = self.all_changed(cx, vec![Change::SetImage { id, file }]) {
            cx.caller().expel(violation);
        }
    }

    fn c_set_telepointer(
        &mut self,
        cx: &mut Context<Self>,
        anchor: String,
        owner_id: i64,
        visible: bool,
    ) {
        if let Err(violation) = self.check(cx) {
            return cx.caller().expel(violation);
        }
        self.tell(cx, BoardEvent::Telepointer { user: owner_id, anchor, visible });
    }
}
