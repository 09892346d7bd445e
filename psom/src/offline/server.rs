use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use bytes::Bytes;
use comqc::Guid;
use psom_derive::distributed_object;

use super::{
    interfaces::{OfflineClientProxy, OfflineServer, OfflineServerProxy},
    message::{RecordedCall, name_id},
};
use crate::{
    error::{CallError, Violation},
    interface::{Incoming, Interface, InterfaceDesc, Outcome},
    space::{Context, DistributedObject, Handle, PeerId, Scope},
};

/// The key below which an [`Offline`] saves the number of the last call of each outbox.
pub const SAVED_KEY: &str = "offline";

/// Upper bound on the outboxes whose calls an object plays. Each outbox permanently occupies about 60
/// bytes of saved state.
const MAX_OUTBOXES: usize = 100_000;

/// Upper bound on the refused calls of an outbox that are stored, so that they can be retried.
const MAX_REFUSED: usize = 1_000;

/// Upper bound on the identifier of an outbox: a GUID in braces.
const MAX_OUTBOX_ID_BYTES: usize = 38;

/// Plays recorded calls on the objects of its space, in order and each exactly once.
///
/// A call is played as if the peer that replays it had made it. The number of the call is saved in
/// the turn in which the call is played, under the key `offline/OUTBOX`.
#[distributed_object(serves = OfflineServer, calls = OfflineClient)]
#[derive(Default)]
pub struct Offline {
    meeting: Option<Guid>,
    targets: BTreeMap<String, Playable>,
    outboxes: BTreeMap<String, Progress>,
}

/// The progress of an outbox. Saved as numbers: the last one, then the refused ones.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// The highest number that was played or refused.
    last: i64,
    /// The numbers that were refused. Their senders can retry them.
    refused: BTreeSet<i64>,
}

impl Progress {
    fn was_played(&self, number: i64) -> bool {
        number <= self.last && !self.refused.contains(&number)
    }

    fn add(&mut self, number: i64, is_refused: bool) {
        self.last = self.last.max(number);
        if is_refused {
            self.refused.insert(number);
        } else {
            self.refused.remove(&number);
        }
    }

    fn to_text(&self) -> String {
        let numbers = [&self.last].into_iter().chain(&self.refused);
        numbers.map(i64::to_string).collect::<Vec<_>>().join(" ")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(str::parse);
        let last = numbers.next()?.ok()?;
        Some(Self { last, refused: numbers.collect::<Result<_, _>>().ok()? })
    }
}

/// An object on which calls are played.
struct Playable {
    serves: &'static InterfaceDesc,
    play: PlayFn,
}

/// Queues a call for its object.
type PlayFn = Box<dyn Fn(&mut Context<Offline>, Play) -> Result<(), CallError> + Send>;

/// A call to be played.
struct Play {
    offline: Handle<Offline>,
    peer: PeerId,
    outbox: String,
    number: i64,
    /// The progress of the outbox after the call, as it is saved.
    saved: String,
    call: RecordedCall,
}

impl Offline {
    /// Creates an object that plays no calls yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object that plays calls on the space's root, which is a `T`, and returns its handle.
    /// `saved` is the saved state of the space.
    pub fn for_root<T: DistributedObject>(
        scope: &mut Scope,
        saved: &BTreeMap<String, String>,
    ) -> Handle<Self> {
        let root = scope.root::<T>();
        let offline = Self::new().restored(saved);
        scope.add(match root {
            Some(root) => offline.target("", root),
            None => offline,
        })
    }

    /// Rejects calls that were recorded for another meeting than the one with this name.
    #[must_use]
    pub fn meeting(mut self, name: &str) -> Self {
        self.meeting = Some(name_id(name));
        self
    }

    /// Plays calls on an object. `path` is the name by which recorders refer to it.
    #[must_use]
    pub fn target<T: DistributedObject>(mut self, path: &str, object: Handle<T>) -> Self {
        let serves = <T::Serves as Interface>::DESC;
        let play = move |cx: &mut Context<Self>, play: Play| {
            cx.tell_as_caller(object, move |object, cx| play.run(object, cx))
        };
        self.targets.insert(path.to_ascii_lowercase(), Playable { serves, play: Box::new(play) });
        self
    }

    /// Restores the numbers of the played calls from the saved state of the space.
    #[must_use]
    pub fn restored(mut self, saved: &BTreeMap<String, String>) -> Self {
        let prefix = format!("{SAVED_KEY}/");
        for (key, value) in saved.range(prefix.clone()..) {
            let Some(outbox) = key.strip_prefix(&prefix) else { break };
            if let Some(progress) = Progress::parse(value) {
                self.outboxes.insert(outbox.to_owned(), progress);
            }
        }
        self
    }

    fn check(
        &self,
        meeting: &str,
        (target, interface): (&str, &str),
        (version, hash): (i32, i64),
    ) -> Result<&Playable, String> {
        let is_other = self.meeting.is_some_and(|this| this.to_string() != meeting);
        if !meeting.is_empty() && is_other {
            return Err("the calls were recorded for another meeting; replay them there".into());
        }
        let found = self.targets.get(&target.to_ascii_lowercase());
        let found = found.filter(|found| found.serves.name == interface);
        let found = found.ok_or_else(|| {
            let target = if target.is_empty() { "the root" } else { target };
            format!("this server plays no calls of {interface} on {target}")
        })?;
        if found.serves.hash(version) == Some(hash) {
            return Ok(found);
        }
        let known = found.serves.versions.iter().map(|(version, _)| version.to_string());
        let known = known.collect::<Vec<_>>().join(", ");
        Err(format!(
            "the calls were recorded under version {version} of {interface}, and this server has \
             version {known}; record them again with a program of that version"
        ))
    }

