//! The process that draws, as seen by the process that waits for its pages.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use super::{draw, frame::Frame, limits::MAX_MEMORY_BYTES};
use crate::{
    error::{OrCannot, Result},
    slides::{deck::ConvertOptions, picture::Picture},
};

/// The hidden command of the program that draws.
pub const COMMAND: &str = "draw-pages";

/// A process that draws the pages of a PDF. Dropping it ends the process.
///
/// A PDF decides how much memory and time its pages take, and the renderer aborts the process if an
/// allocation fails. Another process can be limited and ended.
pub struct Renderer {
    frames: Receiver<io::Result<(Frame, Picture)>>,
    process: Option<Child>,
}

impl Renderer {
    /// Starts to draw the pages of a PDF.
    pub fn start(pdf: File, options: &ConvertOptions) -> Result<Self> {
        let (sender, frames) = sync_channel(1);
        let (size, quality) = (options.size, options.quality);
        let process = match &options.program {
            Some(program) => {
                let mut process = Command::new(program)
                    .arg(COMMAND)
                    .args(["--size", &size.to_string(), "--quality", &quality.to_string()])
                    .args(["--page-seconds", &options.page_timeout.as_secs().to_string()])
                    .args(["--memory-mib", &(MAX_MEMORY_BYTES >> 20).to_string()])
                    .stdin(pdf)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .or_cannot("start drawing")?;
                let output = process.stdout.take();
                thread::spawn(move || output.into_iter().for_each(|it| forward(it, &sender)));
                Some(process)
            }
            None => {
                let (output, input) = io::pipe().or_cannot("start drawing")?;
                // A page can keep the thread busy forever, so it is never joined.
                draw::in_thread(move || draw::draw(pdf, input, size, quality))
                    .or_cannot("start drawing")?;
                thread::spawn(move || forward(output, &sender));
                None
            }
        };
        Ok(Self { frames, process })
    }

    /// The messages, until the process ends.
    pub fn frames(&self) -> &Receiver<io::Result<(Frame, Picture)>> {
        &self.frames
    }

    /// Returns why the process has ended before it has drawn everything, to complete "the page cannot
    /// be drawn".
    pub fn why_ended(&mut self) -> String {
        let status = self.process.as_mut().and_then(|process| process.wait().ok());
        status.map_or("the renderer failed", reason).to_owned()
    }
}

/// Returns what the end of a process says about the page.
#[cfg(unix)]
fn reason(status: ExitStatus) -> &'static str {
    use std::os::unix::process::ExitStatusExt;
    /// The numbers of signals, the same on all systems with this family.
    const ABORT: i32 = 6;
    const KILL: i32 = 9;
    const SEGMENTATION_FAULT: i32 = 11;
    const PROCESSOR_TIME: i32 = 24;
    match status.signal() {
        // An allocation beyond the limit aborts, and so does an overflow of the stack. The system
        // kills if it has no memory itself.
        Some(ABORT | KILL | SEGMENTATION_FAULT) => "it needs too much memory",
        Some(PROCESSOR_TIME) => "it takes too long",
        _ => "the renderer failed",
    }
}

#[cfg(not(unix))]
fn reason(_: ExitStatus) -> &'static str {
    "the renderer failed, perhaps for lack of memory"
}

/// Passes messages on until the process ends or the receiver is gone.
fn forward(output: impl Read, sender: &SyncSender<io::Result<(Frame, Picture)>>) {
    let mut output = BufReader::new(output);
    loop {
        let frame = Frame::read(&mut output);
        let is_last = frame.is_err();
        if sender.send(frame).is_err() || is_last {
            return;
        }
    }
}

impl Drop for Renderer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // Both fail only if the process has ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn the_end_of_the_process_explains_what_is_wrong() {
        for (signal, why) in [
            (6, "it needs too much memory"),
            (9, "it needs too much memory"),
            (11, "it needs too much memory"),
            (24, "it takes too long"),
            (15, "the renderer failed"),
        ] {
            assert_eq!(reason(ExitStatus::from_raw(signal)), why);
        }
        assert_eq!(reason(ExitStatus::from_raw(0)), "the renderer failed");
    }
}
