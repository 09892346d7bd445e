use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use tokio::sync::mpsc::error::TrySendError;

use super::{
    link::Link,
    space_task::{Inbox, Message},
};
use crate::{
    Error,
    error::Misuse,
    interface::{InterfaceDesc, Target},
    space::RemoteCall,
    wire::{Encode, ObjectKey},
};

/// The peer of a client's session, as a place that the program outside the space can call.
#[derive(Clone)]
pub struct Remote {
    pub(super) inbox: Inbox,
    pub(super) link: Arc<Link>,
    pub(super) object: ObjectKey,
    pub(super) version: i32,
}

impl Target for Remote {
    type Sent = Sending;

    fn call(
        &mut self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sending {
        let call = self.check(interface, method);
        let call = call.and_then(|()| RemoteCall::new(self.object, interface, method, arguments));
        Sending(match call {
            Ok(call) => State::Ready(self.clone(), call),
            Err(error) => State::Failed(error),
        })
    }
}

impl Remote {
    fn check(&self, interface: &'static InterfaceDesc, method: u8) -> Result<(), Misuse> {
        let index = i8::try_from(method).map_err(|_| Misuse::Gone)?;
        match (interface.method(index, self.version), interface.method(index, i32::MAX)) {
            (None, Some(later)) => Err(Misuse::NotInVersion {
                interface: interface.name,
                method: later.name,
                since: later.since,
                version: self.version,
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A call on its way from outside into a session. Nothing is sent unless it is awaited.
///
/// It is done when the session has taken the call, in the order in which the calls were awaited.
/// While the peer lags it waits, so a program that awaits its calls never fills its own queue.
#[must_use = "a call from outside is only sent when it is awaited"]
pub struct Sending(State);

enum State {
    Ready(Remote, RemoteCall),
    Waiting(Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>),
    Failed(Misuse),
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
                    let (remote, call) = match remote.try_send(call) {
                        Ok(()) => return Poll::Ready(Ok(())),
                        Err(waiting) => waiting,
                    };
                    self.0 = State::Waiting(Box::pin(remote.send(call)));
                }
                State::Waiting(mut sending) => {
                    let polled = sending.as_mut().poll(cx);
                    if polled.is_pending() {
                        self.0 = State::Waiting(sending);
                    }
                    return polled;
                }
                State::Failed(error) => return Poll::Ready(Err(error.into())),
                State::Done => return Poll::Ready(Err(Misuse::Gone.into())),
            }
        }
    }
}

impl Remote {
    fn try_send(self, call: RemoteCall) -> Result<(), (Self, RemoteCall)> {
        if !self.link.has_room() {
            return Err((self, call));
        }
        match self.inbox.try_send(Message::Call(call)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Message::Call(call))) => Err((self, call)),
            Err(TrySendError::Closed(Message::Call(call))) => Err((self, call)),
            Err(_) => Ok(()),
        }
    }

    async fn send(self, call: RemoteCall) -> Result<(), Error> {
        self.link.room().await;
        if let Some(error) = self.link.over() {
            return Err(error);
        }
        let sent = self.inbox.send(Message::Call(call)).await;
        sent.map_err(|_| self.link.over().unwrap_or(Misuse::Gone.into()))
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sending")
    }
}
