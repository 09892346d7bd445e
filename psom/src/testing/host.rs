use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::Poll,
    time::Instant,
};

use bytes::Bytes;

use super::spawned::Bell;
use crate::{
    Config, Context, DistributedObject, Error, Handle, Scope, Session, User, Write,
    error::{LostReason, Misuse},
    hub::{Hub, Input, Output},
    session::Event,
    space::{ConnectionKey, Spawned, Task},
    wire::auth::Credentials,
};

/// The maximum number of turns without an input from outside, in case objects keep queueing work.
const MAX_TURNS: usize = 1_000;

/// One side: a hub with its connections. Commits are safe at once.
pub(super) struct Host<T> {
    pub(super) hub: Hub,
    pub(super) root: Handle<T>,
    pub(super) config: Arc<Config>,
    pub(super) links: Vec<SimulatedLink>,
    /// The writes of all turns so far.
    pub(super) writes: Vec<Write>,
    deadline: Option<Instant>,
    /// The futures of handlers that are not ready, in the order in which they were spawned.
    pending: Vec<Spawned>,
    bell: Arc<Bell>,
}

/// One connection of a side.
#[derive(Default)]
pub(super) struct SimulatedLink {
    /// A server's session before its credentials are checked.
    fresh: Option<(Session, User)>,
    pub(super) connection: Option<ConnectionKey>,
    /// The bytes that the peer has not received yet.
    outgoing: Vec<u8>,
    /// The number of bytes that were not reported to the hub as written. They are reported when the
    /// peer takes them or when the hub requests a report.
    unreported: usize,
    /// The bytes that arrived while reading was paused.
    unread: VecDeque<Bytes>,
    paused: bool,
    /// The reason why the connection has ended, if it has.
    pub(super) over: Option<Error>,
    /// True if this side has closed its transport.
    pub(super) closed: bool,
}

impl<T: DistributedObject> Host<T> {
    #[expect(clippy::expect_used, reason = "a test that cannot begin has failed")]
    pub(super) fn new(
        now: Instant,
        config: Config,
        bell: Arc<Bell>,
        root: impl FnOnce(&mut Scope) -> T,
    ) -> Self {
        let config = Arc::new(config);
        let root = |scope: &mut Scope| Ok::<_, Misuse>(root(scope));
        let hub = Hub::new(now, Arc::clone(&config), true, [], root);
        let (hub, root) = hub.expect("the object types are compatible");
        let (links, writes, pending) = (Vec::new(), Vec::new(), Vec::new());
        let mut host = Self { hub, root, config, links, writes, deadline: None, pending, bell };
        host.collect(now);
        host
    }

    /// Adds a connection to a server.
    pub(super) fn listen(&mut self, now: Instant, user: User) -> usize {
        let session = Session::server(Arc::clone(&self.config), now);
        self.links.push(SimulatedLink { fresh: Some((session, user)), ..SimulatedLink::default() });
        self.links.len() - 1
    }

    /// Adds a connection of a client.
    pub(super) fn connect(&mut self, now: Instant, token: &str) -> usize {
        let credentials = Credentials { token: token.to_owned(), proxy_header: None };
        let connection = self.hub.connect(now, &credentials);
        self.links.push(SimulatedLink { connection, ..SimulatedLink::default() });
        self.collect(now);
        self.links.len() - 1
    }

    pub(super) fn receive(&mut self, now: Instant, link: usize, bytes: &[u8]) {
        let input = Bytes::copy_from_slice(bytes);
        let at = &mut self.links[link];
        if at.paused {
            at.unread.push_back(input);
        } else if let Some(connection) = at.connection {
            self.input(now, Input::Received(connection, input));
        } else if let Some((mut session, user)) = at.fresh.take() {
            let mut batch = session.receive(now, input);
            let event = session.next_event(now, &mut batch);
            session.keep(&batch);
            match event {
                Some(Event::Authenticate(_)) => {
                    at.connection = self.hub.accept(now, session, user);
                }
                Some(Event::Ended(error)) => at.end(error),
                _ => at.fresh = Some((session, user)),
            }
            self.collect(now);
        }
    }

    /// Notifies a side that its peer's transport is gone.
    pub(super) fn lose(&mut self, now: Instant, link: usize) {
        let at = &mut self.links[link];
        if at.over.is_some() {
            return;
        }
        match at.connection {
            Some(connection) => self.input(now, Input::Lost(connection, LostReason::Eof)),
            None => at.end(LostReason::Eof.into()),
        }
    }

