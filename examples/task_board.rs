//! A board of tasks: rooms as children in two versions, records, references, durable state, requests, a
//! timer, spawned work, tests in virtual time, and a restart with a client that reconnects.
//!
//! ```text
//! cargo run --example task_board && cargo test --example task_board
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use psom::{
    Client, Context, Handle, Lifecycle, Memory, ObjectRef, PsomType, SavedValues, Scope, Server,
    Tokens, User, Violation, distributed_object,
    journal::File,
    net::{Backoff, ConnectionEvent},
    psom_interface, tls,
};
use serde::{Deserialize, Serialize};

/// The time after which a room reminds its users of a task that is not done.
const REMINDER: Duration = Duration::from_secs(3600);

/// The time that a client waits for an answer.
const LIMIT: Duration = Duration::from_secs(10);
/// A task. A list of tasks is one array for each field on the wire.
#[derive(Debug, Clone, PartialEq, PsomType, Serialize, Deserialize)]
pub struct Task {
    id: i64,
    title: String,
    done: bool,
}

/// The lobby, on the server. Its children are the rooms.
#[psom_interface(name = "Example.Lobby", version = 1, hash = 0x3f2c_81d0_9b57_e6a4)]
pub trait LobbyServer {
    /// Writes all tasks to a file.
    #[answered_by(c_exported)]
    fn s_export(&mut self, cx: &mut Context<Self>, cookie: i32);
}

/// The lobby, on a client.
#[psom_interface(name = "Example.Lobby", version = 1, hash = 0x715e_c4a9_2d08_bf63)]
pub trait LobbyClient {
    /// Reports the number of exported bytes, or -1 if the file could not be written.
    fn c_exported(&mut self, cookie: i32, bytes: i64);
}

/// A room, on the server. Version 2 adds the move of a task to another room.
#[rustfmt::skip]
#[psom_interface(name = "Example.TaskRoom", version = 1, hash = 0x0e94_7bd6_53a1_c82f, version = 2, hash = 0x58c3_f01a_e67d_294b)]
pub trait RoomServer {
    /// Adds a task.
    #[answered_by(c_added, c_refused)]
    fn s_add(&mut self, cx: &mut Context<Self>, cookie: i32, title: &str);
    /// Marks a task as done.
    fn s_finish(&mut self, cx: &mut Context<Self>, id: i64);
    /// Moves a task to another room.
    #[since(2)]
    fn s_move(&mut self, cx: &mut Context<Self>, id: i64, to: ObjectRef) -> Result<(), Violation>;
}

/// A room, on a client.
#[rustfmt::skip]
#[psom_interface(name = "Example.TaskRoom", version = 1, hash = 0x4ad7_60e2_b91f_385c, version = 2, hash = 0x96b8_1c43_7f2e_d50a)]
pub trait RoomClient {
    /// Sends all tasks of the room to a client that enters it.
    fn c_tasks(&mut self, tasks: &[Task]);
    /// Announces a new or changed task.
    fn c_task(&mut self, task: Task);
    /// Answers `s_add` with the number of the new task.
    fn c_added(&mut self, cookie: i32, id: i64);
    /// Answers `s_add` with the reason why there is no new task.
    fn c_refused(&mut self, cookie: i32, why: &str);
    /// Reminds the users of a task that is not done yet.
    fn c_remind(&mut self, id: i64);
    /// Announces that a task has left the room.
    #[since(2)]
    fn c_moved(&mut self, id: i64);
}

#[distributed_object(serves = LobbyServer, calls = LobbyClient)]
struct Lobby {
    rooms: BTreeMap<String, Handle<Room>>,
    folder: PathBuf,
    memory: Memory,
}

impl Lobby {
    /// Restores the rooms that were saved.
    fn new(scope: &mut Scope, saved: &SavedValues<'_>, folder: PathBuf) -> psom::Result<Self> {
        let mut rooms = BTreeMap::new();
        for (name, _) in saved.below::<()>("room")? {
            let tasks = saved.at("tasks").below::<Task>(name)?;
            let tasks = tasks.into_iter().map(|(_, task)| (task.id, task)).collect();
            let room = Room { memory: saved.memory().at("tasks").at(name), tasks };
            rooms.insert(name.to_owned(), scope.add(room));
        }
        Ok(Self { rooms, folder, memory: saved.memory() })
    }
}

