//! Requests: a call with a cookie, and the call of the peer that answers it.

use std::time::Duration;

use super::{
    asks::{Ask, AskKey, Reply},
    context::Context,
    core::{Core, Task, TimerKey, Work},
    object::DistributedObject,
    peer::{Caller, ConnectionKey, PeerEntry, PeerId, Sent},
    target::Peer,
};
use crate::{
    error::{AskError, CallError, Misuse},
    interface::{Incoming, Interface},
    wire::ObjectKey,
};

impl Core {
    /// Passes a call to the request that it answers. Returns the call if it answers none.
    pub(super) fn take_answer<'a>(
        &mut self,
        peer: PeerEntry,
        object: ObjectKey,
        call: Incoming<'a>,
    ) -> Option<Incoming<'a>> {
        let answer = call.description().and_then(|method| Some((method, call.cookie(method)?)));
        let Some((method, cookie)) = answer else { return Some(call) };
        let key = (peer.connection, object, cookie);
        let fits = |ask: &Ask<Task, TimerKey>| ask.request.answers.contains(&method.name);
        let timer = self.asks.open.get(&key).filter(|ask| fits(ask)).map(|ask| ask.timer);
        let Some(timer) = timer else { return Some(call) };
        self.cancel(timer);
        let arguments = call.source.slice(call.arguments.clone());
        let caller = self.caller(peer);
        self.end_ask(key, caller, Ok(Reply { method, arguments }));
        None
    }

    /// Ends a request and queues its continuation, with the peer that has answered as its caller.
    fn end_ask(&mut self, key: AskKey, caller: Option<Caller>, result: Result<Reply, AskError>) {
        if let Some(ask) = self.asks.open.remove(&key) {
            self.work.push_back(Work::Continue(key.1, caller, (ask.then)(result)));
        }
    }

    /// Ends the requests of an object to a peer that is gone.
    pub(super) fn end_asks(&mut self, connection: ConnectionKey, object: ObjectKey) {
        let (first, last) = ((connection, object, i32::MIN), (connection, object, i32::MAX));
        let keys: Vec<_> = self.asks.open.range(first..=last).map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(timer) = self.asks.open.get(&key).map(|ask| ask.timer) {
                self.cancel(timer);
            }
            self.end_ask(key, None, Err(AskError::Call(CallError::Gone)));
        }
    }
}

impl<T: DistributedObject> Context<T> {
    /// Sends a request to a peer of this object, and runs `then` with the answer. `call` gets the peer's
    /// proxy and a cookie, and calls a method with `#[answered_by(…)]`. The answer is a call of one of the
    /// methods that the attribute names, with the same cookie; it goes to `then` and not to this object's
    /// own method.
    ///
    /// `then` gets [`AskError::TimedOut`] if there is no answer within `limit`, and [`CallError::Gone`] if
    /// the peer is disconnected first. If this object is removed, `then` is dropped. For an answer, the
    /// caller of `then` is the peer that has answered.
    ///
    /// # Errors
    /// The object has no such peer, the call could not be queued, or `call` did not call a method with
    /// `#[answered_by]`.
    pub fn ask(
        &mut self,
        peer: PeerId,
        limit: Duration,
        call: impl FnOnce(<T::Calls as Interface>::Proxy<Peer<'_>>, i32) -> Sent,
        then: impl FnOnce(&mut T, &mut Self, Result<Reply, AskError>) + Send + 'static,
    ) -> Result<(), AskError> {
        let asks = &mut self.core_mut().asks;
        let cookie = asks.last_cookie.checked_add(1).ok_or(AskError::NoCookie)?;
        asks.last_cookie = cookie;
        self.ask_under(cookie, peer, limit, call, then)
    }

    /// Sends a request like [`ask`](Self::ask), under a cookie that the program gives. This is for
    /// protocols in which several requests have the same cookie, such as the reservation of a title and
    /// the upload that gets it.
    ///
    /// # Errors
    /// Those of [`ask`](Self::ask), and [`Misuse::CookieInUse`] if this object has a request to the peer
    /// under this cookie that has no answer yet.
    pub fn ask_under(
        &mut self,
        cookie: i32,
        peer: PeerId,
        limit: Duration,
        call: impl FnOnce(<T::Calls as Interface>::Proxy<Peer<'_>>, i32) -> Sent,
        then: impl FnOnce(&mut T, &mut Self, Result<Reply, AskError>) + Send + 'static,
    ) -> Result<(), AskError> {
        let object = self.handle().key;
        let key = (peer.0, object, cookie);
        let asks = &mut self.core_mut().asks;
        if asks.open.contains_key(&key) {
            return Err(CallError::from(Misuse::CookieInUse(cookie)).into());
        }
        asks.asking = Some(None);
        let sent = self.peer(peer).map(|proxy| call(proxy, cookie));
        let request = self.core_mut().asks.asking.take().flatten();
        sent.ok_or(CallError::Gone)?.ok()?;
        let request = request.filter(|method| !method.answers.is_empty());
        let request = request.ok_or(Misuse::NoRequest).map_err(CallError::from)?;
        let timed_out = Task::new::<T>(move |_, cx| {
            cx.core_mut().end_ask(key, None, Err(AskError::TimedOut));
        });
        let core = self.core_mut();
        let timer = core.after(object, limit, timed_out);
        let then = move |result| Task::new::<T>(move |object, cx| then(object, cx, result));
        core.asks.open.insert(key, Ask { request, timer, then: Box::new(then) });
        Ok(())
    }
}
