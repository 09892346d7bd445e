use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use tokio::sync::oneshot;

use crate::{
    Error,
    error::{CallError, Misuse},
    hub::CallResult,
    interface::{InterfaceDesc, Target},
    net::{
        link::Link,
        space_task::{Inbox, Message},
    },
    space::RemoteCall,
    wire::{Encode, ObjectKey, operation::MAX_CALL_HEADER_BYTES},
};

/// The peer of a client's session, as the target of calls from outside the space.
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
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sending {
        let call = RemoteCall::new(self.object, interface, method, arguments);
        let call = call.and_then(|call| self.check(interface, method, &call).map(|()| call));
        Sending(match call {
            Ok(call) => SendingState::Ready(self.clone(), call),
            Err(error) => SendingState::Failed(error),
        })
    }
}

impl Remote {
    /// Checks a call as far as possible without the session.
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
        let (size, limit) = (MAX_CALL_HEADER_BYTES + call.size(), self.record_limit as usize);
        if size > limit { Err(Misuse::CallTooLong { size, limit }.into()) } else { Ok(()) }
    }

    /// Sends a call if no earlier call waits and the send queue is below its soft limit.
    fn try_send(&self, call: RemoteCall) -> Result<(), RemoteCall> {
        let Ok(_gate) = self.link.gate.try_lock() else { return Err(call) };
        if call.has_references() || !self.link.has_room() {
            return Err(call);
        }
        let announce = || self.inbox.try_send(Message::Calls(Arc::clone(&self.link))).is_ok();
        self.link.calls.add((call, None), announce).map_err(|(call, _)| call)
    }

    /// Sends a call when all earlier calls are sent and the send queue is below its soft limit.
    async fn send(self, call: RemoteCall) -> Result<(), Error> {
        let gate = self.link.gate.lock().await;
        self.link.room().await;
        if let Some(error) = self.link.over() {
            return Err(error);
        }
        let gone = || self.link.over().unwrap_or_else(|| CallError::Gone.into());
        let (reply, sent) = oneshot::channel();
        let has_references = call.has_references();
        let reply: CallResult = Box::new(|result| drop(reply.send(result)));
        let mut call = (call, has_references.then_some(reply));
        loop {
            self.link.calls.room().await;
            let permit = self.inbox.reserve().await.map_err(|_| gone())?;
            let announce = || {
                permit.send(Message::Calls(Arc::clone(&self.link)));
                true
            };
            match self.link.calls.add(call, announce) {
                Ok(()) => break,
                Err(back) => call = back,
            }
        }
        drop(gate);
        if has_references { Ok(sent.await.map_err(|_| gone())??) } else { Ok(()) }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A call from outside a session. It is sent only if this future is awaited.
///
/// The future completes when the session has queued the call. Calls are sent in the order in which
/// their futures are first polled. If the send queue is above its soft limit, the future waits, so a
/// program that awaits its calls never reaches the hard limit.
#[must_use = "a call from outside is only sent when it is awaited"]
pub struct Sending(SendingState);

enum SendingState {
    Ready(Remote, RemoteCall),
    Waiting(Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>),
    Failed(CallError),
    Done,
}

impl Future for Sending {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        loop {
            match std::mem::replace(&mut self.0, SendingState::Done) {
                SendingState::Ready(remote, call) => match remote.try_send(call) {
                    Ok(()) => return Poll::Ready(Ok(())),
                    Err(call) => self.0 = SendingState::Waiting(Box::pin(remote.send(call))),
                },
                SendingState::Waiting(mut sending) => {
                    let polled = sending.as_mut().poll(cx);
                    if polled.is_pending() {
                        self.0 = SendingState::Waiting(sending);
                    }
                    return polled;
                }
                SendingState::Failed(error) => return Poll::Ready(Err(error.into())),
                SendingState::Done => return Poll::Ready(Err(CallError::Gone.into())),
            }
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sending")
    }
}
