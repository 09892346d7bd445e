use std::collections::{BTreeMap, BTreeSet};

use psom::{Context, Handle, Lifecycle, PeerId, PeerInfo, Scope, distributed_object};
use serde::{Deserialize, Serialize};

use super::{
    content::Content,
    durable,
    restore::Restored,
    room::Room,
    stage::Stage,
    summary::ContentSummary,
    titles::{self, Reservation, Titles},
    uploads::UploadManager,
};
use crate::{
    interfaces::{ContentManagerClientProxy, ContentManagerServer, ContentManagerServerProxy},
    types::{Role, SetTitleStatus, TitleReservationStatus},
};

/// The contents of a meeting, the titles that are reserved for others, and the stage (section
/// 3.3.4.1.3).
#[distributed_object(
    serves = ContentManagerServer,
    calls = ContentManagerClient,
    connects = UploadManager
)]
pub struct ContentManager {
    pub(super) room: Room,
    uploads: Handle<UploadManager>,
    pub(super) contents: BTreeMap<i64, Handle<Content>>,
    pub(super) last_id: i64,
    pub(super) titles: Titles,
    stage: Stage,
    last_order: i64,
    /// What each client has been told.
    told: BTreeMap<PeerId, Told>,
}

/// The content manager as it is saved.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedContents {
    pub(super) last_id: i64,
    pub(super) last_order: i64,
}

#[derive(Default)]
struct Told {
    contents: BTreeSet<i64>,
    stage: Stage,
}

#[distributed_object]
impl ContentManager {
    /// A content that the caller may not see does not exist for them.
    #[child("content.{content_id}")]
    fn content(&mut self, cx: &mut Context<Self>, content_id: i64) -> Option<Handle<Content>> {
        let caller = cx.caller().id()?;
        self.seen(caller, content_id)
    }
}

impl ContentManager {
    pub(super) fn new(room: Room, uploads: Handle<UploadManager>) -> Self {
        Self {
            room,
            uploads,
            contents: BTreeMap::new(),
            last_id: 0,
            titles: Titles::default(),
            stage: Stage::default(),
            last_order: 0,
            told: BTreeMap::new(),
        }
    }

    /// Goes on from where an earlier run of the server stopped.
    pub(super) fn take_over(&mut self, restored: Restored) {
        let Restored { contents, numbers, .. } = restored;
        (self.last_id, self.last_order) = (numbers.last_id, numbers.last_order);
        self.contents = contents;
    }

    /// Saves the numbers that are never given again.
    pub(super) fn save(&self, scope: &mut Scope) {
        let saved = SavedContents { last_id: self.last_id, last_order: self.last_order };
        durable::save(scope, "contents", &saved);
    }

    /// A content, if this client has been told of it: any other does not exist for it.
    pub(super) fn seen(&self, peer: PeerId, content: i64) -> Option<Handle<Content>> {
        self.told.get(&peer).filter(|told| told.contents.contains(&content))?;
        self.contents.get(&content).copied()
    }

