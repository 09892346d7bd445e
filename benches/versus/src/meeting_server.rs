//! A real server with its store, in a process of its own, and one meeting on it.
//!
//! The process prints one line when the server is ready. For each line `N` that it reads, it admits N users
//! and prints their join links. It ends at the end of its input.

use std::{
    fs,
    io::BufRead as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, SystemTime},
};

use psom_client::JoinLink;
use psom_objects::types::Role;
use psom_server::{Durability, Options, Server};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::sleep,
};

use crate::{
    Result,
    process::{cpu_time, written_bytes},
};

const MEETING: &str = "versus";

/// The time without work after which the server has settled.
const QUIET_TIME: Duration = Duration::from_millis(200);

/// The CPU time in [`QUIET_TIME`] that counts as none: an idle server answers pings.
const QUIET_CPU: Duration = Duration::from_micros(500);

/// Serves until the input ends.
pub async fn run(durability: &str, directory: &Path) -> Result<()> {
    let durability = match durability {
        "process" => Durability::Process,
        "full" => Durability::Full,
        other => return Err(format!("unknown durability {other}").into()),
    };
    let mut options = Options { durability, data: directory.into(), ..Options::default() };
    (options.listen, options.http) = ("127.0.0.1:0".into(), "127.0.0.1:0".into());
    let server = Server::start(options).await?;
    server.create_meeting(MEETING, None).await?;
    println!("ready");
    let (lines, mut received) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin()
            .lock()
            .lines()
            .map_while(std::io::Result::ok)
            .all(|it| lines.send(it).is_ok())
    });
    let mut admitted = 0;
    while let Some(line) = received.recv().await {
        for _ in 0..line.parse::<usize>()? {
            admitted += 1;
            let (uri, name) =
                (format!("sip:user{admitted}@example.com"), format!("User {admitted}"));
            println!("{}", server.admit(MEETING, &uri, &name, Role::Organizer).await?);
        }
    }
    server.shutdown(Duration::from_secs(1)).await;
    Ok(())
}

/// The process of a server, as the clients see it. Its data is in a folder that is removed at the end.
pub struct MeetingServer {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    pub directory: PathBuf,
}

impl MeetingServer {
    pub async fn start(durability: &str) -> Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
        let directory = std::env::temp_dir().join(format!("psom-versus-{now}"));
        fs::create_dir(&directory)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["meeting", durability]).arg(&directory).kill_on_drop(true);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut server = Self { process, input, output, directory };
        if server.output.next_line().await?.as_deref() != Some("ready") {
            return Err("the server could not start".into());
        }
        Ok(server)
    }

    /// Admits users, and returns their links.
    pub async fn admit(&mut self, count: usize) -> Result<Vec<JoinLink>> {
        self.input.write_all(format!("{count}\n").as_bytes()).await?;
        let mut links = Vec::new();
        while links.len() < count {
            links.push(self.output.next_line().await?.ok_or("the server has ended")?.parse()?);
        }
        Ok(links)
    }

    fn id(&self) -> Result<String> {
        Ok(self.process.id().ok_or("the server has ended")?.to_string())
    }

    pub fn cpu(&self) -> Result<Duration> {
        cpu_time(&self.id()?)
    }

    pub fn written_bytes(&self) -> Result<u64> {
        written_bytes(&self.id()?)
    }

    /// Waits until the server has done everything that it can do now. Returns its CPU time.
    pub async fn settled(&self) -> Result<Duration> {
        let mut before = self.cpu()?;
        loop {
            sleep(QUIET_TIME).await;
            let now = self.cpu()?;
            if now.saturating_sub(before) < QUIET_CPU {
                return Ok(now);
            }
            before = now;
        }
    }

    /// Stops the server and removes its data.
    pub async fn stop(self) -> Result<()> {
        let Self { mut process, input, output: _output, directory } = self;
        drop(input);
        process.wait().await?;
        Ok(fs::remove_dir_all(directory)?)
    }
}
