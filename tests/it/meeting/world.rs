//! A meeting with recording clients, and the actions of its users.

use std::{
    io::Cursor,
    sync::Arc,
    time::{Duration, SystemTime},
};

use psom::{Context, DistributedObject, Handle, Scope, testing::Pair};
use psom_objects::{
    package::{ContentDetail, CreateContent, Manifest, PackageWriter},
    server::{Meeting, MeetingConfig, MeetingLimits, Policy},
    store::FileStore,
    types::{Participant, Role},
};

use super::{
    client::{Client, Content, Contents, Log, NativeFile, Stream, Uploads},
    store::MemoryStore,
};

/// The default policy, which refuses programs in addition.
struct NoPrograms;

impl Policy for NoPrograms {
    fn takes_extension(&self, extension: &str) -> bool {
        extension != "exe"
    }
}

pub(super) struct World {
    pub pair: Pair<Meeting, Client>,
    pub store: MemoryStore,
}

/// Returns a meeting with an organizer (user 1), a presenter (2) and an attendee (3).
pub(super) fn world() -> World {
    let mut world = empty(MeetingLimits::default());
    world.join_roles(|_| {});
    world
}

pub(super) const ORGANIZER: usize = 0;
pub(super) const PRESENTER: usize = 1;
pub(super) const ATTENDEE: usize = 2;

pub(super) fn empty(limits: MeetingLimits) -> World {
    let store = MemoryStore::default();
    let mut config = config(store.clone());
    config.policy = Arc::new(NoPrograms);
    config.limits = limits;
    with(config, store)
}

/// Returns the configuration with which each meeting of these tests begins.
pub(crate) fn config(files: impl FileStore) -> MeetingConfig {
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    MeetingConfig::new("http://127.0.0.1/files/", Arc::new(files), started)
}

/// Returns a meeting with this configuration; `store` is the store in the configuration.
pub(super) fn with(config: MeetingConfig, store: MemoryStore) -> World {
    let pair = Pair::server(psom::Config::default(), |scope| Meeting::new(scope, config));
    World { pair, store }
}

/// Returns an OC package with one file.
pub(super) fn package(title: &str, data: &[u8]) -> Vec<u8> {
    let content = CreateContent::new(title, ContentDetail::NativeFileOnly);
    let manifest = Manifest::CreateContent(content.with_native_file("native.file"));
    pack(&manifest, &[("native.file", data)])
}

