//! Joining a meeting again after its server was restarted, or after the meeting has moved to another server.

use std::time::Duration;

use psom::net::Backoff;
use tokio::time::{Instant, sleep};

use crate::{
    error::{CommandError, Result},
    terminal::out,
};

/// The time in which a command tries to join again. A server restarts within seconds, and an update of its machine
/// takes minutes.
const MAX_AWAY: Duration = Duration::from_secs(600);

/// The line for people when the connection is lost and the command joins again.
pub(crate) const REJOINING: &str = "The connection to the server was lost; joining again.";

/// Returns the error with which a connection has ended, unless joining again can succeed.
pub(crate) fn is_lost(ended: Result) -> Result<()> {
    match ended {
        Ok(()) | Err(CommandError::Unreachable(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Joins again until the server answers. Prints `line` and takes it, when the first attempt has failed or has
/// succeeded. Returns `None` if the server answers that the user cannot join: the meeting has ended, or the
/// link was valid for one connection.
pub(crate) async fn join_again<T>(
    line: &mut Option<&str>,
    mut join: impl AsyncFnMut() -> Result<T>,
) -> Result<Option<T>> {
    let (backoff, start) = (Backoff::default(), Instant::now());
    let mut failures = 0;
    // The delay is random, so that the clients of a meeting that has moved do not all come at once.
    sleep(backoff.delay(0)).await;
    loop {
        let joined = join().await;
        if !matches!(joined, Err(CommandError::Message(_)))
            && let Some(line) = line.take()
        {
            out::line(line)?;
        }
        match joined {
            Ok(joined) => return Ok(Some(joined)),
            Err(CommandError::Message(why)) => {
                tracing::debug!(why, "cannot join again");
                return Ok(None);
            }
            Err(CommandError::Unreachable(_)) if start.elapsed() < MAX_AWAY => {
                sleep(backoff.delay(failures)).await;
                failures += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meeting_that_has_moved_is_joined_again() {
        let moved = psom::Error::PeerBroke("moved".to_owned());
        assert!(is_lost(Err(moved.into())).is_ok());
        let removed = psom::Error::PeerBroke("the organizer has removed you".to_owned());
        assert!(is_lost(Err(removed.into())).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn unreachable_server_is_tried_again() {
        let mut attempts = 0;
        let mut line = Some("lost");
        let joined = join_again(&mut line, async || {
            attempts += 1;
            let gone = || CommandError::Unreachable("gone".to_owned());
            if attempts < 5 { Err(gone()) } else { Ok(attempts) }
        });
        assert!(matches!(joined.await, Ok(Some(5))));
        assert_eq!(line, None, "the line is printed once");
    }

    #[tokio::test(start_paused = true)]
    async fn refusal_ends_the_attempts() {
        let mut line = Some("lost");
        let join = async || Err::<(), _>(CommandError::new("no such meeting"));
        assert!(matches!(join_again(&mut line, join).await, Ok(None)));
        assert_eq!(line, Some("lost"), "nothing is printed");
    }

    #[tokio::test(start_paused = true)]
    async fn server_that_stays_away_is_an_error() {
        let start = Instant::now();
        let gone = || CommandError::Unreachable("gone".to_owned());
        let joined = join_again(&mut None, async || Err::<(), _>(gone())).await;
        assert!(matches!(joined, Err(CommandError::Unreachable(_))));
        assert!(start.elapsed() < MAX_AWAY * 2);
    }
}
