//! The program `psom-render`, which decodes and draws pictures within limits of memory and time.
//!
//! The memory and the time that a PDF or a picture needs depend on its content, and an allocation that
//! fails aborts the process. A separate process can be limited and ended. It is a separate program because
//! building the libraries that draw would add a third to the build time of `psom`.

use std::{
    env::{self, consts::EXE_SUFFIX},
    ffi::OsStr,
    fs::File,
    io::{self, BufReader, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use psom_render::{Frame, PROGRAM, Picture};

use crate::error::{CommandError, OrCannot as _, Result};

/// Finds the program: beside this program, or in the directories of a search path.
pub(crate) fn find(search_path: &OsStr) -> Result<PathBuf> {
    let name = format!("{PROGRAM}{EXE_SUFFIX}");
    let own = env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    let mut directories = beside.into_iter().chain(env::split_paths(search_path));
    let found = directories.find_map(|it| Some(it.join(&name)).filter(|file| file.is_file()));
    found.ok_or_else(|| {
        CommandError::new(format!(
            "this needs the program {PROGRAM}, which draws pictures and is installed separately; \
             run `cargo install --path {PROGRAM}` in the source code of psom"
        ))
    })
}

/// Finds the program: beside this program, or in the directories of `PATH`.
pub(crate) fn find_installed() -> Result<PathBuf> {
    find(&env::var_os("PATH").unwrap_or_default())
}

/// Draws an SVG as a PNG, in a process with limits.
pub(crate) async fn png(program: PathBuf, svg: String) -> Result<Vec<u8>> {
    let drawing = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile().or_cannot("make a temporary file")?;
        file.write_all(svg.as_bytes()).or_cannot("write a temporary file")?;
        file.rewind().or_cannot("read a temporary file")?;
        let drawn = one(&program, "svg", file)?;
        drawn
            .map(|(_, picture)| picture.jpeg)
            .map_err(|why| CommandError::new(format!("the picture cannot be drawn as PNG ({why})")))
    });
    drawing.await?
}

/// A running `psom-render`. Dropping it ends the process.
pub(crate) struct Renderer {
    frames: Receiver<io::Result<(Frame, Picture)>>,
    process: Child,
}

impl Renderer {
    /// Starts the program with these arguments. It reads the file.
    pub(crate) fn start(program: &Path, arguments: &[&str], file: File) -> Result<Self> {
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .or_cannot(format_args!("start {}", program.display()))?;
        let output = process.stdout.take();
        let (sender, frames) = sync_channel(1);
        thread::spawn(move || output.into_iter().for_each(|it| forward(it, &sender)));
        Ok(Self { frames, process })
    }

    /// The messages, until the process ends.
    pub(crate) fn frames(&self) -> &Receiver<io::Result<(Frame, Picture)>> {
        &self.frames
    }

    /// Returns why the process has ended before it has drawn everything, to complete "the page cannot
    /// be drawn".
    pub(crate) fn why_ended(&mut self) -> String {
        self.process.wait().map_or("the renderer failed", reason).to_owned()
    }
}

/// Returns why the process has ended, as a statement about the page.
#[cfg(unix)]
fn reason(status: ExitStatus) -> &'static str {
    use std::os::unix::process::ExitStatusExt as _;
    /// The numbers of signals. They are the same on all Unix systems.
    const ABORT: i32 = 6;
    const KILL: i32 = 9;
    const SEGMENTATION_FAULT: i32 = 11;
    const PROCESSOR_TIME: i32 = 24;
    match status.signal() {
        // A process aborts at an allocation beyond its limit and at an overflow of the stack. The system
        // kills a process if the machine has no free memory.
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
        // Both fail only if the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the program on a file and returns the one picture that it makes. Blocks. The inner error is the
/// reason why the picture cannot be drawn.
pub(crate) fn one(
    program: &Path,
    command: &str,
    file: File,
) -> Result<Result<(Frame, Picture), String>> {
    let mut renderer = Renderer::start(program, &[command], file)?;
    Ok(match renderer.frames().recv() {
        Ok(Ok((Frame::Undrawable { why }, _))) => Err(why),
        Ok(Ok(frame)) => Ok(frame),
        _ => Err(renderer.why_ended()),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

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
