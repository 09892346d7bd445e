//! Meetings that have had no users for a while leave memory. They come back when somebody asks for them.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::sleep;

use super::{
    registry::{Meetings, UnloadedMeeting},
    running_meeting::RunningMeeting,
};

/// The number of searches for unused meetings in the time after which they leave memory.
const SEARCHES_PER_IDLE_TIME: u32 = 8;

/// The shortest time between two searches. A search asks each meeting for the number of its connections.
const MIN_SEARCH_INTERVAL: Duration = Duration::from_millis(100);

/// Unloads unused meetings until the registry is dropped. A time of 0 means never.
pub(crate) async fn unload_unused(meetings: Weak<Meetings>, idle_time: Duration) {
    if idle_time.is_zero() {
        return;
    }
    let interval = (idle_time / SEARCHES_PER_IDLE_TIME).max(MIN_SEARCH_INTERVAL);
    loop {
        sleep(interval).await;
        let Some(meetings) = meetings.upgrade() else { return };
        for meeting in meetings.all() {
            if meeting.connections().await.is_none_or(|connections| connections > 0) {
                // A meeting that does not answer is left alone as well.
                meeting.touch();
            } else if meeting.idle_time() >= idle_time {
                meetings.unload(&meeting, idle_time).await;
            }
        }
    }
}

impl Meetings {
    /// Removes a meeting without users from memory. In a cluster, it has no owner from here on.
    pub(crate) async fn unload(&self, meeting: &Arc<RunningMeeting>, idle_time: Duration) {
        let id = &meeting.id;
        let _changing = self.changing.lock(id).await;
        let is_current = self.get(id).is_some_and(|current| Arc::ptr_eq(&current, meeting));
        if !is_current || !meeting.is_running() || !meeting.flush().await {
            return;
        }
        let Some(summary) = meeting.summary().await else { return };
        let unloaded = UnloadedMeeting {
            stored: meeting.stored(),
            contents: summary.contents.len(),
            files: meeting.files.clone(),
        };
        {
            let mut table = self.table();
            // A person who has begun to join has used the meeting.
            if meeting.idle_time() < idle_time || !summary.users.is_empty() {
                return;
            }
            table.running.remove(id);
            if !self.store.is_shared() {
                table.unloaded.insert(id.clone(), unloaded);
            }
        }
        if self.store.is_shared() {
            (self.hooks.gone)(id);
            if let Err(error) = self.store.hand_over(id, None).await {
                tracing::warn!(meeting = id, %error, "could not give up a meeting");
            }
            meeting.end_as_moved().await;
        } else {
            meeting.close().await;
        }
        tracing::info!(meeting = id, "unloaded a meeting without users");
    }
}
