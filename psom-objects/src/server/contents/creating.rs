//! Creating a content from a verified package, and adding a package to a content.

use std::collections::BTreeMap;

use psom::{Context, Durable, Handle, Memory, PeerId, Scope};

use super::{
    content::Content,
    manager::ContentManager,
    numbers::NumberChange,
    state::{ContentFile, ContentFiles, ContentProperties, ContentState},
};
use crate::{
    package::{CreateContent, Manifest},
    server::{
        content_type::{Added, Addition, NewContent, Refusal, Reply},
        durable,
        mailbox::Mailbox,
        titles,
        uploads::target::{PackageReply, PackageTarget, UploadId},
    },
    store::{Import, StoredFile},
    types::{ContentVisibility, DownloadFinishReason, UploadFinishReason},
};

impl PackageTarget for Handle<ContentManager> {
    fn is_full_for(&self, scope: &Scope, peer: PeerId) -> bool {
        scope.get(*self).is_ok_and(|contents| contents.is_full() && contents.titles.has_peer(peer))
    }

    fn find_file<'a>(
        &self,
        scope: &'a Scope,
        peer: PeerId,
        name: &str,
    ) -> Result<(&'a StoredFile, &'a str), DownloadFinishReason> {
        let contents = scope.get(*self).map_err(|_| DownloadFinishReason::UnknownFailure)?;
        contents.find_file(scope, peer, name)
    }

    fn take_package(
        &self,
        scope: &mut Scope,
        upload: UploadId,
        import: Import,
        reply: PackageReply,
    ) {
        scope.tell(*self, move |contents, cx| {
            contents.take_package(cx, upload, import, reply);
        });
    }
}

impl ContentManager {
    fn is_full(&self) -> bool {
        self.contents.len() >= self.meeting.limits().contents
    }

