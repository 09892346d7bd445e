//! The types of contents, and how somebody adds their own.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use psom::{AnyHandle, Context, DistributedObject, Handle, ObjectDesc, PeerId, Scope, Violation};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    context::MeetingContext,
    durable::{self, NotSaved, RestoreError, SavedState},
    json,
    mailbox::Mailbox,
};
use crate::{
    package::{ContentDetail, RawXml, ResourceDetail},
    store::StoredFile,
    types::{Role, UploadFinishReason},
};

/// A type of content: what stands behind the `extendedContent` of a content (section 3.1.4.1.5).
///
/// The conference's own types are made with it, and so are those of anybody else: implement it
/// for a distributed object, and register that with [`ContentTypes::with`].
pub trait ContentType: DistributedObject {
    /// The name of the type, in the manifest and in `cContentAdded`: `Content.Poll`,
    /// `Contoso.Counter`.
    const NAME: &'static str;

    /// Makes the object behind a new content from what was uploaded. A refusal ends the upload with
    /// its reason, and nothing is left of it.
    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal>;

    /// Makes the object behind a content again after the server was started anew, from what it has
    /// saved in its [`Memory`].
    ///
    /// # Errors
    /// - [`Refusal::forget`]: the content is to go, with all that it has saved and its files.
    /// - Any other: the content is [set aside](super::SetAside). Nobody sees it, what it has saved
    ///   stays, and the meeting goes on without it; the next start tries again. So whatever cannot
    ///   be understood is refused before anything is saved or erased.
    ///
    /// A type without this function is made for contents that last as long as the server runs: they
    /// are forgotten, unless they have saved something.
    fn restore(scope: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let _ = scope;
        if old.saved.is_empty() {
            return Err(Refusal::forget());
        }
        Err(Refusal::malformed("the type has no `restore` for what was saved"))
    }

    /// Takes a further package that was uploaded for this content. Once it is taken its files
    /// belong to the content; a refusal removes them.
    fn add(&mut self, cx: &mut Context<Self>, addition: Addition) -> Result<(), Refusal> {
        let _ = (cx, addition);
        Err(Refusal::malformed("a content of this type takes no further packages"))
    }

    /// The content was deleted, and this object goes after it: the place to remove further objects
    /// that belong to it. Files go by themselves.
    fn deleted(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// A user has become something else, or has left the meeting (`None`): the last connection of
    /// theirs is gone.
    fn user_changed(&mut self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        let _ = (cx, user, role);
    }
}

/// What a new content is made from.
#[derive(Debug)]
#[non_exhaustive]
pub struct NewContent<'a> {
    /// The content's number.
    pub id: i64,
    /// The number of the user who uploaded it.
    pub owner: i64,
    /// The connection over which it came.
    pub peer: PeerId,
    /// What the manifest says of this type alone.
    pub detail: ContentDetail,
    /// Where the content came from, if the manifest says so.
    pub original_file_url: Option<&'a str>,
    /// The file that participants download as it is, if there is one.
    pub native_file: Option<&'a StoredFile>,
    /// The files of the package, by their names in the manifest.
    pub files: &'a BTreeMap<String, StoredFile>,
    /// The content itself. It is there once this one is.
    pub content: ContentRef,
    /// The meeting.
    pub meeting: MeetingContext,
    /// Where to keep what is to outlive the server.
    pub memory: Memory,
}

/// What a content is made from again. The package that it came from is not there any more: what of
/// its detail and files is needed again, a content saves when it is created.
#[derive(Debug)]
#[non_exhaustive]
pub struct OldContent<'a> {
    /// The content's number.
    pub id: i64,
    /// The number of the user who uploaded it.
    pub owner: i64,
    /// What it has saved.
    pub saved: Recollection<'a>,
    /// The content itself. It is there once this one is.
    pub content: ContentRef,
    /// The meeting.
    pub meeting: MeetingContext,
    /// Where to keep what is to outlive the server.
    pub memory: Memory,
}

/// A package for a content that exists.
#[derive(Debug)]
#[non_exhaustive]
pub struct Addition {
    /// Who uploaded it: the connection.
    pub peer: PeerId,
    /// Who uploaded it: the user's number.
    pub user: i64,
    /// What is to be added.
    pub what: Added,
    /// The files of the package, by their names in the manifest.
    pub files: BTreeMap<String, StoredFile>,
}

/// What a package is to add to a content.
#[derive(Debug)]
pub enum Added {
    /// An image annotation (`createAnnotation`), with its detail.
    Annotation(Option<RawXml>),
    /// Resources of a presentation (`createPptContentResource`).
    Resources(Option<ResourceDetail>),
}

/// Why a package is refused, or a content is not made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the client is told.
    pub reason: UploadFinishReason,
    /// What the log says: it does not reach the client.
    pub why: Cow<'static, str>,
    pub(super) forget: bool,
}

