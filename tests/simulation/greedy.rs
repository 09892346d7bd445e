//! Greedy peers, which take as much of the server as they can, and the check that others do not wait for
//! them.

use psom::{Context, error::LostReason, hub::Input};
use psom_objects::{
    client::{Conference, Model},
    types::Role,
};

use super::{
    action::{Action, Share},
    world::{Event, Side, World},
};

/// The greedy users. The first may change the meeting.
pub(super) const GREEDY: [(i64, Role); 2] = [(8, Role::Presenter), (9, Role::Attendee)];

/// The pace of a greedy connection: pieces of 64 KiB, within 100 µs.
const PACE: (usize, u64) = (64 * 1024, 100);

/// The number of bytes in a greedy client's hands above which it makes no further calls. Its own hub
/// would end the connection at the hard limit.
const MAX_WAITING_BYTES: usize = 64 * 1024;

/// The number of calls of one greedy connection: many times what a turn reads from it, and more bytes than
/// the server receives from a connection that it does not read.
const MAX_CALLS: u32 = 10_000;

/// The number of calls that a greedy client makes at once: several times what a turn reads from it.
const MAX_CALLS_AT_ONCE: u32 = 400;

/// The bytes that a client reads before it stops: the beginning of the meeting.
const MAX_READ_BYTES: usize = 24 * 1024;

/// The number of annotations in a group call. None of them exists.
const UNKNOWN_IDS: i32 = 2_000;

/// The number of calls that count as one group call, so that group calls do not take most of the run.
const CALLS_PER_GROUP_CALL: u32 = 20;

/// The number of uploads that a greedy client requests at once: several times what a user can have.
const UPLOADS_AT_ONCE: i32 = 20;

/// The lowest identifier that no annotation has.
const UNKNOWN_ID: i32 = 1_000_000;

/// The most turns for which the server may handle nothing of a client that follows the rules. A turn reads at
/// least two connections, because each can make at most about 100 KiB of the 256 KiB of output after which a
/// turn ends, and at most five of the connections are greedy.
const MAX_WAIT_TURNS: usize = 4;

/// A way of being greedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greed {
    Calls,
    Renames,
    Uploads,
    UnreadBoards,
    UnknownIds,
}

const ALL: [Greed; 5] =
    [Greed::Calls, Greed::Renames, Greed::Uploads, Greed::UnreadBoards, Greed::UnknownIds];

/// The state of a greedy connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct GreedyState {
    kind: Greed,
    calls_left: u32,
    last_cookie: i32,
}

impl Greed {
    fn name(self) -> &'static str {
        match self {
            Self::Calls => "greedy calls",
            Self::Renames => "greedy renames",
            Self::Uploads => "greedy uploads",
            Self::UnreadBoards => "greedy joins without reading",
            Self::UnknownIds => "greedy group calls",
        }
    }

    /// Whether only users with rights can do this.
    fn needs_rights(self) -> bool {
        matches!(self, Self::Renames | Self::Uploads)
    }
}

