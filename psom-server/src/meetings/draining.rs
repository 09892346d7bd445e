//! A node of a cluster that hands its meetings over to others, for example before an update.

use std::sync::{Arc, atomic::Ordering};

use futures_util::{StreamExt as _, stream};

use super::{registry::Meetings, running_meeting::RunningMeeting};
use crate::store;

/// Meetings that are handed over at the same time. Each waits for its last commit, and they share the commits.
const HAND_OVERS_AT_ONCE: usize = 8;

impl Meetings {
    /// Makes this node accept no meetings from here on, and returns the number of those to hand over.
    ///
    /// # Errors
    /// The store has failed.
    pub(crate) async fn start_draining(&self) -> Result<usize, store::Error> {
        self.store.set_draining(true).await?;
        self.is_draining.store(true, Ordering::Relaxed);
        Ok(self.all().len())
    }

    /// Hands all meetings over to the nodes with the fewest. Their clients get a Break with the reason
    /// "moved" and join again. Without another node, the meetings stay. Returns the number of meetings that
    /// were handed over.
    pub(crate) async fn drain(&self) -> usize {
        let handing = stream::iter(self.all()).map(|meeting| self.hand_over(meeting));
        let handed = handing.buffer_unordered(HAND_OVERS_AT_ONCE);
        handed.filter(|is_handed| std::future::ready(*is_handed)).count().await
    }

    /// Hands a meeting over after its last commit. Returns `false` if it stays.
    async fn hand_over(&self, meeting: Arc<RunningMeeting>) -> bool {
        let id = &meeting.id;
        let _changing = self.changing.lock(id).await;
        // The clients get the answers to everything that they have sent so far. A meeting that is stuck is
        // handed over without them.
        meeting.flush().await;
        let handed = async {
            let Some(other) = self.store.other_node().await? else { return Ok(None) };
            self.store.hand_over(id, Some(&other.node)).await?;
            Ok::<_, store::Error>(Some(other.node))
        };
        match handed.await {
            Ok(Some(to)) => {
                self.drop_moved(&meeting).await;
                tracing::info!(meeting = id, to, "handed a meeting over");
                true
            }
            Ok(None) => {
                tracing::warn!(meeting = id, "no other node can take the meeting over");
                false
            }
            Err(error) => {
                tracing::warn!(meeting = id, %error, "could not hand a meeting over");
                false
            }
        }
    }
}
