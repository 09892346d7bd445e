use psom::{AnyHandle, Context, Durable, Handle, Lifecycle, PeerId, Scope, distributed_object};

use super::state::{ContentChange, ContentFile, ContentFiles, ContentProperties, ContentState};
use crate::{
    interfaces::{ContentClient, ContentServer},
    server::{
        content_type::{Addition, ContentRef, ContentUpdate, ExtendedContent, Reply},
        context::MeetingContext,
        durable,
        mailbox::{Mailbox, Receive},
        summary::ContentSummary,
        titles,
    },
    store::StoredFile,
    types::{ContentVisibility, Role, SetTitleStatus},
};

/// A content: its title, owner, visibility and place on the stage (section 3.3.4.1.6). The state of
/// its type is in its `extendedContent`.
// The manifest determines the type of `extendedContent`, so the meeting declares the interfaces of
// all registered types.
#[distributed_object(serves = ContentServer, calls = ContentClient)]
pub struct Content {
    state: Durable<ContentState>,
    meeting: MeetingContext,
    manager: Mailbox<ContentRequest>,
    pub(super) kind: &'static str,
    /// The user who presents the content. `None` if it is not on the stage.
    presenter: Option<i64>,
    order: i64,
    /// The object behind `extendedContent`.
    extended: Box<dyn ExtendedContent>,
}

/// A request to a content that its manager handles, because it concerns other contents too.
#[derive(Debug)]
pub(super) struct ContentRequest {
    /// The content that received the request.
    pub(super) content: i64,
    pub(super) action: RequestedAction,
}

/// A client's request to a content.
#[derive(Debug)]
pub(super) enum RequestedAction {
    /// The user presents the content.
    Present { user: i64 },
    /// The user stops presenting the content.
    StopPresenting { user: i64 },
    /// The user moves the presented content above all others.
    MakeHighest { user: i64 },
    /// A client requests another title.
    Rename { title: String, requester: PeerId },
    /// The visibility has changed.
    ChangeVisibility,
}

#[distributed_object]
impl Content {
    #[child("extendedContent")]
    fn extended_content(&mut self) -> AnyHandle {
        self.extended.handle()
    }
}

impl Content {
    /// Returns a content that is not on the stage.
    pub(super) fn new(
        meeting: MeetingContext,
        manager: Mailbox<ContentRequest>,
        kind: &'static str,
        state: Durable<ContentState>,
        extended: Box<dyn ExtendedContent>,
    ) -> Self {
        Self { state, meeting, manager, kind, presenter: None, order: 0, extended }
    }

    pub(super) fn id(&self) -> i64 {
        self.state.id()
    }

    pub(super) fn properties(&self) -> &ContentProperties {
        self.state.properties()
    }

    pub(super) fn files(&self) -> &ContentFiles {
        self.state.files()
    }

    /// Returns the object behind `extendedContent`.
    #[cfg(feature = "offline")]
    pub(in crate::server) fn extended(&self) -> AnyHandle {
        self.extended.handle()
    }

    /// Returns the user who created the content.
    #[cfg(feature = "offline")]
    pub(in crate::server) fn owner(&self) -> i64 {
        self.properties().owner
    }

    /// Returns the reference that a content type uses to change its content.
    pub(super) fn reference(content: Handle<Self>) -> ContentRef {
        ContentRef(Mailbox::of(content))
    }

    /// Puts the content on the stage or removes it, and notifies the clients that see it.
    pub(super) fn set_presenter(
        &mut self,
        cx: &mut Context<Self>,
        presenter: Option<i64>,
        order: i64,
    ) {
        let changed = self.presenter != presenter;
        self.presenter = presenter;
        if changed {
            cx.peers().c_set_present_info(presenter.is_some(), presenter.unwrap_or(0));
        }
        self.set_order(cx, order);
        if changed && presenter.is_some() {
            let now = self.meeting.utc(cx.now());
            cx.peers().c_set_last_used_time(&now);
            self.state.change(cx, ContentChange::LastUsed(now));
        }
    }

