//! The content manager's part in recorded actions.

use psom::{Context, Handle, PeerId, Scope, Violation, offline::Verdict};

use super::{content::Content, manager::ContentManager};
use crate::{
    package::{CreateContent, Manifest},
    server::{
        stage::Stage,
        titles::{self, Reservation},
        uploads::{manager::UploadManager, target::UploadId},
    },
    store::Import,
    types::SetTitleStatus,
};

/// The cookie of the reservation of a recorded content's title. It exists only within one turn, so
/// it cannot conflict with a cookie of the client.
const RECORDED_COOKIE: i32 = -1;

type RecordedResult<T = ()> = Result<T, Violation>;

impl ContentManager {
    /// Returns the object that receives uploads.
    pub(in crate::server) fn uploads(&self) -> Handle<UploadManager> {
        self.uploads
    }

    /// Finds a content by its title, if this client has been sent it.
    pub(in crate::server) fn seen_titled(
        &self,
        scope: &Scope,
        peer: PeerId,
        title: &str,
    ) -> RecordedResult<(i64, Handle<Content>)> {
        let found = self.owner_of(scope, title);
        let found = found.and_then(|(id, _)| Some((id, self.seen(peer, id)?)));
        found.ok_or_else(|| {
            Violation::new(format!("there is no content \"{title}\"; see `psom watch`"))
        })
    }

    /// Refuses a new content for the reasons for which a client's reservation of its title and the
    /// upload would fail.
    fn check_new(&self, scope: &Scope, user: i64, title: &str) -> RecordedResult {
        let (policy, limits) = (self.meeting.policy(), self.meeting.limits());
        if !policy.may_upload(self.meeting.role(scope, user)) {
            Err(Violation::new("you may not share contents; replay them as a presenter"))
        } else if !policy.takes_title(title, limits)
            || !policy.takes_extension(&titles::extension(title))
        {
            Err(Violation::new(format!("the server does not accept the title \"{title}\"")))
        } else if self.owner_of(scope, title).is_some() || self.titles.by_title(title).is_some() {
            Err(Violation::new(format!("the title \"{title}\" is taken")))
        } else if self.contents.len() >= limits.contents {
            Err(Violation::new("the meeting is full"))
        } else {
            Ok(())
        }
    }

    /// Reserves a title for the caller while `create` creates its content.
    fn with_title<T>(
        &mut self,
        cx: &mut Context<Self>,
        upload: UploadId,
        title: &str,
        create: impl FnOnce(&mut Self, &mut Context<Self>) -> T,
    ) -> T {
        let UploadId { peer, user, .. } = upload;
        let (cookie, title) = (RECORDED_COOKIE, title.to_owned());
        self.titles.reserve(Reservation { peer, user, cookie, title, external_id: None });
        let created = create(self, cx);
        self.titles.release(|reserved| reserved.peer == peer && reserved.cookie == cookie);
        created
    }

    /// Creates a content without files for the caller.
    pub(in crate::server) fn create_recorded(
        &mut self,
        cx: &mut Context<Self>,
        manifest: CreateContent,
    ) -> RecordedResult {
        let user = cx.caller().user().id;
        let peer = cx.caller().id().ok_or_else(|| Violation::new("the caller is gone"))?;
        let title = manifest.common.title.clone();
        self.check_new(cx, user, &title)?;
        let upload = UploadId { peer, user, cookie: RECORDED_COOKIE, number: 0 };
        let created = self.with_title(cx, upload, &title, |manager, cx| {
            manager.create_without_files(cx, upload, manifest)
        });
        created.map_err(Violation::new)
    }

    /// Creates a content from a package that was uploaded for a recorded action, or adds the package
    /// to the content with this title.
    pub(in crate::server) fn take_recorded(
        &mut self,
        cx: &mut Context<Self>,
        (upload, mut import): (UploadId, Import),
        title: &str,
        verdict: Option<Verdict>,
    ) {
        let found = match &mut import.manifest {
            Manifest::CreateContent(create) if titles::same(&create.common.title, title) => {
                self.check_new(cx, upload.user, title)
            }
            Manifest::CreateContent(_) => {
                Err(Violation::new("the uploaded package has another title"))
            }
            Manifest::CreateAnnotation(annotation) => self
                .seen_titled(cx, upload.peer, title)
                .map(|(id, _)| annotation.parent_id = id.to_string()),
            Manifest::CreatePptContentResource(resource) => {
                self.seen_titled(cx, upload.peer, title).map(|(id, _)| resource.content_id = id)
            }
        };
        let give = move |scope: &mut Scope, result| {
            if let Some(verdict) = verdict {
                verdict.give(scope, result);
            }
        };
        if let Err(violation) = found {
            import.files.values().for_each(|file| self.meeting.files().remove(&file.name));
            return give(cx, Err(violation));
        }
        self.with_title(cx, upload, title, |manager, cx| {
            let end = move |scope: &mut Scope, result: Result<(), _>| {
                let result = result.map_err(|refusal: crate::server::content_type::Refusal| {
                    Violation::new(refusal.why)
                });
                give(scope, result);
            };
            manager.take_import(cx, upload, import, Box::new(end));
        });
    }

    /// Renames a content like `sSetTitle`. The content gives the verdict.
    pub(in crate::server) fn rename_recorded(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        title: String,
        verdict: Option<Verdict>,
    ) {
        let requester = cx.caller().id();
        let (policy, limits) = (self.meeting.policy(), self.meeting.limits());
        let is_taken = self.owner_of(cx, &title).is_some_and(|(owner, _)| owner != id)
            || self.titles.by_title(&title).is_some();
        let refused = if !policy.takes_title(&title, limits)
            || !policy.takes_extension(&titles::extension(&title))
        {
            Some(format!("the server does not accept the title \"{title}\""))
        } else {
            is_taken.then(|| format!("the title \"{title}\" is taken"))
        };
        match (refused, self.contents.get(&id), requester) {
            (None, Some(content), Some(requester)) => cx.tell(*content, move |content, cx| {
                content.rename(cx, title, SetTitleStatus::Success, requester);
                if let Some(verdict) = verdict {
                    verdict.give(cx, Ok(()));
                }
            }),
            (refused, ..) => {
                let reason = refused.unwrap_or_else(|| "the content is gone".to_owned());
                if let Some(verdict) = verdict {
                    verdict.give(cx, Err(Violation::new(reason)));
                }
            }
        }
    }

    /// Puts a content on the stage for the caller, like `sPresent`.
    pub(in crate::server) fn present_recorded(
        &mut self,
        cx: &mut Context<Self>,
        content: i64,
    ) -> RecordedResult {
        let user = cx.caller().user().id;
        self.present(cx, user, content);
        if self.stage == Stage::presenting(user, content) {
            return Ok(());
        }
        Err(Violation::new("you may not present; replay it as a presenter"))
    }

    /// Takes a content, or the one that the caller presents, off the stage, like `sStopPresenting`.
    pub(in crate::server) fn stop_recorded(
        &mut self,
        cx: &mut Context<Self>,
        content: Option<i64>,
    ) -> RecordedResult {
        let user = cx.caller().user().id;
        let is_other = self.stage.presenter != 0 && self.stage.presenter != user;
        match content {
            Some(content) if is_other && self.stage.content == content => {}
            None if is_other => {}
            Some(content) => {
                return {
                    self.stop(cx, user, content);
                    Ok(())
                };
            }
            None => {
                return {
                    self.set_stage(cx, self.stage.leave(user));
                    Ok(())
                };
            }
        }
        Err(Violation::new("another user is presenting"))
    }
}
