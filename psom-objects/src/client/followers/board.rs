use psom::{Context, Handle, Violation, distributed_object};

use crate::{
    annotation::{
        Change, Constraint, Property,
        batch::{Additions, PropertyChanges, TextChanges, same_lengths},
        read,
    },
    client::{
        model::{board::BoardEvent, content::ContentEvent},
        root::Root,
    },
    interfaces::{
        AnnotationContainerClient, AnnotationContainerServer, WhiteboardContentClient,
        WhiteboardContentServer,
    },
    types::EncryptedFile,
};

/// Follows a whiteboard.
#[distributed_object(
    serves = WhiteboardContentClient,
    calls = WhiteboardContentServer
)]
pub(in crate::client) struct WhiteboardFollower {
    id: i64,
    pub(in crate::client) root: Root,
    pub(in crate::client) annotations: Option<Handle<BoardFollower>>,
}

impl WhiteboardFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root, annotations: None }
    }
}

#[distributed_object]
impl WhiteboardFollower {
    #[child("annotationContainer")]
    fn connect_annotations(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Result<Handle<BoardFollower>, Violation> {
        if self.annotations.is_some() {
            return Err(Violation::new("the content has a second annotationContainer"));
        }
        let annotations = cx.add_while_connected(BoardFollower::new(self.id, self.root.clone()));
        self.annotations = Some(annotations);
        Ok(annotations)
    }
}

impl WhiteboardContentClient for WhiteboardFollower {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.report_content(cx, self.id, ContentEvent::ExtendedReady);
    }
}

/// Follows the annotations of a content. It is a child of the follower of the content.
#[distributed_object(
    serves = AnnotationContainerClient,
    calls = AnnotationContainerServer
)]
pub(in crate::client) struct BoardFollower {
    id: i64,
    pub(in crate::client) root: Root,
}

impl BoardFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }

    fn report(&self, cx: &mut Context<Self>, event: BoardEvent) {
        self.root.report_content(cx, self.id, ContentEvent::Board(event));
    }

    fn changed(&self, cx: &mut Context<Self>, change: Change) {
        self.report(cx, BoardEvent::Changed { change, cookie: None });
    }

    fn all_changed(&self, cx: &mut Context<Self>, changes: Vec<Change>) -> Result<(), Violation> {
        self.check_size(cx)?;
        changes.into_iter().for_each(|change| self.changed(cx, change));
        Ok(())
    }

    /// Refuses changes of a board that exceeds an upper bound. A board exceeds it by at most one
    /// call.
    fn check_size(&self, cx: &Context<Self>) -> Result<(), Violation> {
        if self.root.model(cx).is_some_and(|model| model.is_board_too_large(self.id)) {
            return Err(Violation::new("a board is too large"));
        }
        Ok(())
    }
}

impl AnnotationContainerClient for BoardFollower {
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
        self.report(cx, BoardEvent::AddRefused { kind, properties, code });
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
        self.report(cx, refused);
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
        // A server may leave out all values, to keep its answer short.
        let value_count = if values.is_empty() { annotations.len() } else { values.len() };
        let lengths = [generations.len(), modifiers.len(), value_count];
        let property = Property::from_name(&property);
        let is_consistent = same_lengths(annotations.len(), lengths.into_iter());
        // A refusal changes nothing, so an unreadable one is ignored.
        let (Some(property), Ok(())) = (property, is_consistent) else { return };
        let refused = BoardEvent::GroupChangeRefused {
            annotations,
            generations,
            modifiers,
            property,
            values,
            code,
        };
        self.report(cx, refused);
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
        self.report(cx, refused);
    }

    fn c_error_clear_annotations(&mut self, cx: &mut Context<Self>, code: String) {
        self.report(cx, BoardEvent::ClearRefused { code });
    }

    fn c_error_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, code: String) {
        self.report(cx, BoardEvent::RemovalRefused { annotations: vec![id], cookie: None, code });
    }

    fn c_error_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        annotations: Vec<i32>,
        code: String,
        cookie: i32,
    ) {
        self.report(cx, BoardEvent::RemovalRefused { annotations, cookie: Some(cookie), code });
    }

    fn c_error_set_telepointer(&mut self, cx: &mut Context<Self>, code: String) {
        self.report(cx, BoardEvent::TelepointerRefused { code });
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
        self.report(cx, BoardEvent::Changed { change, cookie: Some(cookie) });
    }

    fn c_set_annotation_constraints(
        &mut self,
        cx: &mut Context<Self>,
        constraints: Vec<i32>,
        values: Vec<i32>,
    ) -> Result<(), Violation> {
        same_lengths(constraints.len(), [values.len()].into_iter())?;
        // Constraints that the specification does not define are ignored.
        let known = constraints.into_iter().zip(values);
        let known = known.filter_map(|(number, value)| {
            Constraint::from_number(number).map(|constraint| (constraint, value))
        });
        let values = known.collect();
        self.report(cx, BoardEvent::Constraints { values });
        Ok(())
    }

    fn c_set_image_file_info(&mut self, cx: &mut Context<Self>, id: i32, file: EncryptedFile) {
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
        if let Err(violation) = self.check_size(cx) {
            return cx.caller().expel(violation);
        }
        self.report(cx, BoardEvent::Telepointer { user: owner_id, anchor, visible });
    }
}
