//! A server in its own directory, and commands of its users.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::renderer::renderer;

pub(crate) fn psom(directory: &Path) -> Command {
    // `psom` finds it beside itself.
    renderer();
    let mut psom = Command::new(env!("CARGO_BIN_EXE_psom"));
    psom.current_dir(directory)
        .env_remove("PSOM_LOG")
        .env_remove("PSOM_LINK")
        .env_remove("PSOM_AS")
        .env("RUST_LOG", "error");
    psom.env("XDG_STATE_HOME", directory.join("state"));
    psom
}

/// A program that runs until it is interrupted.
pub(crate) struct Running {
    pub child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    pub(crate) fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// Reads until a line contains all parts.
    pub(crate) fn until(&mut self, parts: &[&str]) -> String {
        let has_all = |line: &String| parts.iter().all(|part| line.contains(part));
        self.lines.by_ref().map(Result::unwrap).find(has_all).unwrap()
    }

    pub(crate) fn interrupt(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Stage {
    pub directory: TempDir,
    /// The demo's link for a presenter, and the one for an attendee.
    pub link: String,
    pub guests: String,
    /// The addresses at which a browser joins: as an organizer, a presenter, and an attendee.
    pub pages: [String; 3],
    pub server: Running,
}

impl Stage {
    pub(crate) fn open(options: &[&str]) -> Self {
        Self::open_with_log(options, "error")
    }

    /// Starts a server whose log in `server.log` has more than errors.
    pub(crate) fn open_with_log(options: &[&str], log: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut serve = psom(directory.path());
        serve.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        serve.stderr(File::create(directory.path().join("server.log")).unwrap());
        let mut server = Running::start(serve.env("RUST_LOG", log).args(options));
        // The links are printed when the server is ready.
        let mut links = || {
            ["organizer", "presenter", "attendee"].map(|role| {
                let line = server.line();
                line.strip_prefix(role).unwrap().trim().to_owned()
            })
        };
        let (pages, [_, link, guests]) = (links(), links());
        Self { directory, link, guests, pages, server }
    }

    /// Stops the server and starts it again at the same addresses.
    pub(crate) fn restart(&mut self) {
        let mut serve = self.serve_again();
        let id = self.server.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        assert!(self.server.child.wait().unwrap().success());
        self.server = Running::start(&mut serve);
        // The links are printed when the server is ready.
        self.server.line();
    }

    /// Kills the server and starts it again at the same addresses.
    pub(crate) fn kill_and_restart(&mut self) {
        let mut serve = self.serve_again();
        self.server.child.kill().unwrap();
        self.server.child.wait().unwrap();
        self.server = Running::start(&mut serve);
        self.server.line();
    }

    /// Returns the command that starts the server at the same addresses.
    fn serve_again(&self) -> Command {
        let text = fs::read_to_string(self.file("psom-data/server.json")).unwrap();
        let running: serde_json::Value = serde_json::from_str(&text).unwrap();
        let psom_address = running["psom"].as_str().unwrap();
        let http = running["http"].as_str().unwrap().split_once("://").unwrap().1;
        let mut serve = psom(self.directory.path());
        serve.args(["serve", "--demo", "--listen", psom_address, "--http", http]);
        serve
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        psom(self.directory.path()).args(arguments).output().unwrap()
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs a command that fails, and returns its error line.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("error: ") && errors.lines().count() == 1, "{errors:?}");
        errors
    }

    pub(crate) fn invite(&self, name: &str, role: &str) -> String {
        self.ok(&["invite", "team", "--name", name, "--role", role])
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(psom(self.directory.path()).args(arguments))
    }

    /// Waits until the log of the server has this many lines with a text, and returns them.
    pub(crate) fn wait_for_log(&self, text: &str, count: usize) -> Vec<String> {
        loop {
            let log = fs::read_to_string(self.file("server.log")).unwrap();
            let lines: Vec<_> = log.lines().filter(|line| line.contains(text)).collect();
            if lines.len() >= count {
                return lines.into_iter().map(str::to_owned).collect();
            }
            std::thread::yield_now();
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A folder for commands that need no server.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn put(&self, name: &str, data: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), data).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap()
    }

    /// Returns the names of all files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut psom = Command::new(env!("CARGO_BIN_EXE_psom"));
        psom.current_dir(self.0.path()).args(arguments);
        psom.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut psom = psom.spawn().unwrap();
        // A program that refuses its arguments does not read.
        let _ = psom.stdin.take().unwrap().write_all(input);
        psom.wait_with_output().unwrap()
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, b"")
    }

    pub(crate) fn ok_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let output = self.run(arguments, input);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && errors.is_empty(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that exits with 1. Returns its output and its error.
    pub(crate) fn fails(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments, b"");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors.lines().count(), 1, "{errors}");
        let why = errors.strip_prefix("error: ").unwrap().trim_end().to_owned();
        (String::from_utf8(output.stdout).unwrap(), why)
    }
}
