//! The content object: it saves revisions and announces them, and gives each user with edit
//! permission a link.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Instant,
};

use data_encoding::HEXLOWER;
use fsshttpb::atom::Guid;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use psom::{Context, Durable, DurableState, Lifecycle, Scope, distributed_object};
use psom_objects::{
    server::{ContentRef, ContentType, MeetingContext, NewContent, OldContent, Refusal},
    store::StoredFile,
    types::Role,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{
    CONTENT_TYPE,
    hub::{Command, LINK_PATH, MeetingDocuments, Registration},
    interfaces::{DocumentClient, DocumentServer},
};
use crate::{
    document::{Revision, User},
    time::rfc_3339,
};

/// The characters of a file name that are escaped in a link: all except letters, digits, `.`, `-`
/// and `_`.
const IN_LINK: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');
/// The programs of Office by the endings of their files.
const PROGRAMS: [(&str, &[&str]); 3] = [
    ("ms-word", &["docx", "docm", "dotx", "doc", "rtf"]),
    ("ms-excel", &["xlsx", "xlsm", "xlsb", "xls", "csv"]),
    ("ms-powerpoint", &["pptx", "pptm", "ppsx", "ppt"]),
];

/// Sends a revision to a peer or to a group, whose proxies have different types.
macro_rules! announce {
    ($proxy:expr, $saved:expr) => {{
        let SavedRevision { revision, file } = $saved;
        let number = i64::try_from(revision.number).unwrap_or(i64::MAX);
        let size = i64::try_from(revision.size).unwrap_or(i64::MAX);
        let (author, time) = (&revision.author.name, rfc_3339(revision.time));
        let (hash, key, iv) = (file.hash.clone(), file.key.clone(), file.iv.clone());
        $proxy.c_add_revision(number, size, hash, author, &time, &file.name, key, iv);
    }};
}

/// The name of a partition's file among the files of the content.
const PARTITION_FILE: &str = "partition.bin";

/// A document of a meeting that users edit together in Office.
#[distributed_object(serves = DocumentServer, calls = DocumentClient)]
pub struct DocumentContent {
    state: Durable<DocumentState>,
    /// The editors by client identifiers, with the time at which they leave.
    editors: BTreeMap<String, (String, Instant)>,
    /// The address of the web server.
    base: String,
    meeting: MeetingContext,
    content: ContentRef,
    hub: Arc<MeetingDocuments>,
    commands: Option<mpsc::UnboundedReceiver<Command>>,
    _registration: Registration,
}

/// The durable state of a document.
struct DocumentState {
    about: About,
    revisions: Vec<SavedRevision>,
    /// The files of the partitions besides the contents.
    partitions: BTreeMap<Guid, StoredFile>,
    /// The links by user identifiers.
    links: BTreeMap<i64, SavedLink>,
}

/// A change of the durable state of a document.
enum DocumentChange {
    AddRevision(SavedRevision),
    Rename(String),
    SetPartition(Guid, StoredFile),
    SetLink(i64, SavedLink),
    RemoveLink(i64),
}

/// The key of a saved value of a document.
enum DocumentKey {
    About,
    /// A revision by its number.
    Revision(u64),
    /// The file of a partition.
    Partition(Guid),
    /// The link of a user.
    Link(i64),
}

/// The saved description of a document.
#[derive(Clone, Serialize, Deserialize)]
struct About {
    id: String,
    name: String,
}

/// A saved revision.
#[derive(Clone, Serialize, Deserialize)]
struct SavedRevision {
    revision: Revision,
    file: StoredFile,
}

/// A saved link.
#[derive(Clone, Serialize, Deserialize)]
struct SavedLink {
    secret: String,
    user: User,
}

impl ContentType for DocumentContent {
    const NAME: &'static str = CONTENT_TYPE;

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let hub = hub(&new.meeting)?;
        let file = new.native_file.ok_or_else(|| Refusal::malformed("there is no native file"))?;
        let named = new.files.iter().find(|(_, stored)| stored.name == file.name);
        let name = named.map_or("document", |(name, _)| name).to_owned();
        let about = About { id: hub.secret(), name };
        let owner = new.meeting.user(scope, new.owner).unwrap_or_default();
        let sha1 = HEXLOWER.encode(&file.hash);
        let revision =
            Revision { number: 1, size: file.size, sha1, author: user(owner), time: hub.now() };
        let first = SavedRevision { revision, file: file.clone() };
        let state = DocumentState {
            about,
            revisions: vec![first],
            partitions: BTreeMap::new(),
            links: BTreeMap::new(),
        };
        let state = new.memory.create(scope, state);
        Ok(Self::open(hub, state, new.meeting, new.content))
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let hub = hub(&old.meeting)?;
        let about: About = old.saved.required("about")?;
        let revisions = old.saved.below::<SavedRevision>("revision")?;
        let revisions: Vec<_> = revisions.into_iter().map(|(_, saved)| saved).collect();
        if revisions.is_empty() {
            return Err(Refusal::malformed("the document has no revision"));
        }
        let mut links = BTreeMap::new();
        for (user, link) in old.saved.below::<SavedLink>("link")? {
            let user = user.parse().map_err(|_| Refusal::malformed("a link has no user"))?;
            links.insert(user, link);
        }
        let mut partitions = BTreeMap::new();
        for (partition, file) in old.saved.below::<StoredFile>("partition")? {
            let guid = partition.parse();
            let guid = guid.map_err(|_| Refusal::malformed("a partition has no GUID"))?;
            partitions.insert(guid, file);
        }
        let state = old.memory.restored(DocumentState { about, revisions, partitions, links });
        Ok(Self::open(hub, state, old.meeting, old.content))
    }

    fn started(&mut self, cx: &mut Context<Self>) {
        if let Some(commands) = self.commands.take() {
            wait(cx, commands);
        }
    }

    fn user_changed(&mut self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        // A user who has left keeps the link: Office may still have the document open.
        let Some(role) = role else { return };
        let may = self.meeting.policy().may_upload(role);
        if may == self.state.links.contains_key(&user) {
            return;
        }
        if !may && let Some(link) = self.state.links.get(&user) {
            self.hub.unlink(&link.secret);
            self.state.change(cx, DocumentChange::RemoveLink(user));
        }
        let url = if may { self.link(cx, user) } else { String::new() };
        for peer in cx.peer_infos() {
            if peer.user.id == user
                && let Some(peer) = cx.peer(peer.id)
            {
                peer.c_set_link(&url);
            }
        }
    }
}

