//! Two connections of one server, to check that one does not affect the other.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use psom::{
    Config, Scope, Session, User,
    error::Misuse,
    hub::{Hub, Input, Output},
    session::Event,
    space::ConnectionKey,
};

use super::common::*;

/// A server's hub whose peers are the test.
pub(super) struct Neighbours {
    now: Instant,
    config: Arc<Config>,
    hub: Hub,
    links: Vec<Link>,
    deadline: Option<Instant>,
    /// Whether the transports accept nothing.
    pub stalled: bool,
}

struct Link {
    connection: ConnectionKey,
    sent: Vec<u8>,
    unreported: usize,
    over: bool,
}

impl Neighbours {
    pub(super) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        let (now, config) = (Instant::now(), Arc::new(config));
        let root = |scope: &mut Scope| Ok::<_, Misuse>(ServerRoot::new(scope));
        let (hub, _) = Hub::new(now, Arc::clone(&config), false, [], root).unwrap();
        Self { now, config, hub, links: Vec::new(), deadline: None, stalled: false }
    }

    /// Connects two clients: the first has sent these bytes, the second has opened channel 2.
    pub(super) fn enter(&mut self, bytes: &[u8]) {
        for bytes in [bytes, &Handshake::open().bytes()] {
            let link = self.connect(bytes);
            self.take(link);
        }
    }

    pub(super) fn connect(&mut self, bytes: &[u8]) -> usize {
        let mut session = Session::server(Arc::clone(&self.config), self.now);
        let mut batch = session.receive(self.now, Bytes::copy_from_slice(bytes));
        let event = session.next_event(self.now, &mut batch);
        assert!(matches!(event, Some(Event::Authenticate(_))), "no complete authentication");
        session.keep(&batch);
        let connection = self.hub.accept(self.now, session, User::new(1, "")).unwrap();
        self.links.push(Link { connection, sent: Vec::new(), unreported: 0, over: false });
        self.input(Input::Timeout);
        self.links.len() - 1
    }

    /// Sends bytes on a connection and returns what comes back on it.
    pub(super) fn send(&mut self, link: usize, bytes: &[u8]) -> Vec<u8> {
        self.receive(link, bytes);
        self.take(link)
    }

    /// Sends bytes on a connection.
    pub(super) fn receive(&mut self, link: usize, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.input(Input::Received(self.links[link].connection, bytes));
    }

    /// Stops the hub's process for a time, like a paused virtual machine. Nothing is read meanwhile, and
    /// no timer fires.
    pub(super) fn stop_process(&mut self, time: Duration) {
        self.now += time;
    }

    /// Lets the hub run one turn without an input.
    pub(super) fn turn(&mut self) {
        self.input(Input::Timeout);
    }

    pub(super) fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.deadline.filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    /// Reports whether the hub waits for slow readers.
    pub(super) fn is_busy(&self) -> bool {
        self.hub.is_busy()
    }

    pub(super) fn is_over(&self, link: usize) -> bool {
        self.links[link].over
    }

    /// Returns the bytes that are on their way to a peer.
    pub(super) fn sent(&self, link: usize) -> &[u8] {
        &self.links[link].sent
    }

    /// Takes the bytes for a peer, and lets further ones follow.
    pub(super) fn take(&mut self, link: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        loop {
            let sent = std::mem::take(&mut self.links[link].sent);
            if sent.is_empty() {
                return taken;
            }
            let written = std::mem::take(&mut self.links[link].unreported);
            self.input(Input::Written(self.links[link].connection, written));
            taken.extend(sent);
        }
    }

    fn input(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            done(self.hub.handle_input(self.now, input));
            loop {
                let links = &mut self.links;
                let find = |key| move |link: &&mut Link| link.connection == key;
                match self.hub.poll_output() {
                    Output::Send(key, chunk) => {
                        let link = links.iter_mut().find(find(key)).unwrap();
                        link.sent.extend(chunk.as_ref());
                        link.unreported += chunk.as_ref().len();
                    }
                    Output::Closed(key, _) => {
                        links.iter_mut().find(find(key)).unwrap().over = true;
                    }
                    Output::ReportWritten(key) => {
                        let link = links.iter_mut().find(find(key)).unwrap();
                        let written = if self.stalled { 0 } else { link.unreported };
                        link.unreported -= written;
                        inputs.push(Input::Written(key, written));
                    }
                    Output::Timeout(at) => {
                        self.deadline = at;
                        break;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Runs a future that is ready at once.
fn done<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a handler of these tests waits"),
    }
}
