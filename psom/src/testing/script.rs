use std::time::{Duration, Instant};

use super::host::Host;
use crate::{Config, Context, DistributedObject, Error, Scope, User, space::SpaceStats};

/// A real side whose peer is the test: bytes in, bytes out.
pub struct Script<T> {
    now: Instant,
    host: Host<T>,
}

impl<T: DistributedObject> Script<T> {
    /// A server that waits for a client's first byte. Any token is good.
    pub fn server(config: Config, root: impl FnOnce(&mut Scope) -> T) -> Self {
        let now = Instant::now();
        let mut host = Host::new(now, config, root);
        host.listen(now, User::new(1, "script"));
        Self { now, host }
    }

    /// A client that has just connected; [`take`](Self::take) gives its first bytes.
    pub fn client(config: Config, token: &str, root: impl FnOnce(&mut Scope) -> T) -> Self {
        let now = Instant::now();
        let mut host = Host::new(now, config, root);
        host.connect(now, token);
        Self { now, host }
    }

    /// Sends bytes to the side and returns what it sends back.
    pub fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.host.receive(self.now, 0, bytes);
        self.take()
    }

    /// What the side has sent since this was last asked.
    pub fn take(&mut self) -> Vec<u8> {
        self.host.take(self.now, 0)
    }

    /// Does something with the side's root.
    pub fn on_root<R: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut T, &mut Context<T>) -> R + Send + 'static,
    ) -> R {
        self.host.with_root(self.now, run)
    }

    /// Lets time pass and returns what the side sends meanwhile.
    pub fn advance(&mut self, time: Duration) -> Vec<u8> {
        let end = self.now + time;
        while let Some(next) = self.host.deadline().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.host.on_deadline(self.now);
        }
        self.now = end;
        self.take()
    }

    /// Ends the transport without a word.
    pub fn hang_up(&mut self) {
        self.host.lose(self.now, 0);
    }

    /// Why the connection is over, as the side sees it.
    pub fn error(&self) -> Option<&Error> {
        self.host.links[0].over.as_ref()
    }

    /// Whether the side has closed the transport.
    pub fn is_closed(&self) -> bool {
        self.host.links[0].closed
    }

    /// How much the side's space holds.
    pub fn stats(&self) -> SpaceStats {
        self.host.hub.stats().space
    }
}

impl<T> std::fmt::Debug for Script<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

/// The bytes of a hex dump; blanks, commas and line breaks do not count.
#[expect(clippy::panic, reason = "a script that is no hex is a mistake in the test")]
pub fn hex(dump: &str) -> Vec<u8> {
    let is_blank = |c: char| c.is_whitespace() || c == ',';
    let digits: Vec<_> = dump.chars().filter(|c| !is_blank(*c)).collect();
    let digit = |c: char| c.to_digit(16).unwrap_or_else(|| panic!("{c:?} is no hex digit"));
    let bytes = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, c| byte << 4 | digit(*c)));
    bytes.map(|byte| byte as u8).collect()
}
