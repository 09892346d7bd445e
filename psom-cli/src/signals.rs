//! SIGINT, SIGTERM and SIGHUP.

use crate::error::{OrCannot as _, Result};

/// The exit status of a program that was interrupted: 128 plus the number of SIGINT, as in shells.
pub(crate) const INTERRUPTED_STATUS: u8 = 130;

/// Returns a future that completes at SIGINT, or at SIGTERM on Unix. Signals are caught from the
/// call on, not only while the future is awaited.
pub(crate) fn interrupted() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let catch = |kind| signal(kind).or_cannot("catch signals");
        let (mut interrupt, mut terminate) =
            (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// A receiver of this process's SIGHUPs, which other programs send when files have changed. Systems other
/// than Unix have no SIGHUP.
pub(crate) struct HangUps(#[cfg(unix)] tokio::signal::unix::Signal);

impl HangUps {
    /// Catches the signal from here on, so that it does not end the process.
    pub(crate) fn catch() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self(signal(SignalKind::hangup()).or_cannot("catch signals")?))
        }
        #[cfg(not(unix))]
        Ok(Self())
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        self.0.recv().await;
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}

/// Returns a future that completes at SIGHUP, which a terminal sends when it is closed. It never completes if
/// this program was started to ignore the signal, as by `nohup`.
pub(crate) fn hung_up() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    // Without unsafe code, a program can read its ignored signals only on Linux.
    let is_ignored =
        ignores_hangup(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    #[cfg(not(unix))]
    let is_ignored = true;
    let hang_ups = if is_ignored { None } else { Some(HangUps::catch()?) };
    Ok(async {
        match hang_ups {
            Some(mut hang_ups) => hang_ups.next().await,
            None => std::future::pending().await,
        }
    })
}

/// Reads the mask of ignored signals in the status of a process. SIGHUP is the lowest bit.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn the_mask_shows_whether_hangups_are_ignored() {
        assert!(ignores_hangup("Name:\tpsom\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"));
        assert!(!ignores_hangup("SigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
