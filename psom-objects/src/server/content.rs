use std::collections::BTreeMap;

use psom::{AnyHandle, Context, Handle, Lifecycle, PeerId, Scope, distributed_object};
use serde::{Deserialize, Serialize};

use super::{
    contents::ContentManager, durable, kinds::Extended, room::Room, summary::ContentSummary, titles,
};
use crate::{
    interfaces::{ContentClientProxy, ContentServer, ContentServerProxy},
    store::StoredFile,
    texts,
    types::{ContentVisibility, Role, SetTitleStatus},
};

/// What every content has: a title, an owner, a visibility, a place on the stage (section
/// 3.3.4.1.6). What its type has besides is its `extendedContent`.
// What stands behind `extendedContent` is of a type that only the manifest tells; the meeting
// announces all that it knows.
#[distributed_object(serves = ContentServer, calls = ContentClient)]
pub struct Content {
    pub(super) id: i64,
    pub(super) room: Room,
    pub(super) manager: Handle<ContentManager>,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) owner: i64,
    pub(super) visibility: ContentVisibility,
    pub(super) created: String,
    pub(super) last_used: String,
    /// Who presents the content; nobody when it is not on the stage.
    pub(super) presenter: Option<i64>,
    pub(super) order: i64,
    pub(super) native_file: Option<StoredFile>,
    /// Where the file came from, for clients of version 10.
    pub(super) original_file_url: Option<String>,
    /// Where the content can be viewed, for clients of version 10.
    pub(super) viewing_url: Option<String>,
    /// There as soon as the content is.
    pub(super) extended: Option<Box<dyn Extended>>,
    /// Every file that packages brought, by its name on the file server, to be removed with the
    /// content.
    pub(super) files: ContentFiles,
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
    fn extended_content(&mut self) -> Option<AnyHandle> {
        self.extended.as_ref().map(|extended| extended.handle())
    }
}

impl Content {
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
            self.last_used = self.room.utc(cx.now());
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
            asked.c_set_title_complete(status, texts::cut(&title));
        }
    }

    /// Disconnects the content from a client who may not see it any more.
    pub(super) fn hide_from(&mut self, cx: &mut Context<Self>, peer: PeerId) {
        let this = cx.handle();
        if let Some(extended) = &self.extended {
            cx.disconnect(extended.handle(), peer);
        }
        cx.disconnect(this, peer);
    }

    /// Tells clients of version 10; those of version 1 have no such method, and get no such call.
    pub(super) fn set_original_file_url(&mut self, cx: &mut Context<Self>, url: String) {
        cx.peers().c_set_original_file_url(&url);
        self.original_file_url = Some(url);
        self.save(cx);
    }

    pub(super) fn set_viewing_url(&mut self, cx: &mut Context<Self>, url: String) {
        cx.peers().c_set_viewing_url(&url);
        self.viewing_url = Some(url);
        self.save(cx);
    }

    pub(super) fn set_native_file(&mut self, cx: &mut Context<Self>, file: StoredFile) {
        let size = i64::try_from(file.size).unwrap_or(i64::MAX);
        let (key, iv, hash) = (file.key.clone(), file.iv.clone(), file.hash.clone());
        cx.peers().c_set_native_file_info(&file.name, key, iv, hash, size);
        self.native_file = Some(file);
        self.save(cx);
    }

    pub(super) fn discard(&mut self, cx: &mut Context<Self>, names: &[String]) {
        for gone in names.iter().filter_map(|name| self.files.remove(name)) {
            self.room.remove_file(cx, &gone.stored);
            cx.erase(format!("{}/{}", durable::files_key(self.id), gone.stored.name));
        }
        self.save(cx);
    }

    /// Goes, and all that belongs to it.
    pub(super) fn delete(&mut self, cx: &mut Context<Self>) {
        if let Some(extended) = &self.extended {
            extended.delete(cx);
        }
        cx.erase(durable::content_key(self.id));
        cx.erase(durable::files_key(self.id));
        self.files.values().for_each(|file| self.room.remove_file(cx, &file.stored));
        let this = cx.handle();
        cx.remove(this);
    }

    /// A user has become something else, or has left.
    pub(super) fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>) {
        if let Some(extended) = &self.extended {
            extended.user_changed(scope, user, role);
        }
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

    /// Whether the caller may rename, show, hide or delete the content.
    fn may_change(&self, cx: &mut Context<Self>) -> bool {
        let user = cx.caller().user().id;
        let role = self.room.role(cx, user);
        self.room.policy().may_change_content(role, user == self.owner)
    }
}

impl ContentServer for Content {
    fn s_force_sync(&mut self) {}

    fn s_make_highest_presentation_order(&mut self, cx: &mut Context<Self>) {
        let (id, user) = (self.id, cx.caller().user().id);
        let _ = cx.tell(self.manager, move |manager, cx| manager.make_highest(cx, user, id));
    }

    fn s_present(&mut self, cx: &mut Context<Self>) {
        let (id, user) = (self.id, cx.caller().user().id);
        let _ = cx.tell(self.manager, move |manager, cx| manager.present(cx, user, id));
    }

    fn s_set_title(&mut self, cx: &mut Context<Self>, title: String) {
        let Some(asked) = cx.caller().id() else { return };
        let (policy, limits) = (self.room.policy(), self.room.limits());
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
            None => {
                // Titles are the manager's: it says whether this one is free.
                let id = self.id;
                let _ = cx.tell(self.manager, move |manager, cx| {
                    manager.rename(cx, id, title, asked);
                });
            }
        }
    }

    fn s_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility) {
        let known = !matches!(visibility, ContentVisibility::Other(_));
        if known && visibility != self.visibility && self.may_change(cx) {
            self.visibility = visibility;
            self.save(cx);
            let id = self.id;
            let _ = cx.tell(self.manager, move |manager, cx| manager.on_visibility(cx, id));
        }
    }

    fn s_stop_presenting(&mut self, cx: &mut Context<Self>) {
        let (id, user) = (self.id, cx.caller().user().id);
        let _ = cx.tell(self.manager, move |manager, cx| manager.stop(cx, user, id));
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
            let size = i64::try_from(file.size).unwrap_or(i64::MAX);
            let (key, iv, hash) = (file.key.clone(), file.iv.clone(), file.hash.clone());
            caller.c_set_native_file_info(&file.name, key, iv, hash, size);
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