    pub(super) fn on_deadline(&mut self, now: Instant) {
        for link in &mut self.links {
            if let Some((session, _)) = &mut link.fresh
                && let Some(Event::Ended(error)) = session.on_deadline(now)
            {
                link.end(error);
            }
        }
        if self.deadline.is_some_and(|at| at <= now) {
            self.input(now, Input::Timeout);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let fresh = self.links.iter().filter_map(|link| link.fresh.as_ref()?.0.deadline());
        fresh.chain(self.deadline).min()
    }

    /// Takes the output for the peer.
    pub(super) fn take(&mut self, now: Instant, link: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        loop {
            let bytes = std::mem::take(&mut self.links[link].outgoing);
            if bytes.is_empty() {
                return taken;
            }
            let unreported = std::mem::take(&mut self.links[link].unreported);
            if let Some(connection) = self.links[link].connection {
                self.input(now, Input::Written(connection, unreported));
            }
            taken.extend(bytes);
        }
    }

    /// Ends every connection with Close.
    pub(super) fn close(&mut self, now: Instant) {
        self.input(now, Input::Close);
    }

    pub(super) fn with_root<R: Send + 'static>(
        &mut self,
        now: Instant,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> R {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let task = Task::new::<T>(move |root, cx| {
            let done = run(root, cx);
            slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).replace(done);
        });
        self.input(now, Input::Ran(self.root.key, task));
        #[expect(clippy::expect_used, reason = "a root is only removed by the test itself")]
        let result = result.lock().ok().and_then(|mut slot| slot.take()).expect("the root exists");
        result
    }

    fn input(&mut self, now: Instant, input: Input) {
        self.bell.finish(self.hub.handle_input(now, input));
        self.collect(now);
    }

    /// Returns the number of spawned futures that are not ready.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Polls the spawned futures once, and passes the results of those that are ready to their objects.
    pub(super) fn poll_spawned(&mut self, now: Instant) {
        let mut ready = Vec::new();
        let bell = &self.bell;
        self.pending.retain_mut(|spawned| match bell.poll(spawned.future.as_mut()) {
            Poll::Ready(task) => {
                ready.push((spawned.object, task));
                false
            }
            Poll::Pending => true,
        });
        for (object, task) in ready {
            self.input(now, Input::Ran(object, task));
        }
    }

    /// Carries out the hub's outputs until it waits for an input from outside.
    fn collect(&mut self, now: Instant) {
        let mut inputs = VecDeque::new();
        let mut timeouts = 0;
        loop {
            let links = &mut self.links;
            match self.hub.poll_output() {
                Output::Send(key, chunk) => {
                    if let Some(link) = find(links, key) {
                        link.outgoing.extend(chunk.as_ref());
                        link.unreported += chunk.as_ref().len();
                    }
                }
                Output::Commit(writes) => {
                    self.writes.extend(writes);
                    inputs.push_back(Input::Committed(Ok(())));
                }
                Output::RunWhenSafe(run) => run(),
                Output::Spawn(mut spawned) => match self.bell.poll(spawned.future.as_mut()) {
                    Poll::Ready(task) => inputs.push_back(Input::Ran(spawned.object, task)),
                    Poll::Pending => self.pending.push(spawned),
                },
                Output::PauseReading(key) => {
                    if let Some(link) = find(links, key) {
                        link.paused = true;
                    }
                }
                Output::ResumeReading(key) => {
                    if let Some(link) = find(links, key) {
                        link.paused = false;
                        let unread = std::mem::take(&mut link.unread).into_iter();
                        inputs.extend(unread.map(|bytes| Input::Received(key, bytes)));
                    }
                }
                Output::ReportWritten(key) => {
                    let link = find(links, key);
                    let written = link.map_or(0, |link| std::mem::take(&mut link.unreported));
                    inputs.push_back(Input::Written(key, written));
                }
                Output::Closed(key, error) => {
                    if let Some(link) = find(links, key) {
                        link.end(error);
                    }
                }
                Output::Opened(..) | Output::Congested(..) | Output::Failed(_) => {}
                Output::Timeout(at) => {
                    self.deadline = at;
                    let due = at.filter(|at| *at <= now && timeouts < MAX_TURNS);
                    let due = due.map(|_| Input::Timeout);
                    timeouts += usize::from(due.is_some());
                    let Some(input) = inputs.pop_front().or(due) else { return };
                    self.bell.finish(self.hub.handle_input(now, input));
                }
            }
        }
    }
}

fn find(links: &mut [SimulatedLink], key: ConnectionKey) -> Option<&mut SimulatedLink> {
    links.iter_mut().find(|link| link.connection == Some(key))
}

impl SimulatedLink {
    fn end(&mut self, error: Error) {
        self.over = Some(error);
        self.closed = true;
    }
}
