use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use comqc::Guid;
use psom_derive::distributed_object;

use super::{
    interfaces::{OfflineClient, OfflineServer},
    message::{RecordedCall, name_id},
    verdict::{PlaysLater, Verdict},
};
use crate::{
    error::{CallError, Error, PeerMisbehaved, Violation},
    interface::{Incoming, Interface, InterfaceDesc, Outcome},
    space::{Context, DistributedObject, Handle, PeerId, PlayedCall, Scope},
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

/// How often a verdict that was not given at once is checked. Dropped verdicts are rare, so a second
/// is soon enough.
const LOST_VERDICT_INTERVAL: Duration = Duration::from_secs(1);

/// The number of checks before the first timer. A verdict that two objects pass on is given by then.
const IMMEDIATE_CHECKS: u32 = 4;

/// Plays recorded calls on the objects of its space, in order and each exactly once.
///
/// A call is played as if the peer that replays it had made it. The number of the call is saved in
/// the turn in which the call is played, under the key `offline/OUTBOX`.
///
/// Each call has one of two results. A call that is done has changed the state, and it is never
/// played again. A call that is refused has changed nothing. Its sender gets the reason and may send
/// it again later.
#[distributed_object(serves = OfflineServer, calls = OfflineClient)]
#[derive(Default)]
pub struct Offline {
    meeting: Option<Guid>,
    targets: BTreeMap<String, Playable>,
    outboxes: BTreeMap<String, Progress>,
    /// The call of each outbox that is being played.
    playing: BTreeMap<String, Playing>,
}

/// A call that is being played.
struct Playing {
    peer: PeerId,
    number: i64,
    /// Empty if the verdict can no longer be given.
    ticket: Weak<()>,
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
    prepare: Option<PrepareFn>,
}

/// Queues a call for its object.
type PlayFn = Box<dyn Fn(&mut Context<Offline>, Play) -> Result<(), CallError> + Send>;

/// Queues the preparation of an object.
type PrepareFn = Box<dyn Fn(&mut Context<Offline>, PeerId, i64) -> Result<(), CallError> + Send>;

/// A call to be played.
struct Play {
    ticket: Ticket,
    call: RecordedCall,
}

/// The right to give the verdict about a call.
struct Ticket {
    offline: Handle<Offline>,
    outbox: String,
    number: i64,
    /// Exists until the verdict was handled, or the ticket was dropped.
    _exists: Arc<()>,
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
        let play = Playable { serves, play: Box::new(play), prepare: None };
        self.targets.insert(path.to_ascii_lowercase(), play);
        self
    }

    /// Plays calls on an object like [`target`](Self::target). The object can give the result of a
    /// call after the method has returned.
    #[must_use]
    pub fn target_later<T: PlaysLater>(mut self, path: &str, object: Handle<T>) -> Self {
        let serves = <T::Serves as Interface>::DESC;
        let play = move |cx: &mut Context<Self>, play: Play| {
            cx.tell_as_caller(object, move |object, cx| play.run_later(object, cx))
        };
        let prepare = move |cx: &mut Context<Self>, peer, token| {
            let offline = cx.handle();
            cx.tell_as_caller(object, move |object, cx| {
                let prepared = object.prepare(cx, token);
                cx.tell(offline, move |_, cx| answer_check(cx, peer, prepared));
            })
        };
        let (play, prepare): (PlayFn, PrepareFn) = (Box::new(play), Box::new(prepare));
        let play = Playable { serves, play, prepare: Some(prepare) };
        self.targets.insert(path.to_ascii_lowercase(), play);
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
        if self.playing.contains_key(outbox) {
            return Err("another call of this outbox is being played; replay it again".into());
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
        let exists = Arc::new(());
        let playing = Playing { peer, number, ticket: Arc::downgrade(&exists) };
        let (offline, outbox_id) = (cx.handle(), outbox.to_owned());
        let ticket = Ticket { offline, outbox: outbox_id, number, _exists: exists };
        (found.play)(cx, Play { ticket, call }).map_err(|_| gone)?;
        self.playing.insert(outbox.to_owned(), playing);
        let this = cx.handle();
        let outbox = outbox.to_owned();
        // Queued after the call.
        cx.tell(this, move |offline, cx| offline.check_verdict(cx, outbox, number, 1));
        Ok(())
    }

    /// Refuses a call whose verdict was dropped, and looks again later while the verdict exists.
    fn check_verdict(&mut self, cx: &mut Context<Self>, outbox: String, number: i64, check: u32) {
        let playing = self.playing.get(&outbox);
        let Some(playing) = playing.filter(|playing| playing.number == number) else { return };
        if playing.ticket.strong_count() > 0 {
            let again = move |offline: &mut Self, cx: &mut Context<Self>| {
                offline.check_verdict(cx, outbox, number, check.saturating_add(1));
            };
            if check < IMMEDIATE_CHECKS {
                let this = cx.handle();
                cx.tell(this, again);
            } else {
                cx.after(LOST_VERDICT_INTERVAL, again);
            }
            return;
        }
        self.refuse(cx, outbox.clone(), number);
        let gone = Violation::new("the object that plays the call is gone");
        self.decided(cx, &outbox, number, Err(gone));
    }

    /// Remembers the result of a call and sends it to the peer.
    fn decided(
        &mut self,
        cx: &mut Context<Self>,
        outbox: &str,
        number: i64,
        result: Result<(), Violation>,
    ) {
        self.outboxes.entry(outbox.to_owned()).or_default().add(number, result.is_err());
        let Some(Playing { peer, .. }) = self.playing.remove(outbox) else { return };
        let Some(peer) = cx.peer(peer) else { return };
        match result {
            Ok(()) => peer.c_done(number),
            Err(violation) => peer.c_refused(number, &reason(violation)),
        };
    }
}

/// Returns the reason of a refusal. That of an application needs no explanation before it.
fn reason(violation: Violation) -> String {
    match violation.into_error() {
        Error::PeerMisbehaved(PeerMisbehaved::Application(reason)) => reason.into_owned(),
        error => error.to_string(),
    }
}

/// Answers a request that has no number.
fn answer_check(cx: &mut Context<Offline>, peer: PeerId, result: Result<(), Violation>) {
    let Some(peer) = cx.peer(peer) else { return };
    match result {
        Ok(()) => peer.c_accepted(),
        Err(violation) => peer.c_rejected(&reason(violation)),
    };
}

impl Ticket {
    /// Saves the result of the call and announces it. The caller performs the call in the same
    /// handler, so that both are saved in one turn.
    fn decide(self, scope: &mut Scope, result: Result<(), Violation>) {
        if let Ok(offline) = scope.get(self.offline) {
            let mut progress = offline.outboxes.get(&self.outbox).cloned().unwrap_or_default();
            progress.add(self.number, result.is_err());
            scope.save(format!("{SAVED_KEY}/{}", self.outbox), progress.to_text());
        }
        // The whole ticket moves to the task, so that it exists until the verdict was handled.
        scope.tell(self.offline, move |offline, cx| self.answer(offline, cx, result));
    }

    fn answer(
        &self,
        offline: &mut Offline,
        cx: &mut Context<Offline>,
        result: Result<(), Violation>,
    ) {
        offline.decided(cx, &self.outbox, self.number, result);
    }
}

impl Play {
    /// Plays the call and saves its result, in one turn.
    fn run<T: DistributedObject>(self, object: &mut T, cx: &mut Context<T>) {
        let Self { ticket, call } = self;
        match dispatch(&call, object, cx) {
            Some(result) => ticket.decide(cx, result),
            None => {
                let then = move |scope: &mut Scope, result| ticket.decide(scope, result);
                cx.play_awaited(PlayedCall::new(call.version, call.method, call.arguments, then));
            }
        }
    }

    /// Plays the call on an object that may give the verdict later.
    fn run_later<T: PlaysLater>(self, object: &mut T, cx: &mut Context<T>) {
        let Self { ticket, call } = self;
        let verdict = Verdict::new(move |scope, result| ticket.decide(scope, result));
        *object.verdict() = Some(verdict);
        let result = dispatch(&call, object, cx).unwrap_or_else(|| {
            Err(Violation::new("a method that gives its verdict later cannot wait"))
        });
        // The method has passed the verdict on if it is not here.
        if let Some(verdict) = object.verdict().take() {
            verdict.give(cx, result);
        }
    }
}

/// Calls the method. Returns `None`, without having run it, if the method is an `async fn`.
fn dispatch<T: DistributedObject>(
    call: &RecordedCall,
    object: &mut T,
    cx: &mut Context<T>,
) -> Option<Result<(), Violation>> {
    let (source, mut text) = (&call.arguments, String::new());
    let incoming = Incoming {
        interface: <T::Serves as Interface>::DESC,
        version: call.version,
        method: i8::try_from(call.method).unwrap_or_default(),
        arguments: 0..source.len(),
        source,
        text: &mut text,
    };
    match object.dispatch(cx, incoming) {
        Ok(Outcome::Done(result)) => Some(result),
        // Dropped before it has run, so it has no effect.
        Ok(Outcome::Later(_)) => None,
        Err(violation) => Some(Err(violation)),
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

    fn s_prepare(&mut self, cx: &mut Context<Self>, target: &str, token: i64) {
        let Some(peer) = cx.caller().id() else { return };
        let found = self.targets.get(&target.to_ascii_lowercase());
        let prepared = found.and_then(|found| found.prepare.as_ref());
        let queued = prepared.is_some_and(|prepare| prepare(cx, peer, token).is_ok());
        if !queued {
            answer_check(cx, peer, Err(Violation::new("there is nothing to prepare")));
        }
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