fn hub(meeting: &MeetingContext) -> Result<Arc<MeetingDocuments>, Refusal> {
    let absent = || Refusal::malformed("the server does not serve documents");
    meeting.service::<MeetingDocuments>().ok_or_else(absent)
}

fn user((uri, name): (String, String)) -> User {
    User { email: uri.strip_prefix("sip:").map(str::to_owned), login: uri, name, anonymous: false }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::About => f.write_str("about"),
            // Eight digits, so that the order of the keys is the order of the revisions.
            Self::Revision(number) => write!(f, "revision/{number:08}"),
            Self::Partition(partition) => {
                let guid = partition.to_string().to_ascii_lowercase();
                write!(f, "partition/{}", guid.trim_matches(['{', '}']))
            }
            Self::Link(user) => write!(f, "link/{user}"),
        }
    }
}

impl DurableState for DocumentState {
    type Change = DocumentChange;
    type Key = DocumentKey;
    type Effect = ();

    fn apply(&mut self, change: DocumentChange, touched: &mut Vec<DocumentKey>) {
        match change {
            DocumentChange::AddRevision(saved) => {
                touched.push(DocumentKey::Revision(saved.revision.number));
                self.revisions.push(saved);
            }
            DocumentChange::Rename(name) => {
                touched.push(DocumentKey::About);
                self.about.name = name;
            }
            DocumentChange::SetPartition(partition, file) => {
                touched.push(DocumentKey::Partition(partition));
                self.partitions.insert(partition, file);
            }
            DocumentChange::SetLink(user, link) => {
                touched.push(DocumentKey::Link(user));
                self.links.insert(user, link);
            }
            DocumentChange::RemoveLink(user) => {
                touched.push(DocumentKey::Link(user));
                self.links.remove(&user);
            }
        }
    }