#[distributed_object]
impl Lobby {
    #[child("room.{name}")]
    fn room(&mut self, cx: &mut Context<Self>, name: &str) -> Result<Handle<Room>, Violation> {
        let name = name.to_ascii_lowercase();
        if let Some(room) = self.rooms.get(&name) {
            return Ok(*room);
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Violation::new("a room has a name of letters and digits"));
        }
        self.memory.at("room").save(cx, &name, &())?;
        let memory = self.memory.at("tasks").at(&name);
        let room = cx.add(Room { memory, tasks: BTreeMap::new() });
        self.rooms.insert(name, room);
        Ok(room)
    }
}

impl LobbyServer for Lobby {
    fn s_export(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let mut text = String::new();
        for (name, room) in &self.rooms {
            let Ok(room) = cx.get(*room) else { continue };
            for task in room.tasks.values() {
                let state = if task.done { "done" } else { "open" };
                text += &format!("{name}: {} ({state})\n", task.title);
            }
        }
        let bytes = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let path = self.folder.join("tasks.txt");
        let Some(peer) = cx.caller().id() else { return };
        // The disk is slow, so the write runs outside the space. The caller may be gone when it ends.
        cx.spawn(tokio::fs::write(path, text), move |_, cx, result| {
            if let Some(caller) = cx.peer(peer) {
                caller.c_exported(cookie, result.map_or(-1, |()| bytes));
            }
        });
    }
}

#[distributed_object(serves = RoomServer, calls = RoomClient)]
struct Room {
    memory: Memory,
    tasks: BTreeMap<i64, Task>,
}

impl Room {
    /// Saves a task, then announces it: clients never see a task that a crash can lose.
    fn put(&mut self, cx: &mut Context<Self>, task: Task) -> Result<(), Violation> {
        self.memory.save(cx, &task.id.to_string(), &task)?;
        cx.peers().c_task(task.clone());
        self.tasks.insert(task.id, task);
        Ok(())
    }

    fn start_timer(cx: &mut Context<Self>, id: i64) {
        cx.after(REMINDER, move |room, cx| {
            if room.tasks.get(&id).is_some_and(|task| !task.done) {
                cx.peers().c_remind(id);
                Self::start_timer(cx, id);
            }
        });
    }

    fn new_id(&self) -> i64 {
        self.tasks.keys().last().map_or(1, |last| last + 1)
    }
}

impl RoomServer for Room {
    fn s_add(&mut self, cx: &mut Context<Self>, cookie: i32, title: &str) {
        if title.trim().is_empty() {
            cx.caller().c_refused(cookie, "a task has a title");
            return;
        }
        let id = self.new_id();
        let task = Task { id, title: title.to_owned(), done: false };
        match self.put(cx, task) {
            Ok(()) => {
                Self::start_timer(cx, id);
                cx.caller().c_added(cookie, id)
            }
            Err(error) => cx.caller().c_refused(cookie, &error.to_string()),
        };
    }

    fn s_finish(&mut self, cx: &mut Context<Self>, id: i64) {
        // Another user may have moved the task meanwhile.
        if let Some(task) = self.tasks.get(&id).cloned() {
            let _ = self.put(cx, Task { done: true, ..task });
        }
    }

    fn s_move(&mut self, cx: &mut Context<Self>, id: i64, to: ObjectRef) -> Result<(), Violation> {
        let Some(to) = cx.resolve::<Self>(to)? else { return Ok(()) };
        if let Some(task) = self.tasks.remove(&id).filter(|_| to != cx.handle()) {
            self.memory.erase(cx, &id.to_string());
            cx.peers().c_moved(id);
            cx.tell(to, move |room, cx| {
                let id = room.new_id();
                let _ = room.put(cx, Task { id, ..task });
            });
        }
        Ok(())
    }
}

impl Lifecycle for Room {
    fn added(&mut self, cx: &mut Context<Self>) {
        self.tasks.keys().for_each(|id| Self::start_timer(cx, *id));
    }