impl World<'_> {
    /// Connects some greedy clients of one kind.
    pub(super) fn begin_greed(&mut self) -> Result<(), String> {
        if !self.is_meeting() {
            return Ok(());
        }
        if self.server.is_none() || !self.is_opened {
            self.schedule_ms(1_000, 2_000, Event::BeginGreed);
            return Ok(());
        }
        let kind = ALL[self.rng.usize(..ALL.len())];
        let user = if kind.needs_rights() { 0 } else { self.rng.usize(..GREEDY.len()) };
        let (user, _) = GREEDY[user];
        self.tell(|| format!("user {user} is greedy: {kind:?}"));
        for _ in 0..self.rng.u32(1..6) {
            let place = self.connect(user, PACE)?;
            let readable = self.rng.usize(1_000..MAX_READ_BYTES);
            let client = &mut self.clients[place];
            if kind == Greed::UnreadBoards {
                client.down.readable_bytes = readable;
            }
            client.greed =
                Some(GreedyState { kind, calls_left: MAX_CALLS, last_cookie: 1_000_000 });
            client.excuse = Some("a greedy client");
            self.schedule_ms(20, 500, Event::BeGreedy(place));
            self.schedule_ms(1_000, 8_000, Event::Leave(place));
        }
        self.count(kind.name());
        Ok(())
    }

    /// A greedy client makes many calls at once.
    pub(super) fn be_greedy(&mut self, place: usize) -> Result<(), String> {
        let client = &self.clients[place];
        let Some(mut greed) = client.greed else { return Ok(()) };
        if client.ended.is_some() {
            return Ok(());
        }
        if client.server_ended {
            // A client that does not read does not read the end either. Its transport reports it.
            return self.lose(place, Side::Client(place), LostReason::Reset);
        }
        self.schedule_ms(1, 20, Event::BeGreedy(place));
        let stats = self.clients[place].hub.stats();
        let is_full = stats.queued_bytes + stats.in_flight_bytes > MAX_WAITING_BYTES;
        if greed.kind == Greed::UnreadBoards || is_full || greed.calls_left == 0 {
            return Ok(());
        }
        let model = self.clients[place].model();
        if !model.ready {
            return Ok(());
        }
        let mut rng = self.rng.fork();
        let count = rng.u32(1..MAX_CALLS_AT_ONCE).min(greed.calls_left);
        greed.calls_left -= count;
        let run = calls(&mut greed, &model, count, &mut rng);
        let root = self.clients[place].root;
        self.summary.actions += u64::from(count);
        self.clients[place].greed = Some(greed);
        self.input(Side::Client(place), Input::run(root, run))
    }

    /// Checks, after a turn of the server, that it has read each client that follows the rules within
    /// [`MAX_WAIT_TURNS`].
    ///
    /// A server that waits for its journal or for slow readers is left out, as are clients whose own calls or
    /// unread replies exceed a limit.
    pub(super) fn check_waits(&mut self) -> Result<(), String> {
        let Some(server) = &self.server else { return Ok(()) };
        if !std::mem::take(&mut self.has_read) || server.hub.is_busy() {
            return Ok(());
        }
        for place in &self.active {
            let client = &mut self.clients[*place];
            let is_checked = client.greed.is_none() && !client.is_tainted && client.is_live();
            let Some(key) = client.at_server.filter(|_| is_checked) else { continue };
            let Some(stats) = server.hub.reading_stats(key) else { continue };
            let handled = client.received_bytes.saturating_sub(stats.unread_bytes);
            let waits = stats.unread_bytes > 0 && !stats.limited;
            if waits && handled == client.handled_bytes {
                client.waited_turns += 1;
                self.summary.longest_wait = self.summary.longest_wait.max(client.waited_turns);
                if client.waited_turns > MAX_WAIT_TURNS {
                    return Err(format!(
                        "client {place} waits for more than {MAX_WAIT_TURNS} turns: {stats:?}"
                    ));
                }
            } else {
                client.waited_turns = 0;
            }
            client.handled_bytes = handled;
        }
        Ok(())
    }
}

/// A function that makes calls on a client.
type Calls = Box<dyn FnOnce(&mut Conference, &mut Context<Conference>) + Send>;

/// Returns about this number of calls of a greedy client. They can fail on the client.
fn calls(greed: &mut GreedyState, model: &Model, count: u32, rng: &mut fastrand::Rng) -> Calls {
    let contents = model.contents.iter();
    let boards = contents.clone().filter(|(_, content)| content.board.is_some());
    let pick = |ids: Vec<i64>, rng: &mut fastrand::Rng| {
        let place = rng.usize(..ids.len().max(1));
        ids.get(place).copied()
    };
    let content = pick(contents.map(|(id, _)| *id).collect(), rng);
    let board = pick(boards.map(|(id, _)| *id).collect(), rng);
    match (greed.kind, content, board) {
        (Greed::Uploads, ..) => {
            let earlier = greed.last_cookie - UPLOADS_AT_ONCE..greed.last_cookie;
            greed.last_cookie += UPLOADS_AT_ONCE;
            Box::new(move |conference, cx| {
                for cookie in earlier.clone() {
                    // Fails unless the server has accepted the upload.
                    drop(conference.cancel_upload(cx, cookie));
                }
                for cookie in earlier {
                    let cookie = cookie + UPLOADS_AT_ONCE;
                    drop(conference.request_upload(cx, cookie, 1_000, 1_000));
                }
            })
        }
        (Greed::Renames, Some(id), _) => Box::new(move |conference, cx| {
            for number in 0..count {
                drop(conference.set_title(cx, id, format!("greedy {number}")));
            }
        }),
        (Greed::UnknownIds, _, Some(id)) => Box::new(move |conference, cx| {
            for _ in 0..count.div_ceil(CALLS_PER_GROUP_CALL) {
                let ids = (UNKNOWN_ID..UNKNOWN_ID + UNKNOWN_IDS).collect();
                drop(conference.remove_annotations(cx, id, ids));
            }
        }),
        (Greed::Calls, Some(id), _) => {
            let kind = rng.u8(..4);
            Box::new(move |conference, cx| {
                for number in 0..count {
                    drop(match kind {
                        0 => conference.make_highest(cx, id),
                        1 => conference.vote(cx, id, Some(0)),
                        2 => conference.present(cx, Some(id)),
                        _ => conference.reserve_title(cx, format!("g {number}")).map(drop),
                    });
                }
            })
        }
        // The meeting has nothing yet that the calls need.
        _ => {
            let share = Action::Share(Share::Whiteboard, "title 0".to_owned());
            Box::new(move |conference, cx| drop(share.perform(conference, cx)))
        }
    }
}
