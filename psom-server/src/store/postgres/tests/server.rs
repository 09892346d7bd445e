//! A PostgreSQL server of the tests: found on the machine, started in a temporary directory, and reached
//! through a Unix socket.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// The user as which the server runs if the tests run as root, which PostgreSQL refuses: `nobody`.
const UNPRIVILEGED_USER: u32 = 65534;

/// A script that restarts the server whenever it ends. The script stops when its standard input
/// ends, so that it stops however the process of the tests ends.
const SUPERVISOR: &str = r#"
    (while [ ! -e "$2/stop" ]; do
        "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c shared_buffers=16MB \
            -c max_connections=200 >>"$2/log" 2>&1
    done) &
    read -r _
    touch "$2/stop"
    kill -INT "$(head -n 1 "$2/data/postmaster.pid")"
    wait
    rm -rf "$2"
"#;

/// A running server.
pub(crate) struct PostgresServer {
    directory: PathBuf,
    binaries: PathBuf,
    _supervisor: Child,
}

/// Returns the server that the tests of this process share. Without PostgreSQL, prints that tests
/// are skipped and returns `None`.
pub(crate) fn shared_server() -> Option<&'static PostgresServer> {
    static SERVER: LazyLock<Option<PostgresServer>> = LazyLock::new(PostgresServer::start);
    SERVER.as_ref()
}

impl PostgresServer {
    /// Starts a server. Without PostgreSQL, prints that tests are skipped and returns `None`.
    pub(crate) fn start() -> Option<Self> {
        let Some(binaries) = find_binaries() else {
            eprintln!("SKIPPED: no PostgreSQL 15 or later; install the package `postgresql`");
            return None;
        };
        let directory = TempDir::with_prefix("psom-postgres-").unwrap().keep();
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
            use std::os::unix::fs::MetadataExt as _;
            own.uid() == 0
        });
        if is_root {
            let nobody = Some(UNPRIVILEGED_USER);
            std::os::unix::fs::chown(&directory, nobody, nobody).unwrap();
        }
        let command = |program: &Path| {
            use std::os::unix::process::CommandExt as _;
            let mut command = Command::new(program);
            command.current_dir(&directory);
            if is_root {
                command.uid(UNPRIVILEGED_USER).gid(UNPRIVILEGED_USER);
            }
            command
        };
        let created = command(&binaries.join("initdb"))
            .args(["-U", "psom", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D"])
            .arg(directory.join("data"))
            .output()
            .unwrap();
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
        let supervisor = command(Path::new("/bin/sh"))
            .args(["-c", SUPERVISOR, "sh"])
            .args([&binaries, &directory])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { directory, binaries, _supervisor: supervisor };
        server.wait_until_ready();
        Some(server)
    }

    /// Waits until the server accepts connections.
    pub(crate) fn wait_until_ready(&self) {
        let is_ready = || {
            let mut command = Command::new(self.binaries.join("pg_isready"));
            command.arg("-h").arg(&self.directory).stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        while !is_ready() {
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Creates an empty database, and returns its URL.
    pub(crate) fn create_database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Returns the URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://psom@{socket}/{database}")
    }

    /// Runs statements in a database, and returns the values in the rows, without columns.
    pub(crate) fn execute(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.binaries.join("psql"))
            .args(["-U", "psom", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database])
            .arg("-h")
            .arg(&self.directory)
            .args(["-c", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Returns the ID of the server's process while it runs.
    fn process(&self) -> Option<String> {
        let pid = fs::read_to_string(self.directory.join("data/postmaster.pid")).ok()?;
        pid.lines().next().map(str::to_owned)
    }

    /// Ends the server like [`crash`](Self::crash), and waits until it has started again.
    pub(crate) fn crash_and_wait(&self) {
        let crashed = self.process();
        self.crash();
        while self.process().is_none() || self.process() == crashed {
            thread::sleep(Duration::from_millis(20));
        }
        self.wait_until_ready();
    }

    /// Ends the server as a crash would. It starts again by itself.
    pub(crate) fn crash(&self) {
        let pid = self.process().unwrap();
        assert!(Command::new("kill").args(["-QUIT", &pid]).status().unwrap().success());
    }
}

/// Finds the programs of PostgreSQL 15 or later, where Debian installs them.
fn find_binaries() -> Option<PathBuf> {
    if let Some(binaries) = env::var_os("PSOM_TEST_POSTGRES") {
        return Some(binaries.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(io::Result::ok);
    let version = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(version).max().filter(|version| *version >= 15)?;
    let binaries = PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    binaries.join("initdb").is_file().then_some(binaries)
}
