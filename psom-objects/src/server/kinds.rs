//! The types of contents, and how somebody adds their own.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use psom::{AnyHandle, Context, DistributedObject, Handle, ObjectDesc, PeerId, Scope};

use super::{
    durable::{Memory, Recollection},
    native_file::NativeFileOnlyContent,
    notes::SharedNotesContent,
    poll::PollContent,
    ppt::PptContent,
    qna::QnaContent,
    room::{ContentRef, Room},
    whiteboard::WhiteboardContent,
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
    /// The file that participants download as it is, if there is one.
    pub native_file: Option<&'a StoredFile>,
    /// The files of the package, by their names in the manifest.
    pub files: &'a BTreeMap<String, StoredFile>,
    /// The content itself. It is there once this one is.
    pub content: ContentRef,
    /// The meeting.
    pub room: Room,
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
    pub room: Room,
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

/// The types of contents that a meeting knows.
#[derive(Clone)]
pub struct ContentTypes(BTreeMap<&'static str, Kind>);

#[derive(Clone)]
pub(super) struct Kind {
    desc: ObjectDesc,
    pub(super) create: Create,
    pub(super) restore: Restore,
}

pub(super) type Create =
    Arc<dyn Fn(&mut Scope, NewContent<'_>) -> Result<Box<dyn Extended>, Refusal> + Send + Sync>;

pub(super) type Restore =
    Arc<dyn Fn(&mut Scope, OldContent<'_>) -> Result<Box<dyn Extended>, Refusal> + Send + Sync>;

impl ContentTypes {
    /// None at all.
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Those of the specification.
    pub fn standard() -> Self {
        Self::none()
            .with::<NativeFileOnlyContent>()
            .with::<PollContent>()
            .with::<PptContent>()
            .with_as::<PptContent>("Content.PptWac")
            .with::<QnaContent>()
            .with::<SharedNotesContent>()
            .with::<WhiteboardContent>()
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
        self.0.insert(name, Kind { desc: ObjectDesc::of::<T>(), create, restore });
        self
    }

    pub(super) fn descriptions(&self) -> impl Iterator<Item = ObjectDesc> {
        self.0.values().map(|kind| kind.desc)
    }

    /// A type, and its name as a meeting tells it.
    pub(super) fn get(&self, name: &str) -> Option<(&'static str, Kind)> {
        self.0.get_key_value(name).map(|(name, kind)| (*name, kind.clone()))
    }
}

impl Default for ContentTypes {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for ContentTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// An extended content whose type was forgotten.
pub(super) trait Extended: Send {
    fn handle(&self) -> AnyHandle;
    fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>);
    fn add(&self, scope: &mut Scope, addition: Addition, reply: Reply);
    fn delete(&self, scope: &mut Scope);
}

/// Takes what became of an addition.
pub(super) type Reply = Box<dyn FnOnce(&mut Scope, Result<(), Refusal>) + Send>;

impl<T: ContentType> Extended for Handle<T> {
    fn handle(&self) -> AnyHandle {
        (*self).into()
    }

    fn user_changed(&self, scope: &mut Scope, user: i64, role: Option<Role>) {
        // It goes with its content, which is asked for it.
        let _ = scope.tell(*self, move |object, cx| object.user_changed(cx, user, role));
    }

    fn add(&self, scope: &mut Scope, addition: Addition, reply: Reply) {
        if scope.get(*self).is_err() {
            return reply(scope, Err(Refusal::malformed("the content is gone")));
        }
        let _ = scope.tell(*self, move |object, cx| {
            let result = object.add(cx, addition);
            reply(cx, result);
        });
    }

    fn delete(&self, scope: &mut Scope) {
        let _ = scope.tell(*self, |object, cx| {
            object.deleted(cx);
            let this = cx.handle();
            cx.remove(this);
        });
    }
}