    /// Sets the position among the presented contents.
    pub(super) fn set_order(&mut self, cx: &mut Context<Self>, order: i64) {
        if self.order != order {
            self.order = order;
            cx.peers().c_set_presentation_order(order);
        }
    }

    /// Answers a request to rename the content. If it succeeded, saves the title and announces it.
    pub(super) fn rename(
        &mut self,
        cx: &mut Context<Self>,
        title: String,
        status: SetTitleStatus,
        requester: PeerId,
    ) {
        if status == SetTitleStatus::Success {
            self.state.change(cx, ContentChange::Title(title.clone()));
            cx.peers().c_set_title(&title);
        }
        if let Some(client) = cx.peer(requester) {
            client.c_set_title_complete(
                status,
                psom::wire::encoded_prefix(&title, psom::wire::MAX_STRING_BYTES),
            );
        }
    }

    /// Disconnects the content from a client that may not see it any more.
    pub(super) fn hide_from(&self, cx: &mut Context<Self>, peer: PeerId) {
        let this = cx.handle();
        let _ = cx.disconnect(self.extended.handle(), peer);
        let _ = cx.disconnect(this, peer);
    }

    /// Saves the URL and announces it to clients of version 10. Version 1 has no such method.
    fn set_original_file_url(&mut self, cx: &mut Context<Self>, url: String) {
        cx.peers().c_set_original_file_url(&url);
        self.state.change(cx, ContentChange::OriginalFileUrl(url));
    }

    fn set_viewing_url(&mut self, cx: &mut Context<Self>, url: String) {
        cx.peers().c_set_viewing_url(&url);
        self.state.change(cx, ContentChange::ViewingUrl(url));
    }

    fn set_native_file(&mut self, cx: &mut Context<Self>, file: StoredFile) {
        cx.peers().c_set_native_file_info(file.native());
        self.state.change(cx, ContentChange::NativeFile(file));
    }

    fn keep(&mut self, cx: &mut Context<Self>, name: String, stored: StoredFile) {
        let key = stored.name.clone();
        let files = ContentFiles::from([(key, ContentFile { name, stored })]);
        self.state.change(cx, ContentChange::AddFiles(files));
    }

    /// Removes files, by their names on the file server, from the content and from the store.
    fn discard(&mut self, cx: &mut Context<Self>, names: Vec<String>) {
        for file in names.iter().filter_map(|name| self.state.files().get(name)) {
            self.meeting.remove_file(cx, &file.stored);
        }
        self.state.change(cx, ContentChange::RemoveFiles(names));
    }

    /// Passes a package to the extended content. The package's files belong to the content unless
    /// the package is refused.
    pub(super) fn add(
        &mut self,
        cx: &mut Context<Self>,
        addition: Addition,
        files: ContentFiles,
        end: Reply,
    ) {
        // The extended content may discard a file while it handles the package.
        let names: Vec<_> = files.keys().cloned().collect();
        self.state.change(cx, ContentChange::AddFiles(files));
        let this = cx.handle();
        self.extended.add(
            cx,
            addition,
            Box::new(move |scope, result| {
                if result.is_err() {
                    scope.tell(this, move |content, cx| {
                        content.state.change(cx, ContentChange::RemoveFiles(names));
                    });
                }
                end(scope, result);
            }),
        );
    }

    /// Removes the content, its saved state and its files.
    pub(super) fn delete(&self, cx: &mut Context<Self>) {
        self.extended.delete(cx);
        cx.erase(durable::content_key(self.id()));
        cx.erase(durable::files_key(self.id()));
        self.files().values().for_each(|file| self.meeting.remove_file(cx, &file.stored));
        let this = cx.handle();
        cx.remove(this);
    }

