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

/// The SIGHUPs of this process, by which other programs say that files have changed. Other systems have none.
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