    fn keys(&self) -> Vec<DocumentKey> {
        let revisions = self.revisions.iter().map(|saved| saved.revision.number);
        std::iter::once(DocumentKey::About)
            .chain(revisions.map(DocumentKey::Revision))
            .chain(self.partitions.keys().copied().map(DocumentKey::Partition))
            .chain(self.links.keys().copied().map(DocumentKey::Link))
            .collect()
    }

    fn value(&self, key: &DocumentKey) -> Option<String> {
        match key {
            DocumentKey::About => json(&self.about),
            DocumentKey::Revision(number) => {
                let mut newest_first = self.revisions.iter().rev();
                json(newest_first.find(|saved| saved.revision.number == *number)?)
            }
            DocumentKey::Partition(partition) => json(self.partitions.get(partition)?),
            DocumentKey::Link(user) => json(self.links.get(user)?),
        }
    }
}

/// Returns the saved form of a value. Serializing fails only for a time before 1970.
fn json(value: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(value);
    json.inspect_err(|error| tracing::error!(%error, "failed to save the state of a document")).ok()
}

/// Handles the commands from the web server, one after the other.
fn wait(cx: &mut Context<DocumentContent>, mut commands: mpsc::UnboundedReceiver<Command>) {
    let next = async move { (commands.recv().await, commands) };
    cx.spawn(next, |this, cx, (command, commands)| {
        let Some(command) = command else { return };
        this.handle(cx, command);
        wait(cx, commands);
    });
}

impl DocumentContent {
    fn open(
        hub: Arc<MeetingDocuments>,
        state: Durable<DocumentState>,
        meeting: MeetingContext,
        content: ContentRef,
    ) -> Self {
        let DocumentState { about, revisions, partitions, links } = &*state;
        let known = revisions.iter().map(|saved| (saved.revision.clone(), saved.file.clone()));
        let files = meeting.file_store();
        let known = (known.collect(), partitions.clone());
        let (registration, commands) = hub.register(&about.id, &about.name, files, known);
        for link in links.values() {
            hub.link(&about.id, &link.secret, link.user.clone());
        }
        // The file server and the links have the same address.
        let url = revisions.first().map(|first| meeting.url(&first.file)).unwrap_or_default();
        let base = url.rsplit_once("/files/").map_or("", |(base, _)| base).to_owned();
        Self {
            state,
            editors: BTreeMap::new(),
            base,
            meeting,
            content,
            hub,
            commands: Some(commands),
            _registration: registration,
        }
    }

    /// Returns the user's link. The first call creates it.
    fn link(&mut self, cx: &mut Context<Self>, id: i64) -> String {
        if !self.state.links.contains_key(&id) {
            let owner = self.meeting.user(cx, id).unwrap_or_default();
            let link = SavedLink { secret: self.hub.secret(), user: user(owner) };
            self.hub.link(&self.state.about.id, &link.secret, link.user.clone());
            self.state.change(cx, DocumentChange::SetLink(id, link));
        }
        let DocumentState { about, links, .. } = &*self.state;
        let secret = links.get(&id).map_or("", |link| &link.secret);
        let name = utf8_percent_encode(&about.name, IN_LINK);
        let url = format!("{}{LINK_PATH}/{secret}/{name}", self.base);
        let ending = about.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match PROGRAMS.iter().find(|(_, endings)| endings.contains(&&*ending)) {
            Some((program, _)) => format!("{program}:ofe|u|{url}"),
            None => url,
        }
    }

