use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use psom::{
    Context, Durable, Handle, Interface as _, Lifecycle, Memory, PeerId, Prepared, Scope,
    distributed_object,
};

use super::{
    limits,
    pending::Pending,
    state::{BoardChange, BoardState},
};
use crate::{
    annotation::{Annotation, Board, Change, Constraint, ErrorCode, Kind, Properties, batch},
    interfaces::{
        AnnotationContainerClient, AnnotationContainerClientProxy, AnnotationContainerServer,
    },
    server::{
        content_type::{ContentRef, OldContent, Refusal},
        context::MeetingContext,
    },
    store::StoredFile,
    types::Role,
};

/// The annotations of a content (section 3.3.4.1.8).
///
/// A content that can be annotated has one as a child. The content connects it to its clients as
/// [`PART`](Self::PART), passes on [images](Self::add_image) and [changes of
/// users](Self::user_changed), disconnects it together with itself, and removes it when it is
/// deleted. Telepointers are not durable.
#[distributed_object(serves = AnnotationContainerServer, calls = AnnotationContainerClient)]
#[derive(Debug)]
pub struct AnnotationContainer {
    pub(super) meeting: MeetingContext,
    content: ContentRef,
    pub(super) state: Durable<BoardState>,
    /// The position of each user's telepointer.
    pub(super) pointers: BTreeMap<i64, String>,
    /// Changes that are not yet announced.
    pending: Pending,
    /// Whether the pending changes will be announced at the end of the turn.
    is_scheduled: bool,
    /// The calls that send the board to a newcomer, until the board changes.
    snapshot: Option<Prepared>,
    /// Whether a timer will drop the snapshot.
    snapshot_expires: bool,
}

/// The time for which the marshaled snapshot of a board is kept. Newcomers often arrive together, for
/// example when a content is presented, and share the snapshot. A board that nobody joins keeps no
/// memory for it.
const SNAPSHOT_LIFETIME: Duration = Duration::from_secs(5);

impl AnnotationContainer {
    /// The part name under which it is connected (section 3.1.4.1.13.2).
    pub const PART: &'static str = "annotationContainer";

    /// Returns an empty board for a content. An empty board has no saved values.
    pub fn new(meeting: MeetingContext, content: ContentRef, memory: &Memory) -> Self {
        Self::with(meeting, content, memory.restored(BoardState::default()))
    }

    /// Restores the board of a content.
    ///
    /// # Errors
    /// A saved annotation cannot be read.
    pub(in crate::server) fn restore(old: &OldContent<'_>) -> Result<Self, Refusal> {
        let state = BoardState::restore(&old.saved, &old.meeting)?;
        Ok(Self::with(old.meeting.clone(), old.content.clone(), old.memory.restored(state)))
    }

    fn with(meeting: MeetingContext, content: ContentRef, state: Durable<BoardState>) -> Self {
        let (pointers, pending) = (BTreeMap::new(), Pending::default());
        Self {
            meeting,
            content,
            state,
            pointers,
            pending,
            is_scheduled: false,
            snapshot: None,
            snapshot_expires: false,
        }
    }

    /// Returns the current annotations.
    pub fn board(&self) -> &Board {
        self.state.board()
    }

    /// Hides the telepointer of a user who has left the meeting or may not annotate any more.
    pub fn user_changed(scope: &mut Scope, this: Handle<Self>, user: i64, role: Option<Role>) {
        scope.tell(this, move |container, cx| {
            let policy = container.meeting.policy();
            if !role.is_some_and(|role| policy.may_annotate(role)) {
                container.hide_pointer(cx, user);
            }
        });
    }

    /// Hides a user's telepointer at its last position.
    fn hide_pointer(&mut self, cx: &mut Context<Self>, user: i64) {
        if let Some(anchor) = self.pointers.remove(&user) {
            cx.peers().c_set_telepointer(&anchor, user, false);
        }
    }

    /// Reports whether the caller may annotate.
    pub(super) fn may_annotate(&self, cx: &mut Context<Self>) -> bool {
        let user = cx.caller().user().id;
        self.meeting.policy().may_annotate(self.meeting.role(cx, user))
    }

    /// Makes a change, and announces it with others of its kind at the end of the turn.
    pub(super) fn make(&mut self, cx: &mut Context<Self>, change: Change) {
        if !self.pending.takes(&change) {
            self.flush(cx);
        }
        if !std::mem::replace(&mut self.is_scheduled, true) {
            cx.at_end_of_turn(|container, cx| {
                container.is_scheduled = false;
                container.flush(cx);
            });
        }
        self.pending.push(&change);
        if self.pending.is_full() {
            self.flush(cx);
        }
        self.change(cx, change.into());
    }

