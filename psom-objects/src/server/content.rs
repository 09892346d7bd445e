use std::sync::Arc;

use psom::{AnyHandle, Context, Handle, Lifecycle, PeerId, distributed_object};

use super::{
    Shared, contents::ContentManager, native_file::NativeFileOnlyContent, summary::ContentSummary,
    titles, users::ContentUserManager,
};
use crate::{
    interfaces::{ContentClientProxy, ContentServer, ContentServerProxy},
    store::StoredFile,
    types::{ContentVisibility, SetTitleStatus},
};

/// What every content has: a title, an owner, a visibility, a place on the stage (section
/// 3.3.4.1.6). What its type has besides is its `extendedContent`.
// What a content's type has besides is of a type that only the manifest tells; those that a meeting
// knows are announced here.
#[distributed_object(
    serves = ContentServer,
    calls = ContentClient,
    connects = NativeFileOnlyContent
)]
pub struct Content {
    pub(super) id: i64,
    pub(super) shared: Arc<Shared>,
    pub(super) users: Handle<ContentUserManager>,
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
    #[child("extendedContent")]
    pub(super) extended: AnyHandle,
    /// Every file that the package brought, to be removed with the content.
    pub(super) files: Vec<String>,
}

impl Content {
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
            self.last_used = self.shared.clock.utc(cx.now());
            cx.peers().c_set_last_used_time(&self.last_used);
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
            cx.peers().c_set_title(&title);
        }
        if let Some(mut asked) = cx.peer(asked) {
            asked.c_set_title_complete(status, &title);
        }
    }

    /// Disconnects the content from a client who may not see it any more.
    pub(super) fn hide_from(&mut self, cx: &mut Context<Self>, peer: PeerId) {
        let this = cx.handle();
        cx.disconnect(self.extended, peer);
        cx.disconnect(this, peer);
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
        let role = cx.get(self.users).map(|users| users.role(user));
        let policy = &self.shared.config.policy;
        role.is_ok_and(|role| policy.may_change_content(role, user == self.owner))
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
        let (policy, limits) = (&self.shared.config.policy, &self.shared.config.limits);
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
        if let Some(url) = &self.original_file_url {
            // Clients of version 1 have no such method, and get no such call.
            caller.c_set_original_file_url(url);
        }
        caller.c_connect_completed();
    }
}
