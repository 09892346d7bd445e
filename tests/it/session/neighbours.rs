//! Two connections of one server, to check that one does not affect the other.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use psom::{
    Config, Session, Space, User,
    session::{Event, OutQueue},
    space::ConnectionKey,
};

use super::common::*;

pub struct Neighbours {
    now: Instant,
    config: Arc<Config>,
    space: Space,
    links: Vec<Link>,
}

struct Link {
    connection: ConnectionKey,
    queue: OutQueue,
    over: bool,
}

impl Neighbours {
    pub fn new() -> Self {
        let now = Instant::now();
        let (space, _) = Space::new(now, [], ServerRoot::new).unwrap();
        Self { now, config: Arc::default(), space, links: Vec::new() }
    }

    /// Connects two clients: the first has sent these bytes, the second has opened channel 2.
    pub fn enter(&mut self, bytes: &[u8]) {
        for bytes in [bytes, &Handshake::open().bytes()] {
            let link = self.connect(bytes);
            self.take(link);
        }
    }

    pub fn connect(&mut self, bytes: &[u8]) -> usize {
        let mut session = Session::server(self.config.clone(), self.now);
        let mut batch = session.receive(self.now, Bytes::copy_from_slice(bytes));
        let event = session.next_event(self.now, &mut batch);
        assert!(matches!(event, Some(Event::Authenticate(_))), "no complete authentication");
        session.keep(&batch);
        let connection = done(self.space.accept(self.now, session, User::new(1, ""))).unwrap();
        self.links.push(Link { connection, queue: OutQueue::default(), over: false });
        self.links.len() - 1
    }

    /// Sends bytes on a connection and returns what comes back on it.
    pub fn send(&mut self, link: usize, bytes: &[u8]) -> Vec<u8> {
        self.receive(link, bytes);
        self.take(link)
    }

    /// Sends bytes on a connection.
    pub fn receive(&mut self, link: usize, bytes: &[u8]) {
        let connection = self.links[link].connection;
        done(self.space.receive(self.now, connection, Bytes::copy_from_slice(bytes)));
    }

    pub fn advance(&mut self, time: Duration) {
        self.now += time;
        self.space.on_deadline(self.now);
    }

    /// Breaks the connection of a slow consumer.
    pub fn end_slow(&mut self, link: usize) {
        self.space.end_slow(self.now, self.links[link].connection);
    }

    pub fn is_over(&self, link: usize) -> bool {
        self.links[link].over
    }

    /// Takes a peer's queued output, one entry per write.
    pub fn queue(&mut self, link: usize) -> &mut OutQueue {
        for outgoing in self.space.take_output() {
            let is_it = |link: &&mut Link| link.connection == outgoing.connection;
            let link = self.links.iter_mut().find(is_it).unwrap();
            link.over |= outgoing.over.is_some();
            link.queue.push(outgoing.output, &self.config);
        }
        &mut self.links[link].queue
    }

    pub fn take(&mut self, link: usize) -> Vec<u8> {
        let queue = self.queue(link);
        std::iter::from_fn(|| queue.pop()).flat_map(|chunk| chunk.as_ref().to_vec()).collect()
    }
}

/// Runs a future that is ready at once.
fn done<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a handler of these tests waits"),
    }
}
