//! The contract between a content and its content type, and how to add a content type.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use psom::{
    AnyHandle, Context, DistributedObject, Handle, Memory, ObjectDesc, PeerId, SavedValues, Scope,
    error::{SaveError, SavedValueError},
};

use super::{context::MeetingContext, mailbox::Mailbox, services::Services};
use crate::{
    package::{ContentDetail, RawXml, ResourceDetail},
    store::StoredFile,
    types::{Role, UploadFinishReason},
};

/// A content type: the object behind the `extendedContent` of a content (section 3.1.4.1.5).
///
/// The content types of the specification implement this trait too. To add a type, implement it
/// for a distributed object and register the object with [`ContentTypes::with`].
pub trait ContentType: DistributedObject {
    /// The name of the type in the manifest and in `cContentAdded`, such as `Content.Poll` or
    /// `Contoso.Counter`.
    const NAME: &'static str;

    /// Creates the object of a new content from an uploaded package.
    ///
    /// # Errors
    /// A [`Refusal`] ends the upload with its reason and removes everything that was uploaded.
    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal>;

    /// Restores the object of a content after a restart of the server, from the values that it
    /// saved in its [`Memory`].
    ///
    /// The default is for types whose contents last until the server stops: a content without
    /// saved values is removed, any other is refused.
    ///
    /// # Errors
    /// - [`Refusal::forget`] removes the content with its saved state and its files.
    /// - Any other refusal [sets the content aside](super::SetAsideContent): users do not see it,
    ///   its saved state stays, and the next start tries again. So an implementation must check the
    ///   saved state before it saves or erases anything.
    fn restore(scope: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let _ = scope;
        if old.saved.is_empty() {
            return Err(Refusal::forget());
        }
        Err(Refusal::malformed("the type cannot restore saved state"))
    }

    /// Adds another uploaded package to this content. The content owns the files of an accepted
    /// package.
    ///
    /// # Errors
    /// A [`Refusal`] ends the upload with its reason and removes the files of the package.
    fn add(&mut self, cx: &mut Context<Self>, addition: Addition) -> Result<(), Refusal> {
        let _ = (cx, addition);
        Err(Refusal::malformed("contents of this type accept no further packages"))
    }

    /// Handles the start of the object. The framework calls it once, after [`create`](Self::create)
    /// or [`restore`](Self::restore). An implementation starts its timers and futures here.
    fn started(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// Handles the deletion of the content, before this object is removed. An implementation
    /// removes further objects that belong to it. The files of the content are removed by the
    /// content.
    fn deleted(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }

    /// Handles the change of a user's role. The role is `None` if the user's last connection has
    /// ended.
    fn user_changed(&mut self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        let _ = (cx, user, role);
    }
}

/// The uploaded package of a new content, and the content itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct NewContent<'a> {
    /// The identifier of the content.
    pub id: i64,
    /// The identifier of the user who uploaded the package.
    pub owner: i64,
    /// The connection that uploaded the package.
    pub peer: PeerId,
    /// The part of the manifest that is specific to the content type.
    pub detail: ContentDetail,
    /// The URL of the original document, if the manifest has one.
    pub original_file_url: Option<&'a str>,
    /// The original file, which users can download, if the package has one.
    pub native_file: Option<&'a StoredFile>,
    /// The files of the package by their names in the manifest.
    pub files: &'a BTreeMap<String, StoredFile>,
    /// The content. It exists when `create` has returned.
    pub content: ContentRef,
    /// The meeting.
    pub meeting: MeetingContext,
    /// The content's saved state.
    pub memory: Memory,
}

/// The saved state of a content. It does not include the package: a type saves the values and files
/// that it needs again when the content is created.
#[derive(Debug)]
#[non_exhaustive]
pub struct OldContent<'a> {
    /// The identifier of the content.
    pub id: i64,
    /// The identifier of the user who uploaded the content.
    pub owner: i64,
    /// The saved values.
    pub saved: SavedValues<'a>,
    /// The content. It exists when `restore` has returned.
    pub content: ContentRef,
    /// The meeting.
    pub meeting: MeetingContext,
    /// The content's saved state, for further changes.
    pub memory: Memory,
}

/// An uploaded package for an existing content.
#[derive(Debug)]
#[non_exhaustive]
pub struct Addition {
    /// The connection that uploaded the package.
    pub peer: PeerId,
    /// The identifier of the user who uploaded the package.
    pub user: i64,
    /// The manifest's action.
    pub what: Added,
    /// The files of the package by their names in the manifest.
    pub files: BTreeMap<String, StoredFile>,
}

/// The action of a package for an existing content.
#[derive(Debug)]
pub enum Added {
    /// Adds an image annotation (`createAnnotation`) with this detail.
    Annotation(Option<RawXml>),
    /// Adds resources to a presentation (`createPptContentResource`).
    Resources(Option<ResourceDetail>),
}

/// The reason why a content type refuses a package or saved state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason that the client receives.
    pub reason: UploadFinishReason,
    /// The reason for the log. The client does not receive it.
    pub why: Cow<'static, str>,
    pub(super) forget: bool,
}