impl Refusal {
    /// A refusal for this reason.
    pub fn new(reason: UploadFinishReason, why: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, why: why.into(), forget: false }
    }

    /// The answer of [`ContentType::restore`] where a content is to go for good, with its files and
    /// all that it has saved.
    pub fn forget() -> Self {
        Self { forget: true, ..Self::malformed("the content does not outlive its server") }
    }

    /// The package is not what it should be: `VerifyFailed`.
    pub fn malformed(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(UploadFinishReason::VerifyFailed, why)
    }
}

/// What a package asks for and what cannot be saved ends its upload.
impl From<NotSaved> for Refusal {
    fn from(error: NotSaved) -> Self {
        Self::new(UploadFinishReason::UnknownFailure, error.to_string())
    }
}

/// A call that asks for what cannot be saved breaks its caller's connection, and no other.
impl From<NotSaved> for Violation {
    fn from(error: NotSaved) -> Self {
        Self::new(error.to_string())
    }
}

/// A reference to the content that an extended content belongs to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ContentRef(pub(super) Mailbox<ContentUpdate>);

/// A change of a content that its type asks for.
#[derive(Debug)]
pub(super) enum ContentUpdate {
    NativeFile(StoredFile),
    OriginalFileUrl(String),
    ViewingUrl(String),
    /// Removes files, named as on the file server.
    Discard(Vec<String>),
}

impl ContentRef {
    /// Replaces the content's native file, which users can download.
    pub fn set_native_file(&self, scope: &mut Scope, file: StoredFile) {
        self.0.send(scope, ContentUpdate::NativeFile(file));
    }

    /// Sets the URL of the original document.
    pub fn set_original_file_url(&self, scope: &mut Scope, url: String) {
        self.0.send(scope, ContentUpdate::OriginalFileUrl(url));
    }

    /// Sets the URL at which the content can be viewed.
    pub fn set_viewing_url(&self, scope: &mut Scope, url: String) {
        self.0.send(scope, ContentUpdate::ViewingUrl(url));
    }

    /// Removes a file of the content that is no longer needed.
    pub fn discard(&self, scope: &mut Scope, file: &StoredFile) {
        self.discard_all(scope, vec![file.name.clone()]);
    }

    /// Removes several files, by their names on the file server, and saves the content once.
    pub(super) fn discard_all(&self, scope: &mut Scope, names: Vec<String>) {
        if !names.is_empty() {
            self.0.send(scope, ContentUpdate::Discard(names));
        }
    }
}

/// Where an extended content keeps what is to outlive the server: values by keys of the content's
/// own. Keys may be paths, `vote/3`; what is below `vote` is read with [`Recollection::below`] and
/// goes with [`erase`](Self::erase).
#[derive(Debug, Clone)]
pub struct Memory {
    prefix: String,
}

impl Memory {
    pub(super) fn new(content: i64) -> Self {
        Self { prefix: format!("content/{content}/") }
    }

    /// Saves a value under a key. What the same turn sends leaves when that is safe.
    ///
    /// Save first, then change and tell: whatever is not saved here, nobody is to see.
    ///
    /// # Errors
    /// JSON cannot say the value (a map whose keys are neither texts nor integers, a number that is
    /// not finite), or the key is empty or has an empty part. What the key stood for stays.
    pub fn save(
        &self,
        scope: &mut Scope,
        key: &str,
        value: &impl Serialize,
    ) -> Result<(), NotSaved> {
        let error = |why| NotSaved { key: key.to_owned(), why };
        if key.split('/').any(str::is_empty) {
            return Err(error("a key and its parts are not empty".into()));
        }
        let text = json::write(value).map_err(|why| error(why.to_string()))?;
        self.save_text(scope, key, &text);
        Ok(())
    }

    /// Saves what is of this crate's own types.
    pub(super) fn keep(&self, scope: &mut Scope, key: &str, value: &impl Serialize) {
        durable::save(scope, format!("{}{key}", self.prefix), value);
    }

    /// Saves a value that is JSON already.
    pub(super) fn save_text(&self, scope: &mut Scope, key: &str, text: &str) {
        scope.save(format!("{}{key}", self.prefix), text);
    }

    /// Forgets a key, and every key below it.
    pub fn erase(&self, scope: &mut Scope, key: &str) {
        scope.erase(format!("{}{key}", self.prefix));
    }
}

/// What an extended content has saved.
#[derive(Debug)]
pub struct Recollection<'a> {
    state: &'a SavedState,
    prefix: String,
}

impl<'a> Recollection<'a> {
    pub(super) fn new(state: &'a SavedState, content: i64) -> Self {
        Self { state, prefix: format!("content/{content}/") }
    }