    /// Changes the state. The snapshot for newcomers is out of date afterwards. Returns the files of
    /// removed images.
    pub(super) fn change(
        &mut self,
        cx: &mut Context<Self>,
        change: BoardChange,
    ) -> Vec<StoredFile> {
        self.snapshot = None;
        self.state.change(cx, change)
    }

    /// Announces all pending changes to all clients. Must precede an answer, so that the answer refers
    /// to a state that the client knows.
    pub(super) fn flush(&mut self, cx: &mut Context<Self>) {
        std::mem::take(&mut self.pending).send(&mut cx.peers());
    }

    /// Reports whether the board has room for another annotation, or for more bytes of one.
    pub(super) fn has_room(&self, more: usize) -> Result<(), ErrorCode> {
        let size = self.state.bytes().saturating_add(more);
        if size > limits::MAX_BOARD_BYTES { Err(ErrorCode::BoardFull) } else { Ok(()) }
    }

    /// Reports whether an annotation of this type with these properties can be added.
    pub(super) fn takes(&self, kind: Kind, properties: &Properties) -> Result<(), ErrorCode> {
        let limits = &self.meeting.limits().annotations;
        if self.state.count(kind) >= limits.count(kind) || self.state.last_id() == i32::MAX {
            self.meeting.limits().hits.count(match kind {
                Kind::Drawing => "drawings",
                Kind::Text => "texts",
                Kind::Image => "images",
            });
            return Err(ErrorCode::TooManyAnnotations);
        }
        limits.check(kind, properties)?;
        self.has_room(batch::size(properties))
    }

    /// Adds an annotation, and returns its identifier.
    pub(super) fn add(&mut self, cx: &mut Context<Self>, annotation: Annotation) -> i32 {
        let id = self.state.last_id() + 1;
        self.make(cx, Change::Add { id, annotation });
        id
    }

    /// Removes existing annotations and their files.
    pub(super) fn remove(&mut self, cx: &mut Context<Self>, change: Change) {
        self.flush(cx);
        let removed = self.change(cx, change.into());
        self.content.discard_all(cx, removed.into_iter().map(|file| file.name).collect());
    }

    /// Sends the snapshot of the board to a newcomer.
    fn send_snapshot(&mut self, cx: &mut Context<Self>, newcomer: PeerId) {
        if self.snapshot.is_none() {
            self.snapshot = Some(self.prepare_snapshot());
        }
        let mut client = cx.only(&BTreeSet::from([newcomer]));
        if let Some(snapshot) = &self.snapshot {
            client.send(snapshot);
        }
        for (user, anchor) in &self.pointers {
            client.c_set_telepointer(anchor, *user, true);
        }
        if !std::mem::replace(&mut self.snapshot_expires, true) {
            cx.after(SNAPSHOT_LIFETIME, |container, _| {
                (container.snapshot, container.snapshot_expires) = (None, false);
            });
        }
    }

    /// Marshals the calls that send the board.
    fn prepare_snapshot(&self) -> Prepared {
        let limits = &self.meeting.limits().annotations;
        let numbers: Vec<_> = Constraint::ALL.iter().map(|of| of.number()).collect();
        let values: Vec<_> = Constraint::ALL.iter().map(|of| limits.get(*of)).collect();
        let mut client = AnnotationContainerClientProxy::proxy(Prepared::default());
        client.c_set_annotation_constraints(&numbers, &values);
        // The call is sent for an empty board, too.
        let mut call = Pending::Additions(batch::Additions::default());
        let additions = self.board().iter().map(|(id, annotation)| {
            let annotation = annotation.clone();
            Change::Add { id, annotation }
        });
        // The call that adds an annotation has no text version. An empty change of the text
        // announces it.
        let edited = self.board().iter().filter(|(_, annotation)| annotation.text_version != 0);
        let versions = edited.map(|(id, annotation)| Change::SetText {
            id,
            generation: annotation.generation,
            modifier: annotation.modifier,
            text_version: annotation.text_version,
            deltas: Vec::new(),
        });
        for change in additions.chain(versions) {
            if call.is_full() || !call.takes(&change) {
                std::mem::take(&mut call).send(&mut client);
            }
            call.push(&change);
        }
        call.send(&mut client);
        for (id, annotation) in self.board().iter() {
            if let Some(file) = &annotation.file {
                client.c_set_image_file_info(id, file.clone());
            }
        }
        std::mem::take(&mut *client)
    }
}

impl Lifecycle for AnnotationContainer {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let Some(newcomer) = cx.caller().id() else { return };
        // The snapshot includes the pending changes, so announce them to the others first.
        std::mem::take(&mut self.pending).send(&mut cx.others());
        self.send_snapshot(cx, newcomer);
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let (closed, user) = (cx.caller().id(), cx.caller().user().id);
        let remains = |info: &psom::PeerInfo| info.user.id == user && Some(info.id) != closed;
        if !cx.peer_infos().iter().any(remains) {
            self.hide_pointer(cx, user);
        }
    }
}
