//! Single keys from the terminal, without Enter.

use std::{
    io::{self, IsTerminal as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossterm::{
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::out;
use crate::error::{OrCannot as _, Result};

/// The interval at which the thread that waits for keys checks whether it is still needed.
const STOP_INTERVAL: Duration = Duration::from_millis(100);

/// The keys that a user presses. While this exists, the terminal shows none of them and sends no signal
/// for Ctrl-C, which is a key like the others.
pub(crate) struct Keys {
    keys: UnboundedReceiver<KeyEvent>,
    is_stopped: Arc<AtomicBool>,
}

impl Keys {
    /// Starts reading keys. Returns `None` if no user is at a terminal, or if the program runs in the
    /// background of one.
    pub(crate) fn open() -> Result<Option<Self>> {
        let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if !has_terminal || !is_in_foreground() {
            return Ok(None);
        }
        enable_raw_mode().or_cannot("read keys from the terminal")?;
        out::set_raw(true);
        let (sender, keys) = unbounded_channel();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&is_stopped);
        thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match event::poll(STOP_INTERVAL) {
                    Ok(false) => continue,
                    Ok(true) => {}
                    Err(_) => return,
                }
                match event::read() {
                    Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                        let _ = sender.send(key);
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        });
        Ok(Some(Self { keys, is_stopped }))
    }

    /// Waits for the next key. Never completes if the terminal is gone.
    pub(crate) async fn next(&mut self) -> KeyEvent {
        match self.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // If this fails, the terminal is gone.
        let _ = disable_raw_mode();
        out::set_raw(false);
    }
}

/// Reports whether a key is Ctrl-C or Ctrl-D, which end programs.
pub(crate) fn is_end(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL)
        && matches!(key.code, KeyCode::Char('c' | 'd' | 'C' | 'D'))
}

/// Reports whether this program may use the terminal. One in the background is stopped when it changes
/// the mode of the terminal.
#[cfg(unix)]
fn is_in_foreground() -> bool {
    let foreground = rustix::termios::tcgetpgrp(rustix::stdio::stdin());
    foreground.is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_in_foreground() -> bool {
    true
}