    /// Stores the number of a refused call.
    fn refuse(&mut self, cx: &mut Context<Self>, outbox: String, number: i64) {
        let progress = self.outboxes.entry(outbox.clone()).or_default();
        progress.add(number, true);
        cx.save(format!("{SAVED_KEY}/{outbox}"), progress.to_text());
    }

    /// Reports whether a message must be played, because it was not played before.
    fn is_new(&self, outbox: &str, number: i64) -> Result<bool, String> {
        let is_id = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | '{' | '}');
        if outbox.is_empty() || outbox.len() > MAX_OUTBOX_ID_BYTES || !outbox.chars().all(is_id) {
            return Err("the identifier of the outbox is not a GUID".into());
        }
        match self.outboxes.get(outbox) {
            Some(progress) if progress.was_played(number) => Ok(false),
            Some(progress) if progress.refused.len() >= MAX_REFUSED => {
                Err("this server has refused too many calls of this outbox".into())
            }
            None if self.outboxes.len() >= MAX_OUTBOXES => {
                Err("this server has played calls of too many outboxes".into())
            }
            _ => Ok(true),
        }
    }

    /// Starts to play a message.
    fn play(
        &mut self,
        cx: &mut Context<Self>,
        outbox: &str,
        number: i64,
        message: &Bytes,
    ) -> Result<(), String> {
        let call = RecordedCall::read(message).map_err(|error| error.to_string())?;
        let meeting = call.meeting.map(|meeting| meeting.to_string()).unwrap_or_default();
        let RecordedCall { target, interface, version, hash, .. } = &call;
        let found = self.check(&meeting, (target, interface), (*version, *hash))?;
        let method = i8::try_from(call.method).ok();
        if method.and_then(|method| found.serves.method(method, *version)).is_none() {
            return Err(format!("version {version} of {interface} has no method {}", call.method));
        }
        let peer = cx.caller().id().ok_or("the caller has disconnected")?;
        let gone = format!("the object `{target}` no longer exists");
        let mut progress = self.outboxes.get(outbox).cloned().unwrap_or_default();
        progress.add(number, false);
        let (offline, outbox, saved) = (cx.handle(), outbox.to_owned(), progress.to_text());
        let play = Play { offline, peer, outbox: outbox.clone(), number, saved, call };
        (found.play)(cx, play).map_err(|_| gone)?;
        self.outboxes.insert(outbox, progress);
        Ok(())
    }
}

impl Play {
    /// Plays the call and saves its number, in one turn.
    fn run<T: DistributedObject>(self, object: &mut T, cx: &mut Context<T>) {
        let Self { offline, peer, outbox, number, saved, call } = self;
        let (source, mut text) = (call.arguments, String::new());
        let incoming = Incoming {
            interface: <T::Serves as Interface>::DESC,
            version: call.version,
            method: i8::try_from(call.method).unwrap_or_default(),
            arguments: 0..source.len(),
            source: &source,
            text: &mut text,
        };
        let refused = match object.dispatch(cx, incoming) {
            Ok(Outcome::Done(Ok(()))) => None,
            Ok(Outcome::Done(Err(violation))) | Err(violation) => Some(violation),
            // The future is dropped before it has run, so the call has no effect.
            Ok(Outcome::Later(_)) => Some(Violation::new(
                "the method waits for something outside the space, so it cannot be played",
            )),
        };
        if refused.is_none() {
            cx.save(format!("{SAVED_KEY}/{outbox}"), saved);
        }
        cx.tell(offline, move |offline, cx| {
            if refused.is_some() {
                offline.refuse(cx, outbox, number);
            }
            let Some(mut peer) = cx.peer(peer) else { return };
            match refused {
                None => peer.c_done(number),
                Some(violation) => peer.c_refused(number, &violation.to_string()),
            };
        });
    }
}

impl OfflineServer for Offline {
    fn s_check(
        &mut self,
        cx: &mut Context<Self>,
        meeting: &str,
        target: &str,
        interface: &str,
        version: i32,
        hash: i64,
    ) {
        match self.check(meeting, (target, interface), (version, hash)).map(drop) {
            Ok(()) => cx.caller().c_accepted(),
            Err(reason) => cx.caller().c_rejected(&reason),
        };
    }

    fn s_play(&mut self, cx: &mut Context<Self>, outbox: &str, number: i64, message: Bytes) {
        match self.is_new(outbox, number) {
            Ok(true) => {
                if let Err(reason) = self.play(cx, outbox, number, &message) {
                    self.refuse(cx, outbox.to_owned(), number);
                    cx.caller().c_refused(number, &reason);
                }
            }
            Ok(false) => drop(cx.caller().c_done(number)),
            Err(reason) => drop(cx.caller().c_refused(number, &reason)),
        }
    }
}

impl fmt::Debug for Offline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offline").field("outboxes", &self.outboxes).finish_non_exhaustive()
    }
}
