use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{host::Host, spawned::Bell};
use crate::{Config, Context, DistributedObject, Error, Scope, User, Write, space::SpaceStats};

/// A server's space and the spaces of its clients, connected by reliable transports in memory.
///
/// ```
/// # use psom::{distributed_object, psom_interface, Context, testing::Pair};
/// # #[psom_interface(name = "Example.Echo", version = 1, hash = 1)]
/// # pub trait EchoServer { fn s_say(&mut self, cx: &mut Context<Self>, text: String); }
/// # #[psom_interface(name = "Example.Echo", version = 1, hash = 2)]
/// # pub trait EchoClient { fn c_said(&mut self, text: String); }
/// # #[distributed_object(serves = EchoServer, calls = EchoClient)] struct Echo;
/// # impl EchoServer for Echo {
/// #     fn s_say(&mut self, cx: &mut Context<Self>, text: String) { cx.caller().c_said(&text); }
/// # }
/// # #[distributed_object(serves = EchoClient, calls = EchoServer)] #[derive(Default)]
/// # struct Ear { heard: Vec<String> }
/// # impl EchoClient for Ear { fn c_said(&mut self, text: String) { self.heard.push(text) } }
/// let mut pair = Pair::new(Echo, Ear::default());
/// pair.on_client(0, |_, cx| { cx.peers().s_say("hello"); });
/// assert_eq!(pair.on_client(0, |ear, _| ear.heard.clone()), ["hello"]);
/// ```
///
/// # Spawned work
///
/// A future that a handler passes to [`Context::spawn`] is polled at once. If it is ready, its result
/// reaches the object before the method of the pair returns. Otherwise it stays pending until the test
/// calls [`finish_spawned`](Self::finish_spawned), so a test decides what happens meanwhile. The futures
/// run within a tokio runtime of the pair, also in a test that has no runtime or one of its own, so they
/// may use the disk and the network. Time in this runtime is real: a future that sleeps for a second
/// delays `finish_spawned` for a second. Use [`Context::after`] for delays in virtual time.
pub struct Pair<S, C> {
    now: Instant,
    server: Host<S>,
    clients: Vec<Host<C>>,
    config: Config,
    max_piece_bytes: usize,
    bell: Arc<Bell>,
}

impl<S: DistributedObject, C: DistributedObject> Pair<S, C> {
    /// Creates a server and a connected client with the default limits.
    pub fn new(server: S, client: C) -> Self {
        let mut pair = Self::server(Config::default(), |_| server);
        pair.join(|_| client);
        pair
    }

    /// Creates a server without clients.
    pub fn server(config: Config, root: impl FnOnce(&mut Scope) -> S) -> Self {
        // The clock is read only once. All times are relative to this one.
        let now = Instant::now();
        let bell = Arc::<Bell>::default();
        let server = Host::new(now, config.clone(), Arc::clone(&bell), root);
        Self { now, server, clients: Vec::new(), config, max_piece_bytes: usize::MAX, bell }
    }

    /// Splits all bytes that are sent from now on into pieces of at most this size.
    pub fn set_max_piece_bytes(&mut self, bytes: usize) {
        self.max_piece_bytes = bytes.max(1);
    }

    /// Connects one more client, as the user with the next number, counted from 1. Returns the index
    /// of the client.
    pub fn join(&mut self, root: impl FnOnce(&mut Scope) -> C) -> usize {
        #[expect(clippy::cast_possible_wrap, reason = "a test has few clients")]
        let number = self.clients.len() as i64 + 1;
        self.join_as(User::new(number, format!("user {number}")), root)
    }

    /// Connects one more client as this user. Returns the index of the client.
    pub fn join_as(&mut self, user: User, root: impl FnOnce(&mut Scope) -> C) -> usize {
        let mut client = Host::new(self.now, self.config.clone(), Arc::clone(&self.bell), root);
        client.connect(self.now, "token");
        self.server.listen(self.now, user);
        self.clients.push(client);
        self.drive();
        self.clients.len() - 1
    }

    /// Moves bytes until no side has output.
    pub fn drive(&mut self) {
        loop {
            let mut moved = false;
            for i in 0..self.clients.len() {
                moved |= self.carry(i);
            }
            if !moved {
                return;
            }
        }
    }

