use std::{
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll, Waker},
    time::Instant,
};

use bytes::Bytes;

use crate::{
    Config, Context, DistributedObject, Error, Handle, Scope, Session, Space, User, Write,
    error::LostReason,
    session::{Event, OutQueue},
    space::{ConnectionKey, Task},
    wire::auth::Credentials,
};

/// One side: a space and the connections into it.
pub(super) struct Host<T> {
    pub(super) space: Space,
    pub(super) root: Handle<T>,
    pub(super) config: Arc<Config>,
    pub(super) links: Vec<Link>,
    /// What became of durable state.
    pub(super) writes: Vec<Write>,
}

/// One connection of a side.
#[derive(Default)]
pub(super) struct Link {
    /// A server's session before its credentials were judged.
    fresh: Option<(Session, User)>,
    pub(super) connection: Option<ConnectionKey>,
    queue: OutQueue,
    /// Why the connection is over, once it is.
    pub(super) over: Option<Error>,
    /// Whether this side has closed its transport.
    pub(super) closed: bool,
}

impl<T: DistributedObject> Host<T> {
    #[expect(clippy::expect_used, reason = "a test that cannot begin has failed")]
    pub(super) fn new(now: Instant, config: Config, root: impl FnOnce(&mut Scope) -> T) -> Self {
        let (space, root) = Space::new(now, [], root).expect("the objects fit together");
        Self { space, root, config: Arc::new(config), links: Vec::new(), writes: Vec::new() }
    }

    /// A new connection of a server.
    pub(super) fn listen(&mut self, now: Instant, user: User) -> usize {
        let session = Session::server(self.config.clone(), now);
        self.links.push(Link { fresh: Some((session, user)), ..Link::default() });
        self.links.len() - 1
    }

    /// A new connection of a client.
    pub(super) fn connect(&mut self, now: Instant, token: &str) -> usize {
        let credentials = Credentials { token: token.to_owned(), proxy_header: None };
        let connection = self.space.connect(now, self.config.clone(), &credentials);
        self.links.push(Link { connection, ..Link::default() });
        self.collect(now);
        self.links.len() - 1
    }

    pub(super) fn receive(&mut self, now: Instant, link: usize, bytes: &[u8]) {
        let input = Bytes::copy_from_slice(bytes);
        if let Some(connection) = self.links[link].connection {
            finish(self.space.receive(now, connection, input));
            while self.space.unread().is_some() {
                self.collect(now);
                finish(self.space.resume(now));
            }
        } else if let Some((mut session, user)) = self.links[link].fresh.take() {
            let mut batch = session.receive(now, input);
            let event = session.next_event(now, &mut batch);
            session.keep(&batch);
            match event {
                Some(Event::Authenticate(_)) => {
                    self.links[link].connection = finish(self.space.accept(now, session, user));
                }
                Some(Event::Ended(error)) => self.links[link].end(error),
                _ => self.links[link].fresh = Some((session, user)),
            }
        }
        self.collect(now);
    }

    /// Tells a side that its peer's transport is gone.
    pub(super) fn lose(&mut self, now: Instant, link: usize) {
        let link = &mut self.links[link];
        if link.over.is_none() {
            match link.connection {
                Some(connection) => self.space.lost(now, connection, LostReason::Eof),
                None => link.end(LostReason::Eof.into()),
            }
        }
        self.collect(now);
    }

    pub(super) fn on_deadline(&mut self, now: Instant) {
        for link in &mut self.links {
            if let Some((session, _)) = &mut link.fresh
                && let Some(Event::Ended(error)) = session.on_deadline(now)
            {
                link.end(error);
            }
        }
        self.space.on_deadline(now);
        self.collect(now);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let fresh = self.links.iter().filter_map(|link| link.fresh.as_ref()?.0.deadline());
        fresh.chain(self.space.deadline()).min()
    }

    /// Moves what the space has to send to its links, and runs what it has spawned.
    pub(super) fn collect(&mut self, now: Instant) {
        loop {
            for outgoing in self.space.take_output() {
                let is_it = |link: &&mut Link| link.connection == Some(outgoing.connection);
                let Some(link) = self.links.iter_mut().find(is_it) else { continue };
                link.closed |= outgoing.output.is_last();
                link.queue.push(outgoing.output, &self.config);
                link.over = link.over.take().or(outgoing.over);
                let congested = link.queue.waiting() > self.config.soft_mark;
                self.space.set_congested(outgoing.connection, congested);
                if link.queue.take_overflow() {
                    self.space.end_slow(now, outgoing.connection);
                }
            }
            self.writes.extend(self.space.take_writes());
            self.space.take_when_safe().into_iter().for_each(|run| run());
            let spawned = self.space.take_spawned();
            if spawned.is_empty() && !self.space.has_output() {
                return;
            }
            for spawned in spawned {
                let task = finish(spawned.future);
                self.space.run(now, spawned.object, task);
            }
        }
    }

    pub(super) fn with_root<R: Send + 'static>(
        &mut self,
        now: Instant,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> R {
        let result = Arc::new(Mutex::new(None));
        let slot = result.clone();
        let task = Task::new::<T>(move |root, cx| {
            let done = run(root, cx);
            slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).replace(done);
        });
        self.space.run(now, self.root.key, task);
        self.collect(now);
        #[expect(clippy::expect_used, reason = "a root is only removed by the test itself")]
        let result =
            result.lock().ok().and_then(|mut slot| slot.take()).expect("the root is there");
        result
    }
}

impl Link {
    fn end(&mut self, error: Error) {
        self.over = Some(error);
        self.closed = true;
    }

    /// Takes the bytes that are on their way to the peer.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.queue.pop() {
            self.queue.written(chunk.as_ref().len());
            bytes.extend(chunk.as_ref());
        }
        bytes
    }
}

/// Runs a future that waits for nothing outside.
#[expect(clippy::panic, reason = "a test whose handler never ends has failed")]
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = TaskContext::from_waker(Waker::noop());
    for _ in 0..10_000 {
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return result;
        }
    }
    panic!("a handler or a spawned future waits for something that nothing here does");
}
