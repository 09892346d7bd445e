//! The documents of all meetings of a server, as a store behind the router.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    io::Cursor,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use fsshttpb::atom::Guid;
use psom_objects::{
    package::{ContentDetail, CreateContent, Manifest, PackageWriter},
    store::{FileStore, StoredFile},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    document::{Caller, LockRules, Revision, Sharing, User},
    documents::{Address, DocumentError, DocumentFuture, Documents, Found, Loaded},
};

/// The path of the links, before the secret of the user.
pub const LINK_PATH: &str = "/edit";
/// The maximum number of revisions of a document. Each is a file of the meeting.
const MAX_REVISIONS: usize = 1_000;
/// The name of the file in the package with which a revision is stored.
const PART: &str = "revision.bin";

type Random = Box<dyn Fn() -> u128 + Send + Sync>;
type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// The documents of all meetings of a server. It is a service of the content type
/// ([`ContentTypes::with_service`](psom_objects::server::ContentTypes::with_service)) and the store
/// of a [`cell_router`](crate::cell_router).
pub struct MeetingDocuments {
    random: Random,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    documents: HashMap<String, RegisteredDocument>,
    /// The links by their secrets.
    links: HashMap<String, LinkEntry>,
    /// The number of the last registration. An object removes only the registration with its own
    /// number, so an old object does not remove that of a newer one.
    last_registration: u64,
}

struct LinkEntry {
    document: String,
    user: User,
}

/// A document of a running meeting.
struct RegisteredDocument {
    registration: u64,
    name: String,
    files: Arc<dyn FileStore>,
    revisions: Vec<(Revision, StoredFile)>,
    /// The files of the partitions besides the contents.
    partitions: BTreeMap<Guid, StoredFile>,
    commands: mpsc::UnboundedSender<Command>,
}

/// A message to the content object.
pub(super) enum Command {
    /// Saves and announces a revision, then reports that it is safe.
    Revision(Box<Revision>, StoredFile, oneshot::Sender<()>),
    /// Saves the file of a partition, then reports that it is safe.
    Partition(Guid, StoredFile, oneshot::Sender<()>),
    /// Saves another name of the file and announces the links, then reports that it is safe.
    Rename(String, oneshot::Sender<()>),
    /// The editors by their client identifiers, each with a name and the time that is left.
    Editors(Vec<(String, String, Duration)>),
}

/// A document that is registered until this value is dropped.
pub(super) struct Registration {
    hub: Arc<MeetingDocuments>,
    document: String,
    number: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let current = state.documents.get(&self.document).map(|entry| entry.registration);
        if current == Some(self.number) {
            state.documents.remove(&self.document);
            state.links.retain(|_, link| link.document != self.document);
        }
    }
}

impl MeetingDocuments {
    /// Creates an empty store. `random` returns 128 unpredictable bits, from which the secrets of the
    /// links are made; `clock` returns the time of day.
    pub fn new(
        random: impl Fn() -> u128 + Send + Sync + 'static,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Self {
        Self { random: Box::new(random), clock: Box::new(clock), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a secret or an identifier.
    pub(super) fn secret(&self) -> String {
        format!("{:032x}", (self.random)())
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Registers a document. Its links work until the registration is dropped.
    pub(super) fn register(
        self: &Arc<Self>,
        document: &str,
        name: &str,
        files: Arc<dyn FileStore>,
        (revisions, partitions): (Vec<(Revision, StoredFile)>, BTreeMap<Guid, StoredFile>),
    ) -> (Registration, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let mut state = self.state();
        state.last_registration += 1;
        let number = state.last_registration;
        let name = name.to_owned();
        let entry = RegisteredDocument {
            registration: number,
            name,
            files,
            revisions,
            partitions,
            commands,
        };
        state.documents.insert(document.to_owned(), entry);
        let (hub, document) = (Arc::clone(self), document.to_owned());
        (Registration { hub, document, number }, receiver)
    }

    /// Makes a link valid.
    pub(super) fn link(&self, document: &str, secret: &str, user: User) {
        let link = LinkEntry { document: document.to_owned(), user };
        self.state().links.insert(secret.to_owned(), link);
    }

    /// Makes a link invalid.
    pub(super) fn unlink(&self, secret: &str) {
        self.state().links.remove(secret);
    }

    /// Stores a file of a meeting.
    async fn store(&self, key: &str, file: &Bytes) -> Result<StoredFile, DocumentError> {
        let package = Bytes::from(package(file)?);
        let mut sink = self.entry(key, |entry| {
            entry.files.begin(package.len() as u64).map_err(DocumentError::failed)
        })?;
        sink.write(package).await.map_err(DocumentError::failed)?;
        let import = sink.finish(file.len() as u64).await.map_err(DocumentError::failed)?;
        let stored = import.files.into_values().next();
        stored.ok_or_else(|| DocumentError::failed("no file was stored"))
    }

    fn entry<T>(
        &self,
        key: &str,
        read: impl FnOnce(&mut RegisteredDocument) -> Result<T, DocumentError>,
    ) -> Result<T, DocumentError> {
        let mut state = self.state();
        read(state.documents.get_mut(key).ok_or(DocumentError::NotFound)?)
    }
}

impl fmt::Debug for MeetingDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let documents = self.state().documents.len();
        f.debug_struct("MeetingDocuments").field("documents", &documents).finish_non_exhaustive()
    }
}

/// Writes a package with one file, the form in which a meeting stores files.
fn package(file: &Bytes) -> Result<Vec<u8>, DocumentError> {
    let content = CreateContent::new(PART, ContentDetail::NativeFileOnly).with_native_file(PART);
    let manifest = Manifest::CreateContent(content);
    let mut package =
        PackageWriter::new(Cursor::new(vec![]), &manifest).map_err(DocumentError::failed)?;
    package.add_file(PART, &mut &file[..]).map_err(DocumentError::failed)?;
    Ok(package.finish().map_err(DocumentError::failed)?.into_inner())
}

impl Documents for MeetingDocuments {
    fn find<'a>(&'a self, address: Address<'a>) -> DocumentFuture<'a, Found> {
        Box::pin(async move {
            let rest = address.path.strip_prefix(LINK_PATH).and_then(|path| path.strip_prefix('/'));
            let secret = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
            let state = self.state();
            let link = state.links.get(secret).ok_or(DocumentError::Denied)?;
            let caller = Caller { user: link.user.clone(), may_write: true };
            Ok(Found { key: link.document.clone(), caller })
        })
    }

