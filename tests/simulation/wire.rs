use bytes::BytesMut;

/// A transport of one direction in virtual time: the bytes in the sender's driver, and those that
/// the transport has accepted and the receiver has not read.
pub(super) struct Pipe {
    driver: BytesMut,
    socket: BytesMut,
    /// Accepted bytes that the driver has not reported to its hub.
    pub(super) unreported: usize,
    /// Whether an event that moves bytes is scheduled.
    pub(super) is_scheduled: bool,
    /// Whether the receiver has paused reading.
    pub(super) is_paused: bool,
    /// Whether the sender ends the transport after the bytes in it.
    pub(super) is_closing: bool,
    /// Whether the receiver no longer reads. The transport then accepts bytes and drops them.
    pub(super) is_discarded: bool,
    /// Whether the receiver knows that the transport has ended.
    pub(super) is_end_noted: bool,
    /// Whether a byte of the next piece changes on its way.
    pub(super) is_corrupting: bool,
    /// Whether the processes that send and receive are running.
    pub(super) is_sender_awake: bool,
    pub(super) is_receiver_awake: bool,
    /// The maximum number of bytes that move at a time.
    pub(super) piece: usize,
    /// The longest time between two moves, in microseconds.
    pub(super) delay_us: u64,
    /// The receiver reads this many bytes and no more.
    pub(super) readable_bytes: usize,
}

/// The size of the socket buffers of a transport in bytes.
const SOCKET_BYTES: usize = 64 * 1024;

impl Pipe {
    pub(super) fn new(piece: usize, delay_us: u64) -> Self {
        Self {
            driver: BytesMut::new(),
            socket: BytesMut::new(),
            unreported: 0,
            is_scheduled: false,
            is_paused: false,
            is_closing: false,
            is_discarded: false,
            is_end_noted: false,
            is_corrupting: false,
            is_sender_awake: true,
            is_receiver_awake: true,
            piece,
            delay_us,
            readable_bytes: usize::MAX,
        }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.driver.extend_from_slice(bytes);
    }

    /// Moves bytes from the driver to the transport.
    pub(super) fn accept(&mut self, rng: &mut fastrand::Rng) {
        if !self.is_sender_awake {
            return;
        }
        let room = SOCKET_BYTES.saturating_sub(self.socket.len());
        let most = self.driver.len().min(room).min(self.piece);
        if most > 0 {
            let accepted = rng.usize(1..=most);
            let moved = self.driver.split_to(accepted);
            if !self.is_discarded {
                self.socket.extend_from_slice(&moved);
            }
            self.unreported += accepted;
        }
    }

    /// Takes bytes for the receiver.
    pub(super) fn deliver(&mut self, rng: &mut fastrand::Rng) -> BytesMut {
        if self.is_discarded {
            self.socket.clear();
        }
        let is_read = !self.is_paused && self.is_receiver_awake;
        let most = if is_read { self.socket.len().min(self.piece) } else { 0 };
        let most = most.min(self.readable_bytes);
        let count = if most == 0 { 0 } else { rng.usize(1..=most) };
        self.readable_bytes = self.readable_bytes.saturating_sub(count);
        self.socket.split_to(count)
    }

    /// Reports whether the transport has accepted all bytes from the driver.
    pub(super) fn is_idle(&self) -> bool {
        self.driver.is_empty()
    }

    /// Handles the end of the sender's process. Bytes that the transport has accepted still arrive.
    pub(super) fn sender_died(&mut self) {
        self.driver.clear();
        self.unreported = 0;
        self.is_closing = true;
    }

    /// Reports whether another move would have an effect.
    pub(super) fn has_work(&self) -> bool {
        let is_read = !self.is_paused && self.is_receiver_awake && self.readable_bytes > 0;
        let can_deliver = !self.socket.is_empty() && is_read;
        let has_room = self.socket.len() < SOCKET_BYTES;
        let can_accept = !self.driver.is_empty() && has_room && self.is_sender_awake;
        can_deliver || can_accept
    }

    /// Reports whether all bytes before the end of the transport are read.
    pub(super) fn has_ended(&self) -> bool {
        let is_empty = self.driver.is_empty() && self.socket.is_empty();
        self.is_closing && is_empty && self.is_receiver_awake && !self.is_end_noted
    }
}