    fn connected(&mut self, cx: &mut Context<Self>) {
        let tasks: Vec<Task> = self.tasks.values().cloned().collect();
        cx.caller().c_tasks(&tasks);
    }
}

/// A client's half of the lobby, and the rooms that it has entered.
#[distributed_object(serves = LobbyClient, calls = LobbyServer, connects = RoomView)]
#[derive(Default)]
struct LobbyView {
    rooms: Vec<Handle<RoomView>>,
}

impl LobbyClient for LobbyView {
    fn c_exported(&mut self, _: i32, _: i64) {}
}

impl LobbyView {
    fn enter(&mut self, cx: &mut Context<Self>, name: &str) -> psom::Result<Handle<RoomView>> {
        let room = cx.add(RoomView::default());
        cx.server().connect(format_args!("room.{name}"), room)?;
        self.rooms.push(room);
        Ok(room)
    }
}

#[distributed_object(serves = RoomClient, calls = RoomServer)]
#[derive(Default)]
struct RoomView {
    tasks: BTreeMap<i64, Task>,
    reminders: Vec<i64>,
}

impl RoomClient for RoomView {
    fn c_tasks(&mut self, tasks: &[Task]) {
        self.tasks = tasks.iter().map(|task| (task.id, task.clone())).collect();
    }
    fn c_task(&mut self, task: Task) {
        self.tasks.insert(task.id, task);
    }
    fn c_added(&mut self, _: i32, _: i64) {}
    fn c_refused(&mut self, _: i32, _: &str) {}
    fn c_remind(&mut self, id: i64) {
        self.reminders.push(id);
    }
    fn c_moved(&mut self, id: i64) {
        self.tasks.remove(&id);
    }
}

/// A client of the first release, which knows only version 1 of the rooms.
#[allow(dead_code, clippy::allow_attributes, reason = "this client only reads")]
mod v1 {
    use super::{LobbyClient, LobbyServer, Task};
    use psom::{Context, distributed_object, psom_interface};

    #[psom_interface(name = "Example.TaskRoom", version = 1, hash = 0x0e94_7bd6_53a1_c82f)]
    pub(crate) trait RoomServer {
        fn s_add(&mut self, cx: &mut Context<Self>, cookie: i32, title: &str);
        fn s_finish(&mut self, cx: &mut Context<Self>, id: i64);
    }
    #[psom_interface(name = "Example.TaskRoom", version = 1, hash = 0x4ad7_60e2_b91f_385c)]
    pub(crate) trait RoomClient {
        fn c_tasks(&mut self, tasks: &[Task]);
        fn c_task(&mut self, task: Task);
        fn c_added(&mut self, cookie: i32, id: i64);
        fn c_refused(&mut self, cookie: i32, why: &str);
        fn c_remind(&mut self, id: i64);
    }
    #[distributed_object(serves = RoomClient, calls = RoomServer)]
    #[derive(Default)]
    pub(crate) struct RoomView(pub(crate) Vec<Task>);
    impl RoomClient for RoomView {
        fn c_tasks(&mut self, tasks: &[Task]) {
            self.0 = tasks.to_vec();
        }
        fn c_task(&mut self, _: Task) {}
        fn c_added(&mut self, _: i32, _: i64) {}
        fn c_refused(&mut self, _: i32, _: &str) {}
        fn c_remind(&mut self, _: i64) {}
    }
    #[distributed_object(serves = LobbyClient, calls = LobbyServer, connects = RoomView)]
    pub(crate) struct LobbyView;
    impl LobbyClient for LobbyView {
        fn c_exported(&mut self, _: i32, _: i64) {}
    }
}

/// Starts a server on an address, with the tasks in a folder.
async fn start(
    folder: PathBuf,
    address: &str,
    tls: &std::sync::Arc<tls::ServerConfig>,
    tokens: &Tokens,
) -> psom::Result<Server> {
    let journal = File::open(folder.join("tasks.journal"))?;
    Server::builder()
        .durable(journal, move |scope, saved| Lobby::new(scope, &saved, folder))
        .tls(std::sync::Arc::clone(tls))
        .authenticator(tokens.clone())
        .bind(address)
        .await
}

