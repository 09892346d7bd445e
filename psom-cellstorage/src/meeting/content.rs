//! The content object: it saves revisions and announces them, and gives each user with edit
//! permission a link.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use psom::{Context, Lifecycle, Scope, distributed_object};
use psom_objects::{
    server::{ContentRef, ContentType, MeetingContext, Memory, NewContent, OldContent, Refusal},
    store::StoredFile,
    types::Role,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{
    CONTENT_TYPE,
    hub::{Command, LINK_PATH, MeetingDocuments, Registration},
    interfaces::{DocumentClientProxy, DocumentServer, DocumentServerProxy},
};
use crate::{
    document::{Revision, User},
    time::rfc_3339,
};

/// The characters of a file name that stay in a link.
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

/// A document of a meeting that users edit together in Office.
#[distributed_object(serves = DocumentServer, calls = DocumentClient)]
pub struct DocumentContent {
    about: About,
    revisions: Vec<SavedRevision>,
    /// The links by user identifiers.
    links: BTreeMap<i64, SavedLink>,
    /// The editors by client identifiers, with the time at which they leave.
    editors: BTreeMap<String, (String, Instant)>,
    /// The address of the web server.
    base: String,
    meeting: MeetingContext,
    memory: Memory,
    content: ContentRef,
    hub: Arc<MeetingDocuments>,
    commands: Option<mpsc::UnboundedReceiver<Command>>,
    _registration: Registration,
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
        new.memory.save(scope, "about", &about)?;
        new.memory.save(scope, &revision_key(1), &first)?;
        let parts = (new.meeting, new.memory, new.content);
        Ok(Self::open(hub, about, vec![first], BTreeMap::new(), parts))
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
        let parts = (old.meeting, old.memory, old.content);
        Ok(Self::open(hub, about, revisions, links, parts))
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
        if may == self.links.contains_key(&user) {
            return;
        }
        if !may && let Some(link) = self.links.remove(&user) {
            self.memory.erase(cx, &format!("link/{user}"));
            self.hub.unlink(&link.secret);
        }
        let url = if may { self.link(cx, user) } else { String::new() };
        for peer in cx.peer_infos() {
            if peer.user.id == user
                && let Some(mut peer) = cx.peer(peer.id)
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

/// Returns the key of a revision. Keys are sorted as texts, so that the number has a fixed width.
fn revision_key(number: u64) -> String {
    format!("revision/{number:08}")
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
        about: About,
        revisions: Vec<SavedRevision>,
        links: BTreeMap<i64, SavedLink>,
        (meeting, memory, content): (MeetingContext, Memory, ContentRef),
    ) -> Self {
        let known = revisions.iter().map(|saved| (saved.revision.clone(), saved.file.clone()));
        let files = meeting.file_store();
        let (registration, commands) = hub.register(&about.id, &about.name, files, known.collect());
        for link in links.values() {
            hub.link(&about.id, &link.secret, link.user.clone());
        }
        // The file server and the links have the same address.
        let url = revisions.first().map(|first| meeting.url(&first.file)).unwrap_or_default();
        let base = url.rsplit_once("/files/").map_or("", |(base, _)| base).to_owned();
        Self {
            about,
            revisions,
            links,
            editors: BTreeMap::new(),
            base,
            meeting,
            memory,
            content,
            hub,
            commands: Some(commands),
            _registration: registration,
        }
    }

    /// Returns the user's link. The first call creates it.
    fn link(&mut self, cx: &mut Context<Self>, id: i64) -> String {
        if !self.links.contains_key(&id) {
            let owner = self.meeting.user(cx, id).unwrap_or_default();
            let link = SavedLink { secret: self.hub.secret(), user: user(owner) };
            if let Err(error) = self.memory.save(cx, &format!("link/{id}"), &link) {
                tracing::warn!(%error, "could not save a link to a document");
                return String::new();
            }
            self.hub.link(&self.about.id, &link.secret, link.user.clone());
            self.links.insert(id, link);
        }
        let secret = self.links.get(&id).map_or("", |link| &link.secret);
        let name = utf8_percent_encode(&self.about.name, IN_LINK);
        let url = format!("{}{LINK_PATH}/{secret}/{name}", self.base);
        let ending = self.about.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match PROGRAMS.iter().find(|(_, endings)| endings.contains(&&*ending)) {
            Some((program, _)) => format!("{program}:ofe|u|{url}"),
            None => url,
        }
    }

    fn handle(&mut self, cx: &mut Context<Self>, command: Command) {
        match command {
            Command::Revision(revision, file, done) => {
                let saved = SavedRevision { revision: *revision, file };
                let key = revision_key(saved.revision.number);
                if let Err(error) = self.memory.save(cx, &key, &saved) {
                    return tracing::warn!(%error, "could not save a revision of a document");
                }
                self.content.keep(cx, &self.about.name, saved.file.clone());
                self.content.set_native_file(cx, saved.file.clone());
                announce!(cx.peers(), &saved);
                self.revisions.push(saved);
                // Queued behind the messages to the content, so that their writes are in this turn.
                let this = cx.handle();
                cx.tell(this, move |_, cx| cx.when_safe(move || done.send(()).unwrap_or_default()));
            }
            Command::Editors(editors) => self.set_editors(cx, editors),
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
        for saved in &self.revisions {
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

impl std::fmt::Debug for DocumentContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let revisions = self.revisions.len();
        f.debug_struct("DocumentContent").field("revisions", &revisions).finish_non_exhaustive()
    }
}
