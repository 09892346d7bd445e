//! Permissions that expire while nobody asks for new ones.

use std::{sync::Weak, time::Duration};

use tokio::time::sleep;

use crate::app::App;

/// The time between two searches for expired permissions. Their lifetimes are minutes.
const SEARCH_INTERVAL: Duration = Duration::from_secs(15);

/// Removes expired join tokens, and expired permissions of browsers, until the server ends. A request for a new one
/// removes them as well. Without this search, those of a busy hour would keep their memory in the quiet time after it.
pub(super) async fn remove_expired(app: Weak<App>) {
    loop {
        sleep(SEARCH_INTERVAL).await;
        let Some(app) = app.upgrade() else { return };
        app.tokens.remove_expired();
        app.library.transfers.remove_expired();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use psom_objects::types::Role;

    use super::*;
    use crate::{
        admission::tokens::{TOKEN_LIFETIME, TokenSource},
        testing::{self, Directory},
    };

    #[tokio::test(start_paused = true)]
    async fn expired_tokens_are_removed_while_nobody_asks_for_new_ones() {
        let directory = Directory::new();
        let app = testing::app(&directory);
        let meeting = app.create_meeting(None, None).await.unwrap();
        let (uri, name) = ("sip:ada", "Ada");
        app.admit(&meeting, TokenSource::Administrator, uri, name, Role::Attendee).await.unwrap();
        let searching = tokio::spawn(remove_expired(Arc::downgrade(&app)));
        sleep(TOKEN_LIFETIME.saturating_sub(SEARCH_INTERVAL)).await;
        assert_eq!(app.tokens.unredeemed(), 1);
        sleep(2 * SEARCH_INTERVAL).await;
        assert_eq!(app.tokens.unredeemed(), 0);
        searching.abort();
    }
}