    fn handle(&mut self, cx: &mut Context<Self>, command: Command) {
        match command {
            Command::Revision(revision, file, done) => {
                let saved = SavedRevision { revision: *revision, file };
                self.content.keep(cx, &self.state.about.name, saved.file.clone());
                self.content.set_native_file(cx, saved.file.clone());
                announce!(cx.peers(), &saved);
                self.state.change(cx, DocumentChange::AddRevision(saved));
                // Queue this behind the messages to the content, so that their writes are in the
                // same turn.
                let this = cx.handle();
                cx.tell(this, move |_, cx| cx.when_safe(move || done.send(()).unwrap_or_default()));
            }
            Command::Partition(partition, file, done) => {
                self.content.keep(cx, PARTITION_FILE, file.clone());
                if let Some(old) = self.state.partitions.get(&partition).cloned() {
                    self.content.discard(cx, &old);
                }
                self.state.change(cx, DocumentChange::SetPartition(partition, file));
                // Queue this behind the messages to the content, so that their writes are in the
                // same turn.
                let this = cx.handle();
                cx.tell(this, move |_, cx| cx.when_safe(move || done.send(()).unwrap_or_default()));
            }
            Command::Rename(name, done) => {
                self.state.change(cx, DocumentChange::Rename(name));
                self.announce_links(cx);
                cx.when_safe(move || done.send(()).unwrap_or_default());
            }
            Command::Editors(editors) => self.set_editors(cx, editors),
        }
    }

    /// Sends each user who may edit the link, which contains the name of the file. A link with the
    /// previous name remains valid, because only its secret counts.
    fn announce_links(&mut self, cx: &mut Context<Self>) {
        for peer in cx.peer_infos() {
            let user = peer.user.id;
            if !self.state.links.contains_key(&user) {
                continue;
            }
            let url = self.link(cx, user);
            if let Some(peer) = cx.peer(peer.id) {
                peer.c_set_link(&url);
            }
        }
    }

    fn set_editors(
        &mut self,
        cx: &mut Context<Self>,
        editors: Vec<(String, String, std::time::Duration)>,
    ) {
        let now = cx.now();
        let present: BTreeSet<_> = editors.iter().map(|(client, ..)| client.clone()).collect();
        let gone: Vec<_> =
            self.editors.keys().filter(|client| !present.contains(*client)).cloned().collect();
        for client in gone {
            self.remove_editor(cx, &client);
        }
        for (client, name, left) in editors {
            let until = now + left;
            if self.editors.insert(client.clone(), (name.clone(), until)).is_none() {
                cx.peers().c_add_editor(&client, &name);
            }
            cx.after(left, move |this, cx| {
                let late = this.editors.get(&client).is_some_and(|(_, until)| *until <= cx.now());
                if late {
                    this.remove_editor(cx, &client);
                }
            });
        }
    }

    fn remove_editor(&mut self, cx: &mut Context<Self>, client: &str) {
        if self.editors.remove(client).is_some() {
            cx.peers().c_remove_editor(client);
        }
    }
}

impl DocumentServer for DocumentContent {}

impl Lifecycle for DocumentContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        let role = self.meeting.role(cx, user);
        for saved in &self.state.revisions {
            announce!(cx.caller(), saved);
        }
        for (client, (name, _)) in &self.editors {
            cx.caller().c_add_editor(client, name);
        }
        if self.meeting.policy().may_upload(role) {
            let url = self.link(cx, user);
            cx.caller().c_set_link(&url);
        }
        cx.caller().c_connect_completed();
    }
}

impl fmt::Debug for DocumentContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revisions = self.state.revisions.len();
        f.debug_struct("DocumentContent").field("revisions", &revisions).finish_non_exhaustive()
    }
}
