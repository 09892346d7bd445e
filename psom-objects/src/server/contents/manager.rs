use std::collections::{BTreeMap, BTreeSet};

use psom::{Context, Durable, Handle, Lifecycle, PeerId, Scope, distributed_object};

use super::{
    content::{Content, ContentRequest, RequestedAction},
    numbers::ContentNumbers,
    restoring::{self, Restored},
};
use crate::{
    interfaces::{ContentManagerClient, ContentManagerServer},
    server::{
        content_type::ContentTypes,
        context::MeetingContext,
        durable::{RestoreError, SavedState, SetAsideContent},
        mailbox::{Mailbox, Receive},
        stage::Stage,
        summary::ContentSummary,
        titles::{Reservation, Titles},
        uploads::manager::UploadManager,
    },
};

/// The contents of a meeting, the titles that are reserved for others, and the stage (section
/// 3.3.4.1.3).
#[distributed_object(
    serves = ContentManagerServer,
    calls = ContentManagerClient,
    connects = UploadManager
)]
pub struct ContentManager {
    pub(super) meeting: MeetingContext,
    pub(super) types: ContentTypes,
    pub(super) uploads: Handle<UploadManager>,
    pub(super) contents: BTreeMap<i64, Handle<Content>>,
    pub(super) numbers: Durable<ContentNumbers>,
    pub(super) titles: Titles,
    pub(super) stage: Stage,
    /// The contents and the stage that each client knows.
    pub(super) known: BTreeMap<PeerId, Known>,
}

/// The contents and the stage that a client knows from the calls that it was sent.
#[derive(Default)]
pub(super) struct Known {
    pub(super) contents: BTreeSet<i64>,
    pub(super) stage: Stage,
}

#[distributed_object]
impl ContentManager {
    /// Returns a content that the caller may see. Other contents do not exist for the caller.
    #[child("content.{content_id}")]
    fn content(&mut self, cx: &mut Context<Self>, content_id: i64) -> Option<Handle<Content>> {
        let caller = cx.caller().id()?;
        self.seen(caller, content_id)
    }
}

impl ContentManager {
    pub(in crate::server) fn new(
        meeting: MeetingContext,
        types: ContentTypes,
        uploads: Handle<UploadManager>,
    ) -> Self {
        Self {
            meeting,
            types,
            uploads,
            contents: BTreeMap::new(),
            numbers: Durable::restored("", ContentNumbers::default()),
            titles: Titles::default(),
            stage: Stage::default(),
            known: BTreeMap::new(),
        }
    }

    /// Restores the contents of a new manager from the meeting's saved state. Returns those that
    /// are set aside.
    ///
    /// # Errors
    /// A saved value cannot be read, or a file is missing.
    pub(in crate::server) fn restore(
        scope: &mut Scope,
        this: Handle<Self>,
        meeting: &MeetingContext,
        types: &ContentTypes,
        state: &SavedState,
    ) -> Result<Vec<SetAsideContent>, RestoreError> {
        let restored = restoring::contents(scope, meeting, types, Mailbox::of(this), state)?;
        let Restored { contents, numbers, aside } = restored;
        scope.tell(this, move |manager, _| {
            manager.numbers = Durable::restored("", numbers);
            manager.contents = contents;
        });
        Ok(aside)
    }

    /// Returns a content that was announced to this client. All others do not exist for it.
    pub(super) fn seen(&self, peer: PeerId, content: i64) -> Option<Handle<Content>> {
        self.known.get(&peer).filter(|known| known.contents.contains(&content))?;
        self.contents.get(&content).copied()
    }

    pub(in crate::server) fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the number of contents.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Reports whether the meeting has no contents.
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    pub(in crate::server) fn summary(&self, scope: &Scope) -> Vec<ContentSummary> {
        let contents = self.contents.values().filter_map(|content| scope.get(*content).ok());
        contents.map(Content::summary).collect()
    }