    fn load<'a>(&'a self, key: &'a str) -> DocumentFuture<'a, Loaded> {
        Box::pin(async move {
            let (mut loaded, reading) = self.entry(key, |entry| {
                let loaded = Loaded {
                    name: entry.name.clone(),
                    resource_id: key.to_owned(),
                    revisions: entry.revisions.iter().map(|(known, _)| known.clone()).collect(),
                    rules: LockRules::default(),
                    ..Loaded::default()
                };
                let files = entry.partitions.iter();
                let reading = files.map(|(partition, file)| (*partition, entry.files.read(file)));
                Ok((loaded, reading.collect::<Vec<_>>()))
            })?;
            for (partition, reading) in reading {
                let message = reading.await.map_err(DocumentError::failed)?;
                loaded.partitions.insert(partition, message);
            }
            Ok(loaded)
        })
    }

    fn read<'a>(&'a self, key: &'a str, number: u64) -> DocumentFuture<'a, Bytes> {
        Box::pin(async move {
            let reading = self.entry(key, |entry| {
                let mut revisions = entry.revisions.iter();
                let found = revisions.find(|(revision, _)| revision.number == number);
                let (_, file) = found.ok_or(DocumentError::NoRevision(number))?;
                Ok(entry.files.read(file))
            })?;
            reading.await.map_err(DocumentError::failed)
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        revision: &'a Revision,
        file: Bytes,
    ) -> DocumentFuture<'a, ()> {
        Box::pin(async move {
            self.entry(key, |entry| {
                if entry.revisions.len() >= MAX_REVISIONS {
                    return Err(DocumentError::failed("the document has too many revisions"));
                }
                Ok(())
            })?;
            let stored = self.store(key, &file).await?;
            let (done, safe) = oneshot::channel();
            let command = Command::Revision(Box::new(revision.clone()), stored.clone(), done);
            self.entry(key, |entry| {
                entry.commands.send(command).map_err(|_| DocumentError::NotFound)
            })?;
            // Without an answer, the journal has failed or the document is gone. The stored file is
            // not removed: the next start removes it unless the revision was saved.
            safe.await.map_err(|_| DocumentError::NotFound)?;
            self.entry(key, |entry| {
                entry.revisions.push((revision.clone(), stored));
                Ok(())
            })
        })
    }

    fn save_partition<'a>(
        &'a self,
        key: &'a str,
        partition: Guid,
        message: Bytes,
    ) -> DocumentFuture<'a, ()> {
        Box::pin(async move {
            let stored = self.store(key, &message).await?;
            let (done, safe) = oneshot::channel();
            let command = Command::Partition(partition, stored.clone(), done);
            self.entry(key, |entry| {
                entry.commands.send(command).map_err(|_| DocumentError::NotFound)
            })?;
            safe.await.map_err(|_| DocumentError::NotFound)?;
            self.entry(key, |entry| {
                entry.partitions.insert(partition, stored);
                Ok(())
            })
        })
    }

    /// Changes the name of the file. The title of the content belongs to the meeting, so it does
    /// not change. The key does not change either.
    fn rename<'a>(&'a self, key: &'a str, name: &'a str) -> DocumentFuture<'a, String> {
        Box::pin(async move {
            let (done, safe) = oneshot::channel();
            let command = Command::Rename(name.to_owned(), done);
            self.entry(key, |entry| {
                entry.commands.send(command).map_err(|_| DocumentError::NotFound)
            })?;
            safe.await.map_err(|_| DocumentError::NotFound)?;
            self.entry(key, |entry| {
                name.clone_into(&mut entry.name);
                Ok(key.to_owned())
            })
        })
    }

    fn save_sharing<'a>(&'a self, key: &'a str, sharing: &'a Sharing) -> DocumentFuture<'a, ()> {
        Box::pin(async move {
            let now = self.now();
            let editors = sharing.editors.0.iter().filter(|(_, editor)| editor.edits);
            let editors = editors.map(|(client, editor)| {
                let left = editor.until.duration_since(now).unwrap_or_default();
                (client.clone(), editor.user.name.clone(), left)
            });
            let command = Command::Editors(editors.collect());
            self.entry(key, |entry| {
                entry.commands.send(command).map_err(|_| DocumentError::NotFound)
            })
        })
    }
}
