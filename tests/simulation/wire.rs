use std::collections::VecDeque;

/// A transport of one direction in virtual time: the bytes in the sender's driver, and those that
/// the transport has accepted and the receiver has not read.
pub(super) struct Pipe {
    driver: VecDeque<u8>,
    socket: VecDeque<u8>,
    /// Accepted bytes that the driver has not reported to its hub.
    pub(super) unreported: usize,
    /// Whether an event that moves bytes is scheduled.
    pub(super) is_scheduled: bool,
    /// The receiver does not read for now.
    pub(super) is_paused: bool,
    /// The sender ends the transport behind the bytes in it.
    pub(super) is_closing: bool,
    /// The receiver no longer reads: bytes are accepted and forgotten.
    pub(super) is_discarded: bool,
    /// At most this many bytes move at a time.
    pub(super) piece: usize,
    /// The longest time between two moves, in microseconds.
    pub(super) delay_us: u64,
}

/// The socket buffers of a transport.
const SOCKET_BYTES: usize = 64 * 1024;

impl Pipe {
    pub(super) fn new(piece: usize, delay_us: u64) -> Self {
        Self {
            driver: VecDeque::new(),
            socket: VecDeque::new(),
            unreported: 0,
            is_scheduled: false,
            is_paused: false,
            is_closing: false,
            is_discarded: false,
            piece,
            delay_us,
        }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.driver.extend(bytes);
    }

    /// Moves bytes from the driver to the transport.
    pub(super) fn accept(&mut self, rng: &mut fastrand::Rng) {
        let room = SOCKET_BYTES.saturating_sub(self.socket.len());
        let most = self.driver.len().min(room).min(self.piece);
        if most > 0 {
            let accepted = rng.usize(1..=most);
            let moved = self.driver.drain(..accepted);
            if self.is_discarded {
                drop(moved);
            } else {
                self.socket.extend(moved);
            }
            self.unreported += accepted;
        }
    }

    /// Takes bytes for the receiver.
    pub(super) fn deliver(&mut self, rng: &mut fastrand::Rng) -> Vec<u8> {
        if self.is_discarded {
            self.socket.clear();
        }
        let most = if self.is_paused { 0 } else { self.socket.len().min(self.piece) };
        let count = if most == 0 { 0 } else { rng.usize(1..=most) };
        self.socket.drain(..count).collect()
    }

    /// Changes one of the bytes on the way. Reports whether there was one.
    pub(super) fn corrupt(&mut self, rng: &mut fastrand::Rng) -> bool {
        let Some(at) = (!self.socket.is_empty()).then(|| rng.usize(..self.socket.len())) else {
            return false;
        };
        self.socket[at] ^= rng.u8(1..);
        true
    }

    /// The sender's process is gone: bytes that the transport has accepted still arrive.
    pub(super) fn sender_died(&mut self) {
        self.driver.clear();
        self.unreported = 0;
        self.is_closing = true;
    }

    /// Whether another move would have an effect.
    pub(super) fn has_work(&self) -> bool {
        let can_deliver = !self.socket.is_empty() && !self.is_paused;
        let can_accept = !self.driver.is_empty() && self.socket.len() < SOCKET_BYTES;
        can_deliver || can_accept
    }

    /// Whether all bytes in front of the end of the transport are read.
    pub(super) fn has_ended(&self) -> bool {
        self.is_closing && self.driver.is_empty() && self.socket.is_empty()
    }
}