    /// A content has another visibility: those who see it no longer are told that it is gone, and
    /// then those who do what it is.
    pub(super) fn on_visibility(&mut self, cx: &mut Context<Self>, content: i64) {
        self.sync(cx);
        if let Some(content) = self.contents.get(&content) {
            let _ = cx.tell(*content, |content, cx| content.tell_visibility(cx));
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// How many contents there are.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    pub(super) fn summary(&self, scope: &Scope) -> Vec<ContentSummary> {
        let contents = self.contents.values().filter_map(|content| scope.get(*content).ok());
        contents.map(Content::summary).collect()
    }

    /// Tells every client what has changed for it: contents that it sees now or sees no longer, and
    /// the stage as far as it sees it.
    pub(super) fn sync(&mut self, cx: &mut Context<Self>) {
        for peer in cx.peer_infos() {
            self.sync_peer(cx, &peer);
        }
    }

    fn sync_peer(&mut self, cx: &mut Context<Self>, peer: &PeerInfo) {
        let role = self.room.role(cx, peer.user.id);
        let contents = &self.contents;
        let told = &mut self.told.entry(peer.id).or_default().contents;
        let sees = |cx: &Context<Self>, content: &Handle<Content>| {
            let content = cx.get(*content).ok()?;
            role.sees(content.visibility).then_some(content.kind)
        };
        let is_hidden = |id: &i64| contents.get(id).and_then(|content| sees(cx, content)).is_none();
        let hidden: Vec<_> = told.iter().copied().filter(is_hidden).collect();
        let others = contents.iter().filter(|(id, _)| !told.contains(id));
        let others = others.filter_map(|(id, content)| Some((*id, sees(cx, content)?)));
        let shown: Vec<_> = others.collect();
        if let Some(mut client) = cx.peer(peer.id) {
            for id in &hidden {
                told.remove(id);
                client.c_content_removed(*id);
            }
            for (id, kind) in shown {
                told.insert(id);
                client.c_content_added(id, kind);
            }
        }
        self.tell_stage(cx, &[peer.id]);
        for content in hidden.iter().filter_map(|id| self.contents.get(id)) {
            let peer = peer.id;
            let _ = cx.tell(*content, move |content, cx| content.hide_from(cx, peer));
        }
    }

    /// Tells these clients of the stage, as far as they see it, where they were told otherwise.
    fn tell_stage(&mut self, cx: &mut Context<Self>, peers: &[PeerId]) {
        let (mut see, mut see_none, mut others) =
            <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        for peer in peers {
            let Some(told) = self.told.get_mut(peer) else { continue };
            // A content that this client does not see is not on its stage.
            let sees = told.contents.contains(&self.stage.content);
            let stage = if sees { self.stage } else { Stage { content: 0, ..self.stage } };
            let before = std::mem::replace(&mut told.stage, stage);
            if before.content != stage.content {
                if sees { &mut see } else { &mut see_none }.insert(*peer);
            }
            if before.presenter != stage.presenter {
                others.insert(*peer);
            }
        }
        for (peers, content) in [(see, self.stage.content), (see_none, 0)] {
            cx.peers().filter(|peer| peers.contains(&peer.id)).c_set_active_content(content);
        }
        let mut others = cx.peers().filter(|peer| others.contains(&peer.id));
        others.c_set_active_presenter(self.stage.presenter);
    }

    /// A user has become something else.
    pub(super) fn on_role(&mut self, cx: &mut Context<Self>, user: i64) {
        let room = self.room.clone();
        let (role, policy) = (room.role(cx, user), room.policy());
        if !policy.may_upload(role) {
            for released in self.titles.release(|reserved| reserved.user == user) {
                if let Some(mut client) = cx.peer(released.peer) {
                    client.c_title_released(released.cookie);
                }
            }
            let _ = cx.tell(self.uploads, move |uploads, cx| uploads.on_demoted(cx, user));
        }
        if !policy.may_present(role) {
            self.set_stage(cx, self.stage.leave(user));
        }
        for peer in cx.peer_infos().into_iter().filter(|peer| peer.user.id == user) {
            self.sync_peer(cx, &peer);
        }
        self.tell_contents(cx, user, Some(role));
    }

    /// Tells all contents that a user has become something else, or has left.
    fn tell_contents(&self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        for content in self.contents.values() {
            let _ = cx.tell(*content, move |content, cx| content.user_changed(cx, user, role));
        }
    }

    fn may_present(&self, scope: &Scope, user: i64) -> bool {
        self.room.policy().may_present(self.room.role(scope, user))
    }

    /// Puts a content on the stage.
    pub(super) fn present(&mut self, cx: &mut Context<Self>, user: i64, content: i64) {
        if self.may_present(cx, user) && self.contents.contains_key(&content) {
            self.set_stage(cx, self.stage.present(user, content));
        }
    }

    /// Takes a content off the stage, and the user with it.
    pub(super) fn stop(&mut self, cx: &mut Context<Self>, user: i64, content: i64) {
        self.set_stage(cx, self.stage.stop(user, content));
    }

    /// Shows a presented content before all others.
    pub(super) fn make_highest(&mut self, cx: &mut Context<Self>, user: i64, content: i64) {
        if self.stage.content == content && self.may_present(cx, user) {
            self.last_order += 1;
            self.save(cx);
            let order = self.last_order;
            if let Some(content) = self.contents.get(&content) {
                let _ = cx.tell(*content, move |content, cx| content.set_order(cx, order));
            }
        }
    }

    /// Anybody may ask for what changes nothing, as often as they like: it costs nothing.
    fn set_stage(&mut self, cx: &mut Context<Self>, stage: Stage) {
        let before = std::mem::replace(&mut self.stage, stage);
        if before == stage {
            return;
        }
        if before.content != stage.content
            && let Some(content) = self.contents.get(&before.content)
        {
            let _ = cx.tell(*content, |content, cx| content.set_presenter(cx, None, 0));
        }
        if let Some(content) = self.contents.get(&stage.content) {
            self.last_order += 1;
            self.save(cx);
            let (presenter, order) = (stage.presenter, self.last_order);
            let _ = cx.tell(*content, move |content, cx| {
                content.set_presenter(cx, Some(presenter), order);
            });
        }
        let peers: Vec<_> = self.told.keys().copied().collect();
        self.tell_stage(cx, &peers);
    }

    /// Who has a title: a content and its owner.
    pub(super) fn owner_of(&self, scope: &Scope, title: &str) -> Option<(i64, i64)> {
        let contents = self.contents.iter();
        let contents = contents.filter_map(|(id, content)| Some((*id, scope.get(*content).ok()?)));
        contents
            .filter(|(_, content)| titles::same(&content.title, title))
            .map(|(id, content)| (id, content.owner))
            .next()
    }

    /// Gives a content a new title, if it is free, and has the content tell so.
    pub(super) fn rename(&mut self, cx: &mut Context<Self>, id: i64, title: String, asked: PeerId) {
        let status = match (self.owner_of(cx, &title), self.titles.by_title(&title)) {
            (Some((owner, _)), _) if owner != id => SetTitleStatus::FailedTitleExists,
            (_, Some(_)) => SetTitleStatus::FailedReservedForCreation,
            _ => SetTitleStatus::Success,
        };
        if let Some(content) = self.contents.get(&id) {
            let _ = cx.tell(*content, move |content, cx| content.rename(cx, title, status, asked));
        }
    }

    fn reserve(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        cookie: i32,
        external_id: Option<&str>,
    ) {
        use TitleReservationStatus as Status;
        let user = cx.caller().user().id;
        let Some(peer) = cx.caller().id() else { return };
        let (policy, limits) = (self.room.policy(), self.room.limits());
        let role = self.room.role(cx, user);
        let locked = external_id.and_then(|id| self.titles.by_external_id(id));
        let (status, content, owner) = if !policy.may_upload(role) {
            (Status::FailedNotAuthorized, 0, 0)
        } else if !policy.takes_title(title, limits) {
            (Status::FailedInvalidTitle, 0, 0)
        } else if !policy.takes_extension(&titles::extension(title)) {
            (Status::FailedInvalidExtension, 0, 0)
        } else if self.titles.has_cookie(peer, cookie) {
            (Status::FailedCookieInUse, 0, user)
        } else if self.titles.count(user) >= limits.reservations {
            (Status::FailedReservationMaxExceeded, 0, user)
        } else if let Some((content, owner)) = self.owner_of(cx, title) {
            // Of a content that the client does not see it learns only that the title is taken.
            let seen = self.seen(peer, content).map_or((0, 0), |_| (content, owner));
            (Status::FailedReservedForCreation, seen.0, seen.1)
        } else if let Some(other) = self.titles.by_title(title) {
            (Status::FailedReservedForCreation, 0, other.user)
        } else if let Some(other) = locked {
            (Status::FailedExternalIdLockedForCreate, 0, other.user)
        } else {
            (Status::ReservedForCreation, 0, user)
        };
        if status == Status::ReservedForCreation {
            let (title, external_id) = (title.to_owned(), external_id.map(str::to_owned));
            self.titles.reserve(Reservation { peer, user, cookie, title, external_id });
        }
        cx.caller().c_reserve_title_completed(status, cookie, content, owner);
    }
}

impl ContentManagerServer for ContentManager {
    fn s_delete_content(&mut self, cx: &mut Context<Self>, content_id: i64) {
        let user = cx.caller().user().id;
        let caller = cx.caller().id();
        let seen = caller.and_then(|caller| self.seen(caller, content_id));
        let Some(handle) = seen else { return };
        let Ok(content) = cx.get(handle) else { return };
        let owns = content.owner == user;
        if !self.room.policy().may_change_content(self.room.role(cx, user), owns) {
            return;
        }
        tracing::info!(content = content_id, title = content.title, user, "Deleted a content");
        self.contents.remove(&content_id);
        // The content disconnects itself from everybody; it was told of before.
        self.sync(cx);
        self.set_stage(cx, self.stage.without(content_id));
        let _ = cx.tell(handle, |content, cx| content.delete(cx));
    }

    fn s_present(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        if self.may_present(cx, user) {
            self.set_stage(cx, self.stage.claim(user));
        }
    }

    fn s_release_title(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let Some(peer) = cx.caller().id() else { return };
        let is_it = |reserved: &Reservation| reserved.peer == peer && reserved.cookie == cookie;
        if !self.titles.release(is_it).is_empty() {
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
        // A client that speaks no version of it uploads nothing; everything else goes on.
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
        caller.map(|caller| self.told.remove(&caller));
        let still_there = cx.peer_infos().iter().any(|peer| peer.user.id == user);
        if !still_there {
            self.set_stage(cx, self.stage.leave(user));
            self.tell_contents(cx, user, None);
        }
        // Whoever closes this has left the meeting.
        cx.caller().hang_up();
    }
}