    /// The value of a key, if it has one.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Refusal> {
        let key = format!("{}{key}", self.prefix);
        let value = self.state.get(&key).map(|text| durable::read(&key, text));
        value.transpose().map_err(unreadable)
    }

    /// The value of a key that has to have one.
    pub fn must<T: DeserializeOwned>(&self, key: &str) -> Result<T, Refusal> {
        let missing = || Refusal::malformed(format!("`{}{key}` is missing", self.prefix));
        self.get(key)?.ok_or_else(missing)
    }

    /// Whether nothing was saved.
    pub fn is_empty(&self) -> bool {
        let first = self.state.range(self.prefix.clone()..).next();
        first.is_none_or(|(key, _)| !key.starts_with(&self.prefix))
    }

    /// The values below a key, with what stands behind the key and a slash, in their order. Below
    /// the empty key is everything.
    pub fn below<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<(&'a str, T)>, Refusal> {
        let slash = if key.is_empty() { "" } else { "/" };
        let prefix = format!("{}{key}{slash}", self.prefix);
        let below = self.state.range(prefix.clone()..);
        let below = below.take_while(|(key, _)| key.starts_with(&prefix));
        let values = below.map(|(key, text)| Ok((&key[prefix.len()..], durable::read(key, text)?)));
        values.collect::<Result<_, _>>().map_err(unreadable)
    }
}

fn unreadable(error: RestoreError) -> Refusal {
    Refusal::malformed(error.to_string())
}

/// The types of contents that a meeting knows.
#[derive(Clone)]
pub struct ContentTypes(BTreeMap<&'static str, Registration>);

#[derive(Clone)]
pub(super) struct Registration {
    desc: ObjectDesc,
    pub(super) create: Create,
    pub(super) restore: Restore,
}

pub(super) type Create = Arc<
    dyn Fn(&mut Scope, NewContent<'_>) -> Result<Box<dyn ExtendedContent>, Refusal> + Send + Sync,
>;

pub(super) type Restore = Arc<
    dyn Fn(&mut Scope, OldContent<'_>) -> Result<Box<dyn ExtendedContent>, Refusal> + Send + Sync,
>;

impl ContentTypes {
    /// None at all.
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// A further type, in the place of another of the same name.
    #[must_use]
    pub fn with<T: ContentType>(self) -> Self {
        self.with_as::<T>(T::NAME)
    }

    /// A further type by another name than its own.
    #[must_use]
    pub fn with_as<T: ContentType>(mut self, name: &'static str) -> Self {
        let create: Create = Arc::new(|scope, new| {
            let object = T::create(scope, new)?;
            Ok(Box::new(scope.add(object)))
        });
        let restore: Restore = Arc::new(|scope, old| {
            let object = T::restore(scope, old)?;
            Ok(Box::new(scope.add(object)))
        });
        self.0.insert(name, Registration { desc: ObjectDesc::of::<T>(), create, restore });
        self
    }

    pub(super) fn descriptions(&self) -> impl Iterator<Item = ObjectDesc> {
        self.0.values().map(|kind| kind.desc)
    }

    /// A type, and its name as a meeting tells it.
    pub(super) fn get(&self, name: &str) -> Option<(&'static str, Registration)> {
        self.0.get_key_value(name).map(|(name, kind)| (*name, kind.clone()))
    }
}

impl fmt::Debug for ContentTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// An extended content whose type was forgotten.
pub(super) trait ExtendedContent: Send {
    fn handle(&self) -> AnyHandle;
    fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>);
    fn add(&self, scope: &mut Scope, addition: Addition, reply: Reply);
    fn delete(&self, scope: &mut Scope);
}

/// Takes what became of an addition.
pub(super) type Reply = Box<dyn FnOnce(&mut Scope, Result<(), Refusal>) + Send>;

impl<T: ContentType> ExtendedContent for Handle<T> {
    fn handle(&self) -> AnyHandle {
        (*self).into()
    }

    fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>) {
        // It goes with its content, which is asked for it.
        scope.tell(*self, move |object, cx| object.user_changed(cx, user, role));
    }

    fn add(&self, scope: &mut Scope, addition: Addition, reply: Reply) {
        if scope.get(*self).is_err() {
            return reply(scope, Err(Refusal::malformed("the content is gone")));
        }
        scope.tell(*self, move |object, cx| {
            let result = object.add(cx, addition);
            reply(cx, result);
        });
    }

    fn delete(&self, scope: &mut Scope) {
        scope.tell(*self, |object, cx| {
            object.deleted(cx);
            let this = cx.handle();
            cx.remove(this);
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_content_remembers_what_is_its_own() {
        let keys = ["content/1", "content/1/a", "content/1/a/b", "content/1/c", "content/10/d"];
        let state = SavedState::from(keys.map(|key| (key.to_owned(), "1".to_owned())));
        let saved = Recollection::new(&state, 1);
        assert_eq!(saved.below::<i32>("").unwrap(), [("a", 1), ("a/b", 1), ("c", 1)]);
        assert_eq!(saved.below::<i32>("a").unwrap(), [("b", 1)]);
        assert_eq!(saved.get::<i32>("d"), Ok(None));
        assert!(!saved.is_empty() && !Recollection::new(&state, 10).is_empty());
        assert!(Recollection::new(&state, 2).is_empty());
    }
}