    /// Passes on the changed role of a user, or `None` for a user who has left.
    pub(super) fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>) {
        self.extended.user_changed(scope, user, role);
    }

    /// Announces the visibility to the clients that see the content.
    pub(super) fn announce_visibility(&self, cx: &mut Context<Self>) {
        cx.peers().c_set_visibility(self.properties().visibility);
    }

    pub(super) fn summary(&self) -> ContentSummary {
        let properties = self.properties();
        ContentSummary {
            id: self.id(),
            title: properties.title.clone(),
            r#type: self.kind.to_owned(),
            owner_id: properties.owner,
            visibility: properties.visibility,
            presented: self.presenter.is_some(),
            size: properties.native_file.as_ref().map(|file| file.size),
        }
    }

    fn request(&self, cx: &mut Context<Self>, action: RequestedAction) {
        self.manager.send(cx, ContentRequest { content: self.id(), action });
    }

    /// Reports whether the caller may rename, show, hide or delete the content.
    fn may_change(&self, cx: &mut Context<Self>) -> bool {
        let user = cx.caller().user().id;
        let role = self.meeting.role(cx, user);
        self.meeting.policy().may_change_content(role, user == self.properties().owner)
    }
}

impl Receive<ContentUpdate> for Content {
    fn receive(&mut self, cx: &mut Context<Self>, update: ContentUpdate) {
        match update {
            ContentUpdate::NativeFile(file) => self.set_native_file(cx, file),
            ContentUpdate::OriginalFileUrl(url) => self.set_original_file_url(cx, url),
            ContentUpdate::ViewingUrl(url) => self.set_viewing_url(cx, url),
            ContentUpdate::Discard(names) => self.discard(cx, names),
            ContentUpdate::Keep(name, stored) => self.keep(cx, name, stored),
        }
    }
}

impl ContentServer for Content {
    fn s_force_sync(&mut self) {}

    fn s_make_highest_presentation_order(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        self.request(cx, RequestedAction::MakeHighest { user });
    }

    fn s_present(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        self.request(cx, RequestedAction::Present { user });
    }

    fn s_set_title(&mut self, cx: &mut Context<Self>, title: String) {
        let Some(requester) = cx.caller().id() else { return };
        let (policy, limits) = (self.meeting.policy(), self.meeting.limits());
        let refused = if !self.may_change(cx) {
            Some(SetTitleStatus::UserNotAuthorized)
        } else if !policy.takes_title(&title, limits) {
            Some(SetTitleStatus::FailedInvalidTitle)
        } else if !policy.takes_extension(&titles::extension(&title)) {
            Some(SetTitleStatus::FailedInvalidExtension)
        } else {
            None
        };
        match refused {
            Some(status) => self.rename(cx, title, status, requester),
            // The manager checks that no other content has this title.
            None => self.request(cx, RequestedAction::Rename { title, requester }),
        }
    }

    fn s_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility) {
        let known = !matches!(visibility, ContentVisibility::Other(_));
        if known && visibility != self.properties().visibility && self.may_change(cx) {
            self.state.change(cx, ContentChange::Visibility(visibility));
            self.request(cx, RequestedAction::ChangeVisibility);
        }
    }

    fn s_stop_presenting(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        self.request(cx, RequestedAction::StopPresenting { user });
    }
}

impl Lifecycle for Content {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let properties = self.state.properties();
        let caller = cx.caller();
        caller.c_set_title(&properties.title);
        caller.c_set_owner_id(properties.owner);
        caller.c_set_creation_time(&properties.created);
        caller.c_set_last_used_time(&properties.last_used);
        caller.c_set_visibility(properties.visibility);
        caller.c_set_present_info(self.presenter.is_some(), self.presenter.unwrap_or(0));
        caller.c_set_presentation_order(self.order);
        if let Some(file) = &properties.native_file {
            caller.c_set_native_file_info(file.native());
        }
        // Version 1 has no such methods, so its clients get no such calls.
        if let Some(url) = &properties.original_file_url {
            caller.c_set_original_file_url(url);
        }
        if let Some(url) = &properties.viewing_url {
            caller.c_set_viewing_url(url);
        }
        caller.c_connect_completed();
    }
}