    fn carry(&mut self, i: usize) -> bool {
        let client = &mut self.clients[i];
        let up = client.take(self.now, 0);
        for piece in up.chunks(self.max_piece_bytes) {
            self.server.receive(self.now, i, piece);
        }
        let down = self.server.take(self.now, i);
        for piece in down.chunks(self.max_piece_bytes) {
            client.receive(self.now, 0, piece);
        }
        if client.links[0].closed && self.server.links[i].over.is_none() {
            self.server.lose(self.now, i);
        }
        if self.server.links[i].closed && client.links[0].over.is_none() {
            client.lose(self.now, 0);
        }
        !(up.is_empty() && down.is_empty())
    }

    /// Runs a function on the server's root, moves all resulting bytes, and returns its result.
    pub fn on_server<R: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut S, &mut Context<S>) -> R + Send + 'static,
    ) -> R {
        let result = self.server.with_root(self.now, run);
        self.drive();
        result
    }

    /// Runs a function on a client's root, moves all resulting bytes, and returns its result.
    pub fn on_client<R: Send + 'static>(
        &mut self,
        client: usize,
        run: impl FnOnce(&mut C, &mut Context<C>) -> R + Send + 'static,
    ) -> R {
        let result = self.clients[client].with_root(self.now, run);
        self.drive();
        result
    }

    /// Returns the number of spawned futures of all sides that are not ready.
    #[must_use]
    pub fn pending_spawned(&self) -> usize {
        let clients = self.clients.iter().map(Host::pending);
        clients.chain([self.server.pending()]).sum()
    }

    /// Waits until every spawned future is ready, including those that the results spawn, and moves
    /// all resulting bytes.
    ///
    /// # Panics
    /// No future makes progress for 30 seconds.
    pub fn finish_spawned(&mut self) {
        loop {
            self.server.poll_spawned(self.now);
            self.clients.iter_mut().for_each(|client| client.poll_spawned(self.now));
            self.drive();
            if self.pending_spawned() == 0 {
                return;
            }
            self.bell.wait();
        }
    }

    /// Advances the time. Timers, pings and time limits take effect at their own times.
    pub fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let hosts = self.clients.iter().filter_map(Host::deadline);
            let next = hosts.chain(self.server.deadline()).min();
            self.now = next.filter(|next| *next <= end).unwrap_or(end).max(self.now);
            if next.is_none_or(|next| next > end) {
                return;
            }
            self.server.on_deadline(self.now);
            self.clients.iter_mut().for_each(|client| client.on_deadline(self.now));
            self.drive();
        }
    }

    /// Advances the time only for the server, without moving bytes, like a stalled network.
    pub fn advance_server(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.server.deadline().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.server.on_deadline(self.now);
        }
        self.now = end;
    }

    /// Drops the transport of a client, without Close or Break.
    pub fn drop_client(&mut self, client: usize) {
        self.clients[client].lose(self.now, 0);
        self.server.lose(self.now, client);
        self.drive();
    }

    /// Ends a client's connection with Close.
    pub fn close_client(&mut self, client: usize) {
        let host = &mut self.clients[client];
        host.close(self.now);
        self.drive();
    }

    /// Removes the clients whose connections have ended on both sides. The indices of later clients
    /// change.
    pub fn forget_ended(&mut self) {
        for client in (0..self.clients.len()).rev() {
            if self.client_error(client).is_some() && self.server_error(client).is_some() {
                self.clients.remove(client);
                self.server.links.remove(client);
            }
        }
    }

    /// Returns the reason why a client's connection has ended on the client's side, if it has.
    pub fn client_error(&self, client: usize) -> Option<&Error> {
        self.clients[client].links[0].over.as_ref()
    }

    /// Returns the reason why a client's connection has ended on the server's side, if it has.
    pub fn server_error(&self, client: usize) -> Option<&Error> {
        self.server.links[client].over.as_ref()
    }

    /// Returns the server's writes since the last call, in order.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.server.writes)
    }

    /// Returns the numbers of objects and other resources of the server's space.
    pub fn server_stats(&self) -> SpaceStats {
        self.server.hub.stats().space
    }

    /// Returns the numbers of objects and other resources of a client's space.
    pub fn client_stats(&self, client: usize) -> SpaceStats {
        self.clients[client].hub.stats().space
    }
}

impl<S, C> std::fmt::Debug for Pair<S, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair").field("clients", &self.clients.len()).finish_non_exhaustive()
    }
}
