use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use tokio::sync::{mpsc::error::TrySendError, oneshot};

use super::{
    link::Link,
    space_task::{Inbox, Message},
};
use crate::{
    Error,
    error::{CallError, Misuse},
    hub::Input,
    interface::{InterfaceDesc, Target},
    space::RemoteCall,
    wire::{Encode, ObjectKey},
};

/// The bytes before the arguments of a call, at the most: a proxy identifier and a method index.
const START: usize = 5 + 1;

/// The peer of a client's session, as a place that the program outside the space can call.
#[derive(Clone)]
pub struct Remote {
    pub(super) inbox: Inbox,
    pub(super) link: Arc<Link>,
    pub(super) object: ObjectKey,
    pub(super) version: i32,
    pub(super) record_limit: u32,
}

impl Target for Remote {
    type Sent = Sending;

    fn call(
        &mut self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sending {
        let call = RemoteCall::new(self.object, interface, method, arguments);
        let call = call.and_then(|call| self.check(interface, method, &call).map(|()| call));
        Sending(match call {
            Ok(call) => State::Ready(self.clone(), call),
            Err(error) => State::Failed(error),
        })
    }
}

impl Remote {
    /// What can be known here of a call that cannot be sent.
    fn check(
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        call: &RemoteCall,
    ) -> Result<(), CallError> {
        let index = i8::try_from(method).map_err(|_| CallError::Gone)?;
        let known = interface.method(index, self.version);
        if let (None, Some(later)) = (known, interface.method(index, i32::MAX)) {
            return Err(CallError::NotInVersion {
                interface: interface.name,
                method: later.name,
                since: later.since,
                version: self.version,
            });
        }
        let (size, limit) = (START + call.size(), self.record_limit as usize);
        if size > limit { Err(Misuse::CallTooLong { size, limit }.into()) } else { Ok(()) }
    }

    /// Sends a call if nobody waits before it and there is room.
    fn try_send(&self, call: RemoteCall) -> Result<(), RemoteCall> {
        let Ok(_gate) = self.link.gate.try_lock() else { return Err(call) };
        if call.has_references() || !self.link.has_room() {
            return Err(call);
        }
        match self.inbox.try_send(Message::Input(Input::Call(call, None))) {
            Err(TrySendError::Full(Message::Input(Input::Call(call, _))))
            | Err(TrySendError::Closed(Message::Input(Input::Call(call, _)))) => Err(call),
            // Only the message that was tried comes back.
            _ => Ok(()),
        }
    }

    /// Sends a call when those before it are sent and there is room.
    async fn send(self, call: RemoteCall) -> Result<(), Error> {
        let gate = self.link.gate.lock().await;
        self.link.room().await;
        if let Some(error) = self.link.over() {
            return Err(error);
        }
        let gone = || self.link.over().unwrap_or(CallError::Gone.into());
        if !call.has_references() {
            let sent = self.inbox.send(Message::Input(Input::Call(call, None))).await;
            return sent.map_err(|_| gone());
        }
        let (reply, sent) = oneshot::channel();
        let reply = Box::new(|result| drop(reply.send(result)));
        let sending = self.inbox.send(Message::Input(Input::Call(call, Some(reply)))).await;
        sending.map_err(|_| gone())?;
        drop(gate);
        Ok(sent.await.map_err(|_| gone())??)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A call on its way from outside into a session. Nothing is sent unless it is awaited.
///
/// It is done when the session has taken the call. Calls go out in the order in which they were
/// first polled. While the peer lags a call waits, so a program that awaits its calls never fills
/// its own queue.
#[must_use = "a call from outside is only sent when it is awaited"]
pub struct Sending(State);

enum State {
    Ready(Remote, RemoteCall),
    Waiting(Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>),
    Failed(CallError),
    Done,
}

impl Future for Sending {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        loop {
            match std::mem::replace(&mut self.0, State::Done) {
                State::Ready(remote, call) => {
                    if let Some(error) = remote.link.over() {
                        return Poll::Ready(Err(error));
                    }
                    match remote.try_send(call) {
                        Ok(()) => return Poll::Ready(Ok(())),
                        Err(call) => self.0 = State::Waiting(Box::pin(remote.send(call))),
                    }
                }
                State::Waiting(mut sending) => {
                    let polled = sending.as_mut().poll(cx);
                    if polled.is_pending() {
                        self.0 = State::Waiting(sending);
                    }
                    return polled;
                }
                State::Failed(error) => return Poll::Ready(Err(error.into())),
                State::Done => return Poll::Ready(Err(CallError::Gone.into())),
            }
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sending")
    }
}
