//! From a verified package to a content.

use psom::{AnyHandle, Context, PeerId};

use super::{
    content::Content, contents::ContentManager, native_file::NativeFileOnlyContent, titles,
};
use crate::{
    package::{ContentDetail, CreateContent, Manifest, Visibility},
    store::Import,
    types::{ContentVisibility, UploadFinishReason},
};

/// Who uploaded what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uploader {
    pub(super) peer: PeerId,
    pub(super) user: i64,
    pub(super) cookie: i32,
    /// Tells an upload from a later one with the same cookie.
    pub(super) number: u64,
}

impl ContentManager {
    /// Creates what a package asks for, or says why it cannot be; its files are removed then.
    pub(super) fn create(
        &mut self,
        cx: &mut Context<Self>,
        uploader: Uploader,
        import: Import,
    ) -> UploadFinishReason {
        let files: Vec<_> = import.files.values().map(|file| file.name.clone()).collect();
        match self.try_create(cx, uploader, import, &files) {
            Ok(()) => UploadFinishReason::Ok,
            Err((reason, why)) => {
                tracing::info!(user = uploader.user, ?reason, why, "Refused a package");
                files.iter().for_each(|file| self.shared.config.files.remove(file));
                reason
            }
        }
    }

    fn try_create(
        &mut self,
        cx: &mut Context<Self>,
        uploader: Uploader,
        mut import: Import,
        files: &[String],
    ) -> Result<(), (UploadFinishReason, &'static str)> {
        let malformed = |why| (UploadFinishReason::VerifyFailed, why);
        let Manifest::CreateContent(manifest) = import.manifest else {
            return Err(malformed("the manifest creates no content"));
        };
        if manifest.upgrade.is_some() {
            return Err(malformed("contents cannot be upgraded"));
        }
        let title = &manifest.common.title;
        let reserved = self.titles.by_title(title).is_some_and(|reserved| {
            reserved.peer == uploader.peer && reserved.user == uploader.user
        });
        if !reserved {
            return Err(malformed("the title was not reserved by this client"));
        }
        if self.contents.len() >= self.shared.config.limits.contents {
            return Err((UploadFinishReason::TooManyContents, "the meeting is full"));
        }
        let native_file = manifest.common.native_file.as_ref();
        let native_file = native_file.and_then(|name| import.files.remove(name));
        let (kind, extended): (_, AnyHandle) = match manifest.detail {
            ContentDetail::NativeFileOnly if native_file.is_some() => {
                ("Content.NativeFileOnly", cx.add(NativeFileOnlyContent).into())
            }
            ContentDetail::NativeFileOnly => return Err(malformed("there is no native file")),
            _ => return Err(malformed("contents of this type are not supported")),
        };
        self.last_id += 1;
        let (id, now) = (self.last_id, self.shared.clock.utc(cx.now()));
        let content = Content {
            id,
            shared: self.shared.clone(),
            users: self.users,
            manager: cx.handle(),
            title: title.clone(),
            kind,
            owner: uploader.user,
            visibility: visibility(&manifest),
            created: now.clone(),
            last_used: now,
            presenter: None,
            order: 0,
            native_file,
            original_file_url: manifest.common.original_file_url.clone(),
            extended,
            files: files.to_vec(),
        };
        tracing::info!(content = id, title, user = uploader.user, "Created a content");
        let handle = cx.add(content);
        self.contents.insert(id, handle);
        self.titles.release(|reserved| titles::same(&reserved.title, title));
        self.sync(cx);
        if let Some(mut client) = cx.peer(uploader.peer) {
            client.c_content_created(id, uploader.cookie);
        }
        if manifest.common.presented == Some(true) {
            self.present(cx, uploader.user, id);
        }
        Ok(())
    }
}

/// What the manifest says, or everybody.
fn visibility(manifest: &CreateContent) -> ContentVisibility {
    match manifest.common.visibility {
        Some(Visibility::MeetingOrganizer) => ContentVisibility::MeetingOrganizer,
        Some(Visibility::Presenters) => ContentVisibility::Presenters,
        Some(Visibility::Everyone) | None => ContentVisibility::Everyone,
    }
}