    /// Finds a file by its name on the file server. The native file of a content is known by the
    /// content's title, any other file by its name in the manifest.
    fn find_file<'a>(
        &'a self,
        scope: &'a Scope,
        peer: PeerId,
        obfuscated_name: &str,
    ) -> Result<(&'a StoredFile, &'a str), DownloadFinishReason> {
        let contents = self.contents.values().filter_map(|content| scope.get(*content).ok());
        let mut files = contents.filter_map(|content| {
            let native = content.properties().native_file.as_ref();
            let native = native.filter(|file| file.name == obfuscated_name);
            // A lookup instead of a scan, because any client may send this request at any rate.
            let other = || content.files().get(obfuscated_name);
            let file = native.map(|file| (file, &*content.properties().title));
            let file = file.or_else(|| other().map(|file| (&file.stored, &*file.name)));
            file.map(|file| (content.id(), file))
        });
        let (content, file) = files.next().ok_or(DownloadFinishReason::NotFound)?;
        // A client may not download the files of a content that is hidden from it.
        self.seen(peer, content).ok_or(DownloadFinishReason::NotAuthorized)?;
        Ok(file)
    }

    /// Handles a package and replies with the outcome. Removes the files of a refused package.
    fn take_package(
        &mut self,
        cx: &mut Context<Self>,
        upload: UploadId,
        import: Import,
        reply: PackageReply,
    ) {
        let end = move |scope: &mut Scope, result: Result<(), Refusal>| {
            let reason = result.map_or_else(|refusal| refusal.reason, |()| UploadFinishReason::Ok);
            reply(scope, reason);
        };
        self.take_import(cx, upload, import, Box::new(end));
    }

    /// Handles a package and passes the outcome to `end`. Removes the files of a refused package.
    pub(super) fn take_import(
        &mut self,
        cx: &mut Context<Self>,
        upload: UploadId,
        import: Import,
        end: Reply,
    ) {
        let stored = import.files.iter();
        let file = |name: &String, stored: &StoredFile| {
            let file = ContentFile { name: name.clone(), stored: stored.clone() };
            (stored.name.clone(), file)
        };
        let files: ContentFiles = stored.map(|(name, stored)| file(name, stored)).collect();
        let meeting = self.meeting.clone();
        let end = {
            let files = files.clone();
            move |scope: &mut Scope, result: Result<(), Refusal>| {
                if let Err(Refusal { reason, why, .. }) = &result {
                    tracing::info!(user = upload.user, %reason, %why, "refused a package");
                    files.keys().for_each(|name| meeting.files().remove(name));
                }
                end(scope, result);
            }
        };
        let Import { manifest, files: stored } = import;
        let (peer, user) = (upload.peer, upload.user);
        let addition = |what| Addition { peer, user, what, files: stored.clone() };
        match manifest {
            Manifest::CreateContent(manifest) => {
                let created = self.create(cx, upload, manifest, &stored, files);
                end(cx, created);
            }
            Manifest::CreateAnnotation(annotation) => {
                // The schema does not define the format of the parent's identifier. This server
                // expects the content's number in decimal digits.
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

    /// Adds a package to a content that its uploader sees.
    fn add_to(
        &self,
        cx: &mut Context<Self>,
        id: i64,
        addition: Addition,
        files: ContentFiles,
        end: Reply,
    ) {
        let Some(handle) = self.seen(addition.peer, id) else {
            return end(cx, Err(Refusal::malformed("there is no such content")));
        };
        let may = self.meeting.policy().may_upload(self.meeting.role(cx, addition.user));
        if !may {
            let why = "the user may not upload";
            return end(cx, Err(Refusal::new(UploadFinishReason::UnknownFailure, why)));
        }
        let queued = cx.try_tell(handle, move |content, cx| content.add(cx, addition, files, end));
        debug_assert!(queued.is_ok(), "a content that is seen exists");
    }

    /// Creates a content whose package has no files, and returns the reason of a refusal.
    #[cfg(feature = "offline")]
    pub(super) fn create_without_files(
        &mut self,
        cx: &mut Context<Self>,
        upload: UploadId,
        manifest: CreateContent,
    ) -> Result<(), String> {
        let created = self.create(cx, upload, manifest, &BTreeMap::new(), ContentFiles::new());
        created.map_err(|refusal| refusal.why.to_string())
    }

    /// Checks whether an upload may create a content.
    fn check_package(&self, upload: UploadId, manifest: &CreateContent) -> Result<(), Refusal> {
        if manifest.upgrade.is_some() {
            return Err(Refusal::malformed("contents cannot be upgraded"));
        }
        let reserved = self
            .titles
            .by_title(&manifest.common.title)
            .is_some_and(|reserved| reserved.peer == upload.peer && reserved.user == upload.user);
        if !reserved {
            return Err(Refusal::malformed("the title was not reserved by this client"));
        }
        if self.is_full() {
            return Err(Refusal::new(UploadFinishReason::TooManyContents, "the meeting is full"));
        }
        let url = manifest.common.original_file_url.as_deref().unwrap_or_default();
        if !psom::wire::fits_in_string(url) {
            return Err(Refusal::malformed("the URL of the original file is too long for a call"));
        }
        if url.chars().any(char::is_control) {
            return Err(Refusal::malformed("the URL of the original file has control characters"));
        }
        Ok(())
    }

    fn create(
        &mut self,
        cx: &mut Context<Self>,
        upload: UploadId,
        manifest: CreateContent,
        stored: &BTreeMap<String, StoredFile>,
        files: ContentFiles,
    ) -> Result<(), Refusal> {
        self.check_package(upload, &manifest)?;
        let title = manifest.common.title.clone();
        let name = manifest.detail.content_type();
        let Some((kind, constructors)) = self.types.get(name) else {
            tracing::warn!(r#type = name, "rejected content of unregistered type");
            return Err(Refusal::malformed("contents of this type are not supported"));
        };
        let visibility = manifest.common.visibility.unwrap_or(ContentVisibility::Everyone);
        let original_file_url = manifest.common.original_file_url;
        let native_file = manifest.common.native_file.as_ref();
        let native_file = native_file.and_then(|name| stored.get(name)).cloned();
        let (id, now) = (self.numbers.last_id + 1, self.meeting.utc(cx.now()));
        let properties = ContentProperties {
            title: title.clone(),
            r#type: kind.to_owned(),
            owner: upload.user,
            visibility,
            created: now.clone(),
            last_used: now,
            native_file: native_file.clone(),
            original_file_url: original_file_url.clone(),
            viewing_url: None,
        };
        let manager = Mailbox::of(cx.handle());
        let created = cx.try_add_with(|scope, content| {
            let new = NewContent {
                id,
                owner: upload.user,
                peer: upload.peer,
                detail: manifest.detail,
                original_file_url: original_file_url.as_deref(),
                native_file: native_file.as_ref(),
                files: stored,
                content: Content::reference(content),
                meeting: self.meeting.clone(),
                memory: Memory::new(durable::content_key(id)),
            };
            let extended = (constructors.create)(scope, new)?;
            let state = ContentState::new(id, properties, files);
            let state = Durable::create(scope, "", state);
            Ok(Content::new(self.meeting.clone(), manager, kind, state, extended))
        });
        let content = match created {
            Ok(content) => content,
            Err(refusal) => {
                // The next content gets this identifier, but not the values that the type saved.
                cx.erase(durable::content_key(id));
                return Err(refusal);
            }
        };
        self.numbers.change(cx, NumberChange::NextId);
        tracing::info!(content = id, title, user = upload.user, kind, "created a content");
        self.contents.insert(id, content);
        self.titles.release(|reserved| titles::same(&reserved.title, &title));
        self.sync(cx);
        if let Some(client) = cx.peer(upload.peer) {
            client.c_content_created(id, upload.cookie);
        }
        if manifest.common.presented == Some(true) {
            self.present(cx, upload.user, id);
        }
        Ok(())
    }
}
