use bytes::Bytes;
use psom_derive::psom_interface;

use crate::space::Context;

/// The part name under which a client connects its [`Replay`](super::Replay) to the server's
/// [`Offline`](super::Offline).
pub const PART: &str = "psom.offline";

/// The server's half of offline calls.
#[psom_interface(name = "psom.offline", version = 1, hash = 5127738940316652802)]
pub trait OfflineServer {
    /// Asks whether calls on a version of an interface can be played on an object. `meeting` is the
    /// partition of the calls, or empty. Answered by `c_accepted` or `c_rejected`.
    fn s_check(
        &mut self,
        cx: &mut Context<Self>,
        meeting: &str,
        target: &str,
        interface: &str,
        version: i32,
        hash: i64,
    );

    /// Prepares an object for the next message. The meaning of `token` is the object's. Answered by
    /// `c_accepted` or `c_rejected`.
    fn s_prepare(&mut self, cx: &mut Context<Self>, target: &str, token: i64);

    /// Plays a message of an outbox unless it was played before. Answered by `c_done` or `c_refused`.
    fn s_play(&mut self, cx: &mut Context<Self>, outbox: &str, number: i64, message: Bytes);
}

/// The client's half of offline calls.
#[psom_interface(name = "psom.offline", version = 1, hash = -2250981706331482117)]
pub trait OfflineClient {
    /// The calls that were checked can be played.
    fn c_accepted(&mut self, cx: &mut Context<Self>);

    /// The calls that were checked cannot be played.
    fn c_rejected(&mut self, cx: &mut Context<Self>, reason: String);

    /// The message was played, now or earlier, and the state that it changed is safe.
    fn c_done(&mut self, cx: &mut Context<Self>, number: i64);

    /// The message was refused and has changed nothing. It may be sent again.
    fn c_refused(&mut self, cx: &mut Context<Self>, number: i64, reason: String);
}