#[tokio::main]
async fn main() -> psom_examples::Result<()> {
    let folder = tempfile::tempdir()?;
    let (identity, certificate) = psom_examples::certificate()?;
    let tokens = Tokens::new();
    let server = start(folder.path().to_owned(), "127.0.0.1:0", &identity, &tokens).await?;
    let address = server.local_addr().ok_or("the server does not listen")?.to_string();
    let mut server = Some(server);
    let token = async || Ok::<_, std::convert::Infallible>(tokens.issue(User::new(1, "Ada")));
    let mut client = Client::builder()
        .tls(tls::client(certificate.as_bytes())?)
        .token_from(token)
        .reconnect(Backoff::default(), address.clone(), |_| LobbyView::default());
    while let Some(event) = client.next().await {
        let session = match event {
            ConnectionEvent::Connected(session) => session,
            ConnectionEvent::Lost { error, .. } => {
                println!("lost: {error}");
                // The journal is closed with the server's space, a moment after the last connection.
                if server.is_none() {
                    server =
                        start(folder.path().to_owned(), &address, &identity, &tokens).await.ok();
                }
                continue;
            }
            ConnectionEvent::Ended(error) => return Err(error.into()),
            _ => continue,
        };
        let room = session.run(|lobby, cx| lobby.enter(cx, "kitchen")).await??;
        session.settled().await?;
        let tasks = session.space().run_on(room, |room, _| room.tasks.len()).await?;
        println!("connected: {tasks} tasks");
        if tasks > 0 {
            break;
        }
        let answer = session.ask(room, LIMIT, |room, cookie| room.s_add(cookie, "wash up")).await?;
        let (_, id): (i32, i64) = answer.read()?;
        println!("{} answered: task {id}", answer.method());
        let old = Client::builder().root(v1::LobbyView).tls(tls::client(certificate.as_bytes())?);
        let old = old.token(tokens.issue(User::new(2, "Grace"))).connect(&address).await?;
        let view = old.run(|_, cx| {
            let view = cx.add(v1::RoomView::default());
            cx.server().connect("room.kitchen", view).map(|()| view)
        });
        let view = view.await??;
        old.settled().await?;
        let version_1 = old.space().run_on(view, |view, _| view.0.len()).await?;
        println!("a version 1 client sees {version_1} task");
        let lobby = session.space().root();
        session.ask(lobby, LIMIT, |lobby, cookie| lobby.s_export(cookie)).await?;
        // An orderly restart: the client sees the end of its connection and returns.
        if let Some(server) = server.take() {
            server.shutdown(LIMIT).await;
        }
    }
    Ok(())
}

#[test]
#[expect(clippy::unwrap_used, reason = "a test")]
fn task_is_reminded_of_moved_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let (path, saved) = (folder.path().to_owned(), BTreeMap::new());
    let mut pair = psom::testing::Pair::server(psom::Config::default(), |scope| {
        Lobby::new(scope, &SavedValues::new(&saved, ""), path).unwrap()
    });
    pair.join(|_| LobbyView::default());
    let kitchen = pair.on_client(0, |lobby, cx| lobby.enter(cx, "kitchen").unwrap());
    let garden = pair.on_client(0, |lobby, cx| lobby.enter(cx, "garden").unwrap());
    pair.on_client(0, move |_, cx| {
        cx.tell(kitchen, |_, cx| cx.server().s_add(1, "wash up").ok().unwrap());
    });
    pair.advance(REMINDER);
    assert_eq!(pair.on_client(0, move |_, cx| cx.get(kitchen).unwrap().reminders.clone()), [1]);
    pair.on_client(0, move |_, cx| {
        cx.tell(kitchen, move |_, cx| cx.server().s_move(1, garden.into()).ok().unwrap());
    });
    pair.on_client(0, |_, cx| cx.server().s_export(2).ok().unwrap());
    pair.finish_spawned();
    let text = std::fs::read_to_string(folder.path().join("tasks.txt")).unwrap();
    assert_eq!(text, "garden: wash up (open)\n");
}
