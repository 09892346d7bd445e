//! Joining a meeting again after its server was restarted, or after the meeting has moved to another server.

use std::time::Duration;

use psom::net::Backoff;
use tokio::time::{Instant, sleep};

use crate::{
    error::{CommandError, Result},
    terminal::out,
};

/// The time in which a command that runs until it is stopped tries to join again. A server restarts within seconds,
/// and an update of its machine takes minutes.
const MAX_AWAY: Duration = Duration::from_secs(600);

/// The time in which a command that performs one action tries to join again. A meeting whose server has died
/// continues on another server within 10 s.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The line for people when the connection is lost and the command joins again.
pub(crate) const REJOINING: &str = "The connection to the server was lost; joining again.";

/// Returns the error with which a connection has ended, unless joining again can succeed.
pub(crate) fn is_lost(ended: Result) -> Result<()> {
    match ended {
        Ok(()) | Err(CommandError::Unreachable(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Runs the part of a command that takes place in a meeting, and returns the meeting with its result. If the
/// connection is lost, for example because the meeting has moved to another server, joins again and runs it
/// again. The earlier run can have succeeded although its answer is lost, so `run` checks what is already done.
/// A command that has failed for another reason is not repeated.
///
/// # Errors
/// The error of `run`, or that of joining again.
pub(crate) async fn repeat<M, T>(
    mut meeting: M,
    mut join: impl AsyncFnMut() -> Result<M>,
    mut run: impl AsyncFnMut(&mut M) -> Result<T>,
) -> Result<(M, T)> {
    let mut first_loss = None;
    loop {
        let why = match run(&mut meeting).await {
            Err(CommandError::Unreachable(why)) => why,
            result => return Ok((meeting, result?)),
        };
        let first_loss = *first_loss.get_or_insert_with(|| {
            out::note(REJOINING);
            Instant::now()
        });
        let left = MAX_PAUSE.saturating_sub(first_loss.elapsed());
        if left.is_zero() {
            return Err(CommandError::Unreachable(why));
        }
        let joined = join_within(left, &mut None, &mut join).await?;
        meeting = joined.ok_or(CommandError::Unreachable(why))?;
    }
}

/// Joins a meeting whose server has answered but could not be joined, for example because the meeting is moving to
/// another server. `why` is the error of the first attempt, which is printed, because the user has to wait.
///
/// # Errors
/// The last error, if no server can be joined in time.
pub(crate) async fn join_moving<M>(why: String, join: impl AsyncFnMut() -> Result<M>) -> Result<M> {
    out::note(&format!("The meeting cannot be joined at the moment ({why}); trying again."));
    let joined = join_within(MAX_PAUSE, &mut None, join).await?;
    joined.ok_or(CommandError::Unreachable(why))
}

/// Joins again until the server answers. Prints `line` and takes it, when the first attempt has failed or has
/// succeeded. Returns `None` if the server answers that the user cannot join: the meeting has ended, or the
/// link was valid for one connection.
pub(crate) async fn join_again<T>(
    line: &mut Option<&str>,
    join: impl AsyncFnMut() -> Result<T>,
) -> Result<Option<T>> {
    join_within(MAX_AWAY, line, join).await
}

async fn join_within<T>(
    limit: Duration,
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
            Err(CommandError::Unreachable(_)) if start.elapsed() < limit => {
                sleep(backoff.delay(failures)).await;
                failures += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn meeting_that_has_moved_is_joined_again() {
        let moved = psom::Error::PeerBroke("moved".to_owned());
        assert!(is_lost(Err(moved.into())).is_ok());
        let removed = psom::Error::PeerBroke("the organizer has removed you".to_owned());
        assert!(is_lost(Err(removed.into())).is_err());
    }

    fn gone() -> CommandError {
        CommandError::Unreachable("gone".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn command_that_loses_its_connection_is_repeated() {
        let (mut joins, mut runs) = (0, Vec::new());
        let join = async || {
            joins += 1;
            // A server that does not answer yet is asked again.
            if joins % 2 == 1 { Err(gone()) } else { Ok(joins) }
        };
        let run = async |meeting: &mut i32| {
            runs.push(*meeting);
            if runs.len() < 3 { Err(gone()) } else { Ok("done") }
        };
        let (meeting, done) = repeat(0, join, run).await.unwrap();
        assert_eq!((meeting, done), (4, "done"));
        assert_eq!(runs, [0, 2, 4], "each run is in a meeting that was joined again");
    }

    #[tokio::test(start_paused = true)]
    async fn refused_command_is_not_repeated() {
        let mut runs = 0;
        let join = async || unreachable!("it joins once");
        let run = async |(): &mut ()| {
            runs += 1;
            Err::<(), _>(CommandError::new("you may not do this"))
        };
        assert!(matches!(repeat((), join, run).await, Err(CommandError::Message(_))));
        assert_eq!(runs, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn command_that_loses_every_connection_ends() {
        let start = Instant::now();
        let run = async |(): &mut ()| {
            sleep(Duration::from_secs(1)).await;
            Err::<(), _>(gone())
        };
        let ended = repeat((), async || Ok(()), run).await;
        assert!(matches!(ended, Err(CommandError::Unreachable(_))));
        assert!(start.elapsed() < MAX_PAUSE * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn command_whose_link_is_no_longer_valid_reports_the_loss() {
        let join = async || Err(CommandError::new("this invitation is unknown"));
        let run = async |(): &mut ()| Err::<(), _>(gone());
        let ended = repeat((), join, run).await;
        assert!(matches!(ended, Err(CommandError::Unreachable(why)) if why == "gone"));
    }

    #[tokio::test(start_paused = true)]
    async fn unreachable_server_is_tried_again() {
        let mut attempts = 0;
        let mut line = Some("lost");
        let joined = join_again(&mut line, async || {
            attempts += 1;
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
        let joined = join_again(&mut None, async || Err::<(), _>(gone())).await;
        assert!(matches!(joined, Err(CommandError::Unreachable(_))));
        assert!(start.elapsed() < MAX_AWAY * 2);
    }
}
