use std::collections::BTreeMap;

use psom::{AnyHandle, Context, Handle, Lifecycle, PeerId, Scope, distributed_object};
use serde::{Deserialize, Serialize};

use crate::{
    interfaces::{ContentClientProxy, ContentServer, ContentServerProxy},
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

/// What every content has: a title, an owner, a visibility, a place on the stage (section
/// 3.3.4.1.6). What its type has besides is its `extendedContent`.
// What stands behind `extendedContent` is of a type that only the manifest tells; the meeting
// announces all that it knows.
#[distributed_object(serves = ContentServer, calls = ContentClient)]
pub struct Content {
    pub(super) id: i64,
    meeting: MeetingContext,
    manager: Mailbox<ContentRequest>,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) owner: i64,
    pub(super) visibility: ContentVisibility,
    created: String,
    last_used: String,
    /// The user who presents the content. `None` if it is not on the stage.
    presenter: Option<i64>,
    order: i64,
    pub(super) native_file: Option<StoredFile>,
    /// The URL of the original document, for clients of version 10.
    original_file_url: Option<String>,
    /// The URL at which the content can be viewed, for clients of version 10.
    viewing_url: Option<String>,
    /// The object behind `extendedContent`.
    extended: Box<dyn ExtendedContent>,
    /// Every file that packages brought, by its name on the file server. They are removed with the
    /// content.
    pub(super) files: ContentFiles,
}

/// A request to a content that its manager handles, because it concerns other contents too.
#[derive(Debug)]
pub(super) struct ContentRequest {
    /// The content that received the request.
    pub(super) content: i64,
    pub(super) action: RequestedAction,
}

/// What a client requests of a content.
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
    /// The content has another visibility.
    ChangeVisibility,
}

/// Files of a content by their names on the file server.
pub(super) type ContentFiles = BTreeMap<String, ContentFile>;

/// A content as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedContent {
    pub(super) title: String,
    pub(super) r#type: String,
    pub(super) owner: i64,
    pub(super) visibility: i32,
    pub(super) created: String,
    pub(super) last_used: String,
    pub(super) native_file: Option<StoredFile>,
    pub(super) original_file_url: Option<String>,
    pub(super) viewing_url: Option<String>,
    /// How many files it has. Each is saved by itself: a presentation has thousands, and they come
    /// one by one.
    pub(super) files: usize,
}