pub(super) fn pack(manifest: &Manifest, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), manifest).unwrap();
    for (name, data) in files {
        writer.add_file(name, &mut &data[..]).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

impl World {
    pub(super) fn join(&mut self, id: i64, role: Role) -> usize {
        self.join_with(id, role, |_| {})
    }

    /// Joins as a client that announces additional types of objects.
    pub(super) fn join_with(&mut self, id: i64, role: Role, announce: fn(&mut Scope)) -> usize {
        let participant = Participant { uri: format!("sip:{id}@example.com"), role };
        let user = participant.user(id, &format!("user {id}"));
        self.pair.join_as(user, |scope| {
            announce(scope);
            Client::new(scope)
        })
    }

    /// Joins an organizer (user 1), a presenter (2) and an attendee (3), and discards what they
    /// receive.
    pub(crate) fn join_roles(&mut self, announce: fn(&mut Scope)) {
        for (user, role) in [(1, Role::Organizer), (2, Role::Presenter), (3, Role::Attendee)] {
            self.join_with(user, role, announce);
        }
        self.forget();
    }

    /// Takes the calls that a client has received.
    pub(super) fn received(&mut self, client: usize) -> Vec<String> {
        self.pair.on_client(client, |client, _| std::mem::take(&mut *client.log.lock().unwrap()))
    }

    /// Takes the received calls and keeps those that start with this prefix.
    pub(super) fn received_of(&mut self, client: usize, what: &str) -> Vec<String> {
        let mut received = self.received(client);
        received.retain(|line| line.starts_with(what));
        received
    }

    pub(super) fn forget(&mut self) {
        for client in 0..3 {
            self.received(client);
        }
    }

    pub(super) fn set_role(&mut self, user: i64, role: Role) {
        self.pair.on_server(move |meeting, cx| meeting.set_role(cx, user, role));
    }

    /// Calls the content manager.
    pub(super) fn contents(
        &mut self,
        client: usize,
        call: impl FnOnce(&mut Proxy<'_, Contents>) + Send + 'static,
    ) {
        self.pair.on_client(client, move |client, cx| {
            cx.try_tell(client.contents, move |_, cx| call(&mut cx.peers())).unwrap();
        });
    }

    /// Calls the upload manager.
    pub(super) fn uploads(
        &mut self,
        client: usize,
        call: impl FnOnce(&mut Proxy<'_, Uploads>) + Send + 'static,
    ) {
        self.pair.on_client(client, move |client, cx| {
            cx.try_tell(client.uploads, move |_, cx| call(&mut cx.peers())).unwrap();
        });
    }

    /// Calls the newest upload stream.
    pub(super) fn stream(
        &mut self,
        client: usize,
        call: impl FnOnce(&mut Proxy<'_, Stream>) + Send + 'static,
    ) {
        self.pair.on_client(client, move |client, cx| {
            let stream = *cx.get(client.uploads).unwrap().streams.last().unwrap();
            cx.try_tell(stream, move |_, cx| call(&mut cx.peers())).unwrap();
        });
    }

    /// Connects a content.
    pub(super) fn open(&mut self, client: usize, id: i64) -> Handle<Content> {
        self.pair.on_client(client, move |client, cx| {
            let content = cx.add(Content::new(Arc::clone(&client.log), id));
            cx.try_tell(client.contents, move |_, cx| {
                let _ = cx.peers().connect(format!("content.{id}"), content);
            })
            .unwrap();
            content
        })
    }

    /// Connects the extended content of a file.
    pub(super) fn open_extended(&mut self, client: usize, content: Handle<Content>) {
        self.extend(client, content, |_, log| NativeFile { log });
    }

    /// Connects an object of the test as the extended content.
    pub(super) fn extend<T: DistributedObject>(
        &mut self,
        client: usize,
        content: Handle<Content>,
        make: impl FnOnce(&mut Scope, Log) -> T + Send + 'static,
    ) -> Handle<T> {
        self.pair.on_client(client, move |client, cx| {
            let extended = make(cx, Arc::clone(&client.log));
            let extended = cx.add(extended);
            cx.try_tell(content, move |_, cx| {
                assert_eq!(cx.peers().connect("extendedContent", extended), 1);
            })
            .unwrap();
            extended
        })
    }

    /// Runs an action on an object of a client and delivers all output.
    pub(super) fn on<T: DistributedObject>(
        &mut self,
        client: usize,
        object: Handle<T>,
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) {
        self.pair.on_client(client, move |_, cx| cx.try_tell(object, run).unwrap());
    }

    /// Checks that every connect to an object without children is closed and has no other effect.
    /// `connect` sends the connect from the client's object.
    pub(super) fn check_childless<T: DistributedObject>(
        &mut self,
        client: usize,
        object: Handle<T>,
        connect: fn(&mut Context<T>, &str, Handle<NativeFile>) -> usize,
    ) {
        let before = self.pair.server_stats();
        for part in ["annotationContainer", "extendedContent", "uploadManager", "content.1", ""] {
            self.pair.on_client(client, move |client, cx| {
                let child = cx.add(NativeFile { log: Arc::clone(&client.log) });
                cx.try_tell(object, move |_, cx| assert_eq!(connect(cx, part, child), 1)).unwrap();
            });
        }
        assert_eq!((self.pair.client_error(client), self.pair.server_error(client)), (None, None));
        let after = self.pair.server_stats();
        assert_eq!((after.objects, after.peers), (before.objects, before.peers));
    }

    /// Calls a content.
    pub(super) fn content(
        &mut self,
        client: usize,
        content: Handle<Content>,
        call: impl FnOnce(&mut Proxy<'_, Content>) + Send + 'static,
    ) {
        self.pair.on_client(client, move |_, cx| {
            cx.try_tell(content, move |_, cx| call(&mut cx.peers())).unwrap();
        });
    }

    pub(super) fn reserve(&mut self, client: usize, title: &str, cookie: i32) {
        let title = title.to_owned();
        self.contents(client, move |contents| drop(contents.s_reserve_title(&title, cookie)));
    }

    /// Reserves a title and uploads a package for it.
    pub(super) fn share(&mut self, client: usize, title: &str, cookie: i32) {
        self.reserve(client, title, cookie);
        self.upload(client, &package(title, b"hello"), cookie);
    }

    /// Uploads a package in pieces of 100 bytes.
    pub(super) fn upload(&mut self, client: usize, package: &[u8], cookie: i32) {
        let length = package.len() as i64;
        self.uploads(client, move |uploads| drop(uploads.s_request_upload(length, 1000, cookie)));
        for (number, piece) in package.chunks(100).enumerate() {
            let piece = bytes::Bytes::copy_from_slice(piece);
            self.stream(client, move |stream| drop(stream.s_write(piece, number as i32)));
        }
        self.uploads(client, move |uploads| drop(uploads.s_upload_finished(cookie, false)));
    }

    /// Returns the names of the stored files and the number of open packages.
    pub(super) fn disk(&self) -> (Vec<String>, usize) {
        let disk = self.store.disk();
        (disk.files.keys().cloned().collect(), disk.open)
    }
}

/// The proxy of all peers of a client's object, which are its server.
pub(super) type Proxy<'a, T> =
    <<T as DistributedObject>::Calls as psom::Interface>::Proxy<psom::Peers<'a>>;
