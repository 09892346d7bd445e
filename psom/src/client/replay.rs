use std::collections::BTreeSet;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::ClientSession;
use crate::{
    interface::Interface,
    offline::{Answer, PART, Pending, RecordedCall, Recorder, Replay, ReplayError},
    space::{Context, DistributedObject, Handle},
};

/// The result of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// The number of calls that the server has played, now or in an earlier replay.
    pub played: u64,
    /// The calls that the server refused. They have changed nothing, and they are in the dead queue of
    /// the outbox.
    pub refused: Vec<RefusedCall>,
}

/// A call that the server refused: at once, or when the object that was to perform it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCall {
    /// The number of the call in the outbox.
    pub number: u64,
    /// The call.
    pub call: RecordedCall,
    /// The reason.
    pub reason: String,
}

impl<T: DistributedObject> ClientSession<T> {
    /// Plays the calls of an outbox in order, each exactly once. If the connection ends, replay the
    /// outbox again: the server does not play a call that it has played before.
    ///
    /// Before the first call, the server checks that it has the interfaces in the versions under
    /// which the calls were recorded. If it rejects one, no call is played.
    ///
    /// # Errors
    /// The server does not accept recorded calls or rejects these, or the connection or the outbox
    /// fails.
    pub async fn replay<I: Interface>(
        &self,
        recorder: &mut Recorder<I>,
    ) -> Result<Replayed, ReplayError> {
        self.replay_with(recorder, async |_, _| Ok(())).await
    }

    /// Plays the calls of an outbox like [`replay`](Self::replay). `before` runs before each call is
    /// sent, for example to upload a file that the call needs. If it fails, its reason replaces the
    /// server's, should the server refuse the call.
    ///
    /// # Errors
    /// The same as those of [`replay`](Self::replay).
    pub async fn replay_with<I: Interface>(
        &self,
        recorder: &mut Recorder<I>,
        mut before: impl AsyncFnMut(&mut Replaying<'_, T>, &Pending) -> Result<(), String>,
    ) -> Result<Replayed, ReplayError> {
        let (sender, answers) = unbounded_channel();
        let connected = self.run(move |_, cx| {
            let replay = cx.add_while_connected(Replay::new(move |answer| {
                // Sending fails if the replay was cancelled.
                let _ = sender.send(answer);
            }));
            cx.connect_to_first(PART, replay).map(|()| replay)
        });
        let object = connected.await?.map_err(|_| ReplayError::Unsupported)?;
        let mut replaying = Replaying { session: self, object, answers };
        let result = replaying.play(recorder, &mut before).await;
        // This fails if the connection has ended, which has removed the object.
        let _ = self.run(move |_, cx| cx.remove(object)).await;
        result
    }
}

/// A replay in progress.
pub struct Replaying<'a, T> {
    session: &'a ClientSession<T>,
    object: Handle<Replay>,
    answers: UnboundedReceiver<Answer>,
}

impl<T: DistributedObject> Replaying<'_, T> {
    async fn play<I: Interface>(
        &mut self,
        recorder: &mut Recorder<I>,
        before: &mut impl AsyncFnMut(&mut Self, &Pending) -> Result<(), String>,
    ) -> Result<Replayed, ReplayError> {
        let outbox = recorder.with_outbox(|outbox| outbox.id()).to_string();
        let numbers = recorder.with_outbox(|outbox| outbox.waiting())?;
        let mut checked = BTreeSet::new();
        for &number in &numbers {
            let Some(pending) = recorder.with_outbox(|outbox| outbox.read(number))? else {
                continue;
            };
            self.check(&mut checked, pending.call).await?;
        }
        let mut replayed = Replayed::default();
        for number in numbers {
            // Read again, because all messages together may not fit in memory.
            let Some(pending) = recorder.with_outbox(|outbox| outbox.read(number))? else {
                continue;
            };
            let prepared = before(self, &pending).await;
            let Pending { message, call, .. } = pending;
            let (outbox, sent) = (outbox.clone(), number.cast_signed());
            self.run(move |_, cx| {
                // If the peer has disconnected, the answer is `Ended`.
                cx.peers().s_play(&outbox, sent, message);
            })
            .await?;
            match self.answer().await? {
                Answer::Done(done) if done == sent => {
                    recorder.with_outbox(|outbox| outbox.finish(number))?;
                    replayed.played += 1;
                }
                Answer::Refused(refused, reason) if refused == sent => {
                    recorder.with_outbox(|outbox| outbox.set_aside(number))?;
                    let reason = prepared.err().unwrap_or(reason);
                    replayed.refused.push(RefusedCall { number, call, reason });
                }
                _ => return Err(ReplayError::Unsupported),
            }
        }
        Ok(replayed)
    }

    /// Prepares the server's object for the next call. The meaning of `token` is the object's.
    ///
    /// # Errors
    /// The server rejects it, or the connection has ended.
    pub async fn prepare(&mut self, target: &str, token: i64) -> Result<(), ReplayError> {
        let target = target.to_owned();
        self.run(move |_, cx| {
            cx.peers().s_prepare(&target, token);
        })
        .await?;
        match self.answer().await? {
            Answer::Accepted => Ok(()),
            Answer::Rejected(reason) => Err(ReplayError::Rejected(reason)),
            _ => Err(ReplayError::Unsupported),
        }
    }

    /// Asks the server once whether it plays calls of an interface in the version of this call.
    async fn check(
        &mut self,
        checked: &mut BTreeSet<(String, String, String, i32, i64)>,
        call: RecordedCall,
    ) -> Result<(), ReplayError> {
        let RecordedCall { meeting, target, interface, version, hash, .. } = call;
        let meeting = meeting.map(|meeting| meeting.to_string()).unwrap_or_default();
        if !checked.insert((meeting.clone(), target.clone(), interface.clone(), version, hash)) {
            return Ok(());
        }
        self.run(move |_, cx| {
            cx.peers().s_check(&meeting, &target, &interface, version, hash);
        })
        .await?;
        match self.answer().await? {
            Answer::Accepted => Ok(()),
            Answer::Rejected(reason) => Err(ReplayError::Rejected(reason)),
            _ => Err(ReplayError::Unsupported),
        }
    }

    async fn run(
        &self,
        run: impl FnOnce(&mut Replay, &mut Context<Replay>) + Send + 'static,
    ) -> Result<(), ReplayError> {
        let ran = self.session.space().run_on(self.object, run);
        // The object exists while it is connected.
        ran.await.map_err(|_| ReplayError::Ended)
    }

    async fn answer(&mut self) -> Result<Answer, ReplayError> {
        match self.answers.recv().await {
            // A server without the part closes the object, but not the connection.
            Some(Answer::Ended) if !self.session.has_ended() => Err(ReplayError::Unsupported),
            None | Some(Answer::Ended) => Err(ReplayError::Ended),
            Some(answer) => Ok(answer),
        }
    }
}

impl<T> std::fmt::Debug for Replaying<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replaying").finish_non_exhaustive()
    }
}