/// A file of a content, by its name in the manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ContentFile {
    pub(super) name: String,
    pub(super) stored: StoredFile,
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
        id: i64,
        meeting: MeetingContext,
        manager: Mailbox<ContentRequest>,
        kind: &'static str,
        saved: SavedContent,
        files: ContentFiles,
        extended: Box<dyn ExtendedContent>,
    ) -> Self {
        Self {
            id,
            meeting,
            manager,
            title: saved.title,
            kind,
            owner: saved.owner,
            visibility: saved.visibility.into(),
            created: saved.created,
            last_used: saved.last_used,
            presenter: None,
            order: 0,
            native_file: saved.native_file,
            original_file_url: saved.original_file_url,
            viewing_url: saved.viewing_url,
            extended,
            files,
        }
    }

    /// Returns the reference that a content type uses to change its content.
    pub(super) fn reference(content: Handle<Self>) -> ContentRef {
        ContentRef(Mailbox::of(content))
    }

    /// Saves all of it but its place on the stage, which nobody keeps who is not there.
    pub(super) fn save(&self, scope: &mut Scope) {
        let saved = SavedContent {
            title: self.title.clone(),
            r#type: self.kind.to_owned(),
            owner: self.owner,
            visibility: self.visibility.into(),
            created: self.created.clone(),
            last_used: self.last_used.clone(),
            native_file: self.native_file.clone(),
            original_file_url: self.original_file_url.clone(),
            viewing_url: self.viewing_url.clone(),
            files: self.files.len(),
        };
        durable::save(scope, durable::content_key(self.id), &saved);
    }

    /// Saves these files, as far as they are still there.
    pub(super) fn save_files<'a>(
        &self,
        scope: &mut Scope,
        names: impl IntoIterator<Item = &'a String>,
    ) {
        for (name, file) in names.into_iter().filter_map(|name| self.files.get_key_value(name)) {
            durable::save(scope, format!("{}/{name}", durable::files_key(self.id)), file);
        }
    }

    /// Puts the content on the stage or takes it off, and tells those who see it.
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
            self.last_used = self.meeting.utc(cx.now());
            cx.peers().c_set_last_used_time(&self.last_used);
            self.save(cx);
        }
    }

    /// Sets the place among what is presented.
    pub(super) fn set_order(&mut self, cx: &mut Context<Self>, order: i64) {
        if self.order != order {
            self.order = order;
            cx.peers().c_set_presentation_order(order);
        }
    }

    /// Tells the one who asked what became of a new title, and everybody the title if it is one.
    pub(super) fn rename(
        &mut self,
        cx: &mut Context<Self>,
        title: String,
        status: SetTitleStatus,
        asked: PeerId,
    ) {
        if status == SetTitleStatus::Success {
            self.title.clone_from(&title);
            self.save(cx);
            cx.peers().c_set_title(&title);
        }
        if let Some(mut asked) = cx.peer(asked) {
            asked.c_set_title_complete(
                status,
                psom::wire::encoded_prefix(&title, psom::wire::MAX_STRING_BYTES),
            );
        }
    }

    /// Disconnects the content from a client who may not see it any more.
    pub(super) fn hide_from(&mut self, cx: &mut Context<Self>, peer: PeerId) {
        let this = cx.handle();
        cx.disconnect(self.extended.handle(), peer);
        cx.disconnect(this, peer);
    }

    /// Tells clients of version 10; those of version 1 have no such method, and get no such call.
    fn set_original_file_url(&mut self, cx: &mut Context<Self>, url: String) {
        cx.peers().c_set_original_file_url(&url);
        self.original_file_url = Some(url);
        self.save(cx);
    }

    fn set_viewing_url(&mut self, cx: &mut Context<Self>, url: String) {
        cx.peers().c_set_viewing_url(&url);
        self.viewing_url = Some(url);
        self.save(cx);
    }

    fn set_native_file(&mut self, cx: &mut Context<Self>, file: StoredFile) {
        cx.peers().c_set_native_file_info(file.native());
        self.native_file = Some(file);
        self.save(cx);
    }

    fn keep(&mut self, cx: &mut Context<Self>, name: String, stored: StoredFile) {
        let key = stored.name.clone();
        self.files.insert(key.clone(), ContentFile { name, stored });
        self.save(cx);
        self.save_files(cx, [&key]);
    }

    fn discard(&mut self, cx: &mut Context<Self>, names: &[String]) {
        for gone in names.iter().filter_map(|name| self.files.remove(name)) {
            self.meeting.remove_file(cx, &gone.stored);
            cx.erase(format!("{}/{}", durable::files_key(self.id), gone.stored.name));
        }
        self.save(cx);
    }

    /// Has the extended content take a package; then the package's files are the content's.
    pub(super) fn add(
        &mut self,
        cx: &mut Context<Self>,
        addition: Addition,
        files: ContentFiles,
        end: Reply,
    ) {
        // The files first: what is taken may be discarded at once.
        let names: Vec<_> = files.keys().cloned().collect();
        self.files.extend(files);
        let this = cx.handle();
        self.extended.add(
            cx,
            addition,
            Box::new(move |scope, result| {
                let refused = result.is_err();
                scope.tell(this, move |content, cx| {
                    if refused {
                        names.iter().for_each(|name| drop(content.files.remove(name)));
                    }
                    content.save(cx);
                    content.save_files(cx, &names);
                });
                end(scope, result);
            }),
        );
    }

    /// Goes, and all that belongs to it.
    pub(super) fn delete(&mut self, cx: &mut Context<Self>) {
        self.extended.delete(cx);
        cx.erase(durable::content_key(self.id));
        cx.erase(durable::files_key(self.id));
        self.files.values().for_each(|file| self.meeting.remove_file(cx, &file.stored));
        let this = cx.handle();
        cx.remove(this);
    }

    /// A user has become something else, or has left.
    pub(super) fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>) {
        self.extended.user_changed(scope, user, role);
    }

    /// Tells those who see the content who does.
    pub(super) fn tell_visibility(&mut self, cx: &mut Context<Self>) {
        cx.peers().c_set_visibility(self.visibility);
    }

    pub(super) fn summary(&self) -> ContentSummary {
        ContentSummary {
            id: self.id,
            title: self.title.clone(),
            r#type: self.kind.to_owned(),
            owner_id: self.owner,
            visibility: self.visibility,
            presented: self.presenter.is_some(),
            size: self.native_file.as_ref().map(|file| file.size),
        }
    }

    fn request(&self, cx: &mut Context<Self>, action: RequestedAction) {
        self.manager.send(cx, ContentRequest { content: self.id, action });
    }

    /// Whether the caller may rename, show, hide or delete the content.
    fn may_change(&self, cx: &mut Context<Self>) -> bool {
        let user = cx.caller().user().id;
        let role = self.meeting.role(cx, user);
        self.meeting.policy().may_change_content(role, user == self.owner)
    }
}

impl Receive<ContentUpdate> for Content {
    fn receive(&mut self, cx: &mut Context<Self>, update: ContentUpdate) {
        match update {
            ContentUpdate::NativeFile(file) => self.set_native_file(cx, file),
            ContentUpdate::OriginalFileUrl(url) => self.set_original_file_url(cx, url),
            ContentUpdate::ViewingUrl(url) => self.set_viewing_url(cx, url),
            ContentUpdate::Discard(names) => self.discard(cx, &names),
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
        let Some(asked) = cx.caller().id() else { return };
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
            Some(status) => self.rename(cx, title, status, asked),
            // The manager checks that no other content has this title.
            None => self.request(cx, RequestedAction::Rename { title, requester: asked }),
        }
    }

    fn s_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility) {
        let known = !matches!(visibility, ContentVisibility::Other(_));
        if known && visibility != self.visibility && self.may_change(cx) {
            self.visibility = visibility;
            self.save(cx);
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
        let mut caller = cx.caller();
        caller.c_set_title(&self.title);
        caller.c_set_owner_id(self.owner);
        caller.c_set_creation_time(&self.created);
        caller.c_set_last_used_time(&self.last_used);
        caller.c_set_visibility(self.visibility);
        caller.c_set_present_info(self.presenter.is_some(), self.presenter.unwrap_or(0));
        caller.c_set_presentation_order(self.order);
        if let Some(file) = &self.native_file {
            caller.c_set_native_file_info(file.native());
        }
        // Clients of version 1 have no such methods, and get no such calls.
        if let Some(url) = &self.original_file_url {
            caller.c_set_original_file_url(url);
        }
        if let Some(url) = &self.viewing_url {
            caller.c_set_viewing_url(url);
        }
        caller.c_connect_completed();
    }
}