impl Refusal {
    /// Returns a refusal with this reason.
    pub fn new(reason: UploadFinishReason, why: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, why: why.into(), forget: false }
    }

    /// Returns the result of [`ContentType::restore`] that removes the content with its saved state
    /// and its files.
    pub fn forget() -> Self {
        Self { forget: true, ..Self::malformed("the content lasts until its server stops") }
    }

    /// Returns the refusal of a malformed package: `VerifyFailed`.
    pub fn malformed(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(UploadFinishReason::VerifyFailed, why)
    }
}

/// Ends the upload of a package whose values cannot be saved.
impl From<SaveError> for Refusal {
    fn from(error: SaveError) -> Self {
        Self::new(UploadFinishReason::UnknownFailure, error.to_string())
    }
}

/// A reference to the content that an extended content belongs to. It is cheap to clone.
#[derive(Debug, Clone)]
pub struct ContentRef(pub(super) Mailbox<ContentUpdate>);

/// A change of a content that its content type requests.
#[derive(Debug)]
pub(super) enum ContentUpdate {
    NativeFile(StoredFile),
    OriginalFileUrl(String),
    ViewingUrl(String),
    /// Makes a file, by its name for users, one of the content's files.
    Keep(String, StoredFile),
    /// Removes files by their names on the file server.
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

    /// Makes a file that was stored without a package one of the content's files: it is kept over
    /// restarts and removed with the content. `name` is the file's name for users.
    pub fn keep(&self, scope: &mut Scope, name: &str, file: StoredFile) {
        self.0.send(scope, ContentUpdate::Keep(name.to_owned(), file));
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

/// A content type whose saved state cannot be read is set aside.
impl From<SavedValueError> for Refusal {
    fn from(error: SavedValueError) -> Self {
        Self::malformed(error.to_string())
    }
}

/// The content types of a meeting.
#[derive(Clone)]
pub struct ContentTypes {
    types: BTreeMap<&'static str, Registration>,
    services: Services,
}

/// A registered content type: its interfaces and its constructors.
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

/// Adds the object of a content, which starts in the turn's next step.
fn start<T: ContentType>(scope: &mut Scope, object: T) -> Box<dyn ExtendedContent> {
    let handle = scope.add(object);
    scope.tell(handle, |object, cx| object.started(cx));
    Box::new(handle)
}

impl ContentTypes {
    /// Returns an empty set of types.
    pub fn none() -> Self {
        Self { types: BTreeMap::new(), services: Services::default() }
    }

    /// Adds a value that the contents get with
    /// [`MeetingContext::service`](super::MeetingContext::service), such as a channel to the program
    /// around the meeting. It replaces a value of the same type.
    #[must_use]
    pub fn with_service<T: Send + Sync + 'static>(mut self, service: Arc<T>) -> Self {
        self.services.insert(service);
        self
    }

    pub(super) fn services(&self) -> Services {
        self.services.clone()
    }

    /// Adds a type. It replaces a type with the same name.
    #[must_use]
    pub fn with<T: ContentType>(self) -> Self {
        self.with_as::<T>(T::NAME)
    }

    /// Adds a type under another name than its own.
    #[must_use]
    pub fn with_as<T: ContentType>(mut self, name: &'static str) -> Self {
        let create: Create = Arc::new(|scope, new| {
            let object = T::create(scope, new)?;
            Ok(start(scope, object))
        });
        let restore: Restore = Arc::new(|scope, old| {
            let object = T::restore(scope, old)?;
            Ok(start(scope, object))
        });
        self.types.insert(name, Registration { desc: ObjectDesc::of::<T>(), create, restore });
        self
    }

    /// Returns the interfaces of all types.
    pub(super) fn descriptions(&self) -> impl Iterator<Item = ObjectDesc> {
        self.types.values().map(|registered| registered.desc)
    }

    /// Returns a type with its name.
    pub(super) fn get(&self, name: &str) -> Option<(&'static str, Registration)> {
        self.types.get_key_value(name).map(|(name, registered)| (*name, registered.clone()))
    }
}

impl fmt::Debug for ContentTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.types.keys()).finish()
    }
}

/// The object behind `extendedContent`, without its type.
pub(super) trait ExtendedContent: Send {
    /// Returns the object's handle.
    fn handle(&self) -> AnyHandle;
    /// Calls [`ContentType::user_changed`].
    fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>);
    /// Calls [`ContentType::add`] and replies with its result.
    fn add(&self, scope: &mut Scope, addition: Addition, reply: Reply);
    /// Calls [`ContentType::deleted`] and removes the object.
    fn delete(&self, scope: &mut Scope);
}

/// Receives the result of an addition.
pub(super) type Reply = Box<dyn FnOnce(&mut Scope, Result<(), Refusal>) + Send>;

impl<T: ContentType> ExtendedContent for Handle<T> {
    fn handle(&self) -> AnyHandle {
        (*self).into()
    }

    fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>) {
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