    /// Applies the changed role of a user.
    pub(in crate::server) fn on_role(&mut self, cx: &mut Context<Self>, user: i64) {
        let meeting = self.meeting.clone();
        let (role, policy) = (meeting.role(cx, user), meeting.policy());
        if !policy.may_upload(role) {
            for released in self.titles.release(|reserved| reserved.user == user) {
                if let Some(client) = cx.peer(released.peer) {
                    client.c_title_released(released.cookie);
                }
            }
            cx.tell(self.uploads, move |uploads, cx| uploads.on_demoted(cx, user));
        }
        if !policy.may_present(role) {
            self.set_stage(cx, self.stage.leave(user));
        }
        for peer in cx.peer_infos().into_iter().filter(|peer| peer.user.id == user) {
            self.sync_peer(cx, &peer);
        }
        self.notify_contents(cx, user, Some(role));
    }
}

impl Receive<ContentRequest> for ContentManager {
    fn receive(&mut self, cx: &mut Context<Self>, request: ContentRequest) {
        let ContentRequest { content, action } = request;
        match action {
            RequestedAction::Present { user } => self.present(cx, user, content),
            RequestedAction::StopPresenting { user } => self.stop(cx, user, content),
            RequestedAction::MakeHighest { user } => self.make_highest(cx, user, content),
            RequestedAction::Rename { title, requester } => {
                self.rename(cx, content, title, requester);
            }
            RequestedAction::ChangeVisibility => self.visibility_changed(cx, content),
        }
    }
}

impl ContentManagerServer for ContentManager {
    fn s_delete_content(&mut self, cx: &mut Context<Self>, content_id: i64) {
        let user = cx.caller().user().id;
        let caller = cx.caller().id();
        let seen = caller.and_then(|caller| self.seen(caller, content_id));
        let Some(handle) = seen else { return };
        let Ok(content) = cx.get(handle) else { return };
        let owns = content.properties().owner == user;
        if !self.meeting.policy().may_change_content(self.meeting.role(cx, user), owns) {
            return;
        }
        tracing::info!(
            content = content_id,
            title = content.properties().title,
            user,
            "deleted a content"
        );
        self.contents.remove(&content_id);
        // Announce the removal first. The content then disconnects itself from all clients.
        self.sync(cx);
        self.set_stage(cx, self.stage.without(content_id));
        cx.tell(handle, |content, cx| content.delete(cx));
    }

    fn s_present(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        if self.may_present(cx, user) {
            self.set_stage(cx, Stage::claimed(user));
        }
    }

    fn s_release_title(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let Some(peer) = cx.caller().id() else { return };
        let matches = |reserved: &Reservation| reserved.peer == peer && reserved.cookie == cookie;
        if !self.titles.release(matches).is_empty() {
            cx.caller().c_title_released(cookie);
        }
    }

    fn s_reserve_title(&mut self, cx: &mut Context<Self>, title: &str, cookie: i32) {
        self.reserve(cx, title, cookie, None);
    }

    fn s_reserve_title_with_id(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        cookie: i32,
        external_id: &str,
    ) {
        self.reserve(cx, title, cookie, Some(external_id));
    }

    fn s_stop_presenting(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        self.set_stage(cx, self.stage.leave(user));
    }
}

impl Lifecycle for ContentManager {
    fn connected(&mut self, cx: &mut Context<Self>) {
        // A client without a common version of this interface cannot upload. Everything else works.
        let _ = cx.caller().connect("uploadManager", self.uploads);
        let caller = cx.caller().info().cloned();
        if let Some(caller) = caller {
            self.sync_peer(cx, &caller);
        }
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        let caller = cx.caller().id();
        self.titles.release(|reserved| Some(reserved.peer) == caller);
        caller.map(|caller| self.known.remove(&caller));
        let is_connected = cx.peer_infos().iter().any(|peer| peer.user.id == user);
        if !is_connected {
            self.set_stage(cx, self.stage.leave(user));
            self.notify_contents(cx, user, None);
        }
        // A client that closes this object leaves the meeting.
        cx.caller().dismiss();
    }
}
