//! From a verified package to a content, or to a part of one.

use std::collections::BTreeMap;

use psom::{Context, PeerId, Scope};

use super::{
    content::{Content, ContentFile, ContentFiles},
    contents::ContentManager,
    durable::{self, Memory},
    kinds::{Added, Addition, NewContent, Refusal, Reply},
    room::ContentRef,
    titles,
};
use crate::{
    package::{CreateContent, Manifest, Visibility},
    store::{Import, StoredFile},
    texts,
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
    /// Does what a package asks for and says so, or says why not; its files are removed then.
    pub(super) fn take_package(
        &mut self,
        cx: &mut Context<Self>,
        uploader: Uploader,
        import: Import,
        finish: impl FnOnce(&mut Scope, UploadFinishReason) + Send + 'static,
    ) {
        let stored = import.files.iter();
        let file = |name: &String, stored: &StoredFile| {
            let file = ContentFile { name: name.clone(), stored: stored.clone() };
            (stored.name.clone(), file)
        };
        let files: ContentFiles = stored.map(|(name, stored)| file(name, stored)).collect();
        let room = self.room.clone();
        let end = {
            let files = files.clone();
            move |scope: &mut Scope, result: Result<(), Refusal>| {
                let reason = match result {
                    Ok(()) => UploadFinishReason::Ok,
                    Err(Refusal { reason, why, .. }) => {
                        tracing::info!(user = uploader.user, ?reason, %why, "Refused a package");
                        files.keys().for_each(|name| room.files().remove(name));
                        reason
                    }
                };
                finish(scope, reason);
            }
        };
        let Import { manifest, files: stored } = import;
        let (peer, user) = (uploader.peer, uploader.user);
        let addition = |what| Addition { peer, user, what, files: stored.clone() };
        match manifest {
            Manifest::CreateContent(manifest) => {
                let created = self.create(cx, uploader, manifest, &stored, files);
                end(cx, created);
            }
            Manifest::CreateAnnotation(annotation) => {
                // Which content is meant, the schema leaves open: its number, as a text.
                let id = annotation.parent_id.trim().parse().unwrap_or(0);
                let addition = addition(Added::Annotation(annotation.detail));
                self.add_to(cx, id, addition, files, Box::new(end));
            }
            Manifest::CreatePptContentResource(resource) => {
                let addition = addition(Added::Resources(resource.detail));
                self.add_to(cx, resource.content_id, addition, files, Box::new(end));
            }
        }
    }

    /// Adds something to a content that exists, for this client at least.
    fn add_to(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        addition: Addition,
        files: ContentFiles,
        end: Reply,
    ) {
        let Some(handle) = self.seen(addition.peer, id) else {
            return end(cx, Err(Refusal::malformed("there is no such content")));
        };
        let may = self.room.policy().may_upload(self.room.role(cx, addition.user));
        if !may {
            let why = "the user may not upload";
            return end(cx, Err(Refusal::new(UploadFinishReason::UnknownFailure, why)));
        }
        let told = cx.tell(handle, move |content, cx| content.add(cx, addition, files, end));
        debug_assert!(told.is_ok(), "a content that is seen is there");
    }

    fn create(
        &mut self,
        cx: &mut Context<Self>,
        uploader: Uploader,
        manifest: CreateContent,
        stored: &BTreeMap<String, StoredFile>,
        files: ContentFiles,
    ) -> Result<(), Refusal> {
        if manifest.upgrade.is_some() {
            return Err(Refusal::malformed("contents cannot be upgraded"));
        }
        let title = manifest.common.title.clone();
        let reserved = self.titles.by_title(&title).is_some_and(|reserved| {
            reserved.peer == uploader.peer && reserved.user == uploader.user
        });
        if !reserved {
            return Err(Refusal::malformed("the title was not reserved by this client"));
        }
        if self.contents.len() >= self.room.limits().contents {
            return Err(Refusal::new(UploadFinishReason::TooManyContents, "the meeting is full"));
        }
        let (types, name) =
            (&self.room.shared.config.content_types, manifest.detail.content_type());
        let Some((kind, how)) = types.get(name) else {
            tracing::warn!(
                r#type = name,
                "Somebody wants a content of a type that is not registered"
            );
            return Err(Refusal::malformed("contents of this type are not supported"));
        };
        let visibility = visibility(&manifest);
        let original_file_url = manifest.common.original_file_url;
        if original_file_url.as_deref().is_some_and(|url| !texts::fits_in_a_call(url)) {
            return Err(Refusal::malformed("the address of the original is too long to be told"));
        }
        if original_file_url.as_deref().is_some_and(|url| url.chars().any(char::is_control)) {
            return Err(Refusal::malformed("the address of the original has control characters"));
        }
        let native_file = manifest.common.native_file.as_ref();
        let native_file = native_file.and_then(|name| stored.get(name)).cloned();
        let (id, now) = (self.last_id + 1, self.room.utc(cx.now()));
        let manager = cx.handle();
        let content = cx.add(Content {
            id,
            room: self.room.clone(),
            manager,
            title: title.clone(),
            kind,
            owner: uploader.user,
            visibility,
            created: now.clone(),
            last_used: now,
            presenter: None,
            order: 0,
            native_file: native_file.clone(),
            original_file_url,
            viewing_url: None,
            extended: None,
            files,
        });
        let new = NewContent {
            id,
            owner: uploader.user,
            peer: uploader.peer,
            detail: manifest.detail,
            native_file: native_file.as_ref(),
            files: stored,
            content: ContentRef(content),
            room: self.room.clone(),
            memory: Memory::new(id),
        };
        let extended = match (how.create)(cx, new) {
            Ok(extended) => extended,
            Err(refusal) => {
                cx.remove(content);
                // What it may have saved already is not the next content's.
                cx.erase(durable::content_key(id));
                return Err(refusal);
            }
        };
        // Before anybody is told of the content, and could ask for it.
        let _ = cx.tell(content, move |content, cx| {
            content.extended = Some(extended);
            content.save(cx);
            content.save_files(cx, content.files.keys());
        });
        self.last_id = id;
        self.save(cx);
        tracing::info!(content = id, title, user = uploader.user, kind, "Created a content");
        self.contents.insert(id, content);
        self.titles.release(|reserved| titles::same(&reserved.title, &title));
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

impl Content {
    /// Has the extended content take a package; then the package's files are the content's.
    fn add(&mut self, cx: &mut Context<Self>, addition: Addition, files: ContentFiles, end: Reply) {
        let Some(extended) = &self.extended else {
            return end(cx, Err(Refusal::malformed("the content is not ready")));
        };
        // The files first: what is taken may be discarded at once.
        let names: Vec<_> = files.keys().cloned().collect();
        self.files.extend(files);
        let this = cx.handle();
        extended.add(
            cx,
            addition,
            Box::new(move |scope, result| {
                let refused = result.is_err();
                let _ = scope.tell(this, move |content, cx| {
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
}

/// What the manifest says, or everybody.
fn visibility(manifest: &CreateContent) -> ContentVisibility {
    match manifest.common.visibility {
        Some(Visibility::MeetingOrganizer) => ContentVisibility::MeetingOrganizer,
        Some(Visibility::Presenters) => ContentVisibility::Presenters,
        Some(Visibility::Everyone) | None => ContentVisibility::Everyone,
    }
}
