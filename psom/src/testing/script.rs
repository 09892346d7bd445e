use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::host::Host;
use crate::{Config, Context, DistributedObject, Error, Scope, User, space::SpaceStats};

/// One side of a connection. The test plays the other side and exchanges bytes with it.
pub struct Script<T> {
    now: Instant,
    host: Host<T>,
}

impl<T: DistributedObject> Script<T> {
    /// Creates a server that waits for a client's first byte and accepts every token.
    pub fn server(config: Config, root: impl FnOnce(&mut Scope) -> T) -> Self {
        Self::server_for(User::new(1, "script"), config, root)
    }

    /// Creates a server that waits for a client's first byte and takes every token as that of this user.
    pub fn server_for(user: User, config: Config, root: impl FnOnce(&mut Scope) -> T) -> Self {
        let now = Instant::now();
        let mut host = Host::new(now, config, Arc::default(), root);
        host.listen(now, user);
        Self { now, host }
    }

    /// Creates a client. [`take`](Self::take) returns its first bytes.
    pub fn client(config: Config, token: &str, root: impl FnOnce(&mut Scope) -> T) -> Self {
        let now = Instant::now();
        let mut host = Host::new(now, config, Arc::default(), root);
        host.connect(now, token);
        Self { now, host }
    }

    /// Sends bytes to the side and returns what it sends back.
    pub fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.host.receive(self.now, 0, bytes);
        self.take()
    }

    /// Returns the bytes that the side has sent since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        self.host.take(self.now, 0)
    }

    /// Runs a function on the side's root and returns its result.
    pub fn on_root<R: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> R {
        self.host.with_root(self.now, run)
    }

    /// Advances the time and returns the bytes that the side sends meanwhile.
    pub fn advance(&mut self, time: Duration) -> Vec<u8> {
        let end = self.now + time;
        while let Some(next) = self.host.deadline().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.host.on_deadline(self.now);
        }
        self.now = end;
        self.take()
    }

    /// Drops the transport, without Close or Break.
    pub fn hang_up(&mut self) {
        self.host.lose(self.now, 0);
    }

    /// Returns the reason why the connection has ended, if it has.
    pub fn error(&self) -> Option<&Error> {
        self.host.links[0].over.as_ref()
    }

    /// Reports whether the side has closed the transport.
    pub fn is_closed(&self) -> bool {
        self.host.links[0].closed
    }

    /// Returns the numbers of objects and other resources of the side's space.
    pub fn stats(&self) -> SpaceStats {
        self.host.hub.stats().space
    }
}

impl<T> std::fmt::Debug for Script<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

/// Parses a hex dump. Blanks, commas and line breaks are ignored.
#[expect(clippy::panic, reason = "an invalid hex dump is an error in the test")]
pub fn hex(dump: &str) -> Vec<u8> {
    let is_blank = |c: char| c.is_whitespace() || c == ',';
    let digits: Vec<_> = dump.chars().filter(|c| !is_blank(*c)).collect();
    let value = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digit = |c: char| value(c).unwrap_or_else(|| panic!("{c:?} is not a hex digit"));
    let byte = |pair: &[char]| pair.iter().fold(0, |byte, c| (byte << 4) | digit(*c));
    digits.chunks(2).map(byte).collect()
}
