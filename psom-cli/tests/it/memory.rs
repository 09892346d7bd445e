//! The memory of a server returns to the system when its clients are gone.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use super::support::{Running, psom};

/// Requests whose bodies the server keeps while it waits for the rest.
const REQUESTS: usize = 600;

/// The bytes of each body. A body can have 64 KiB.
const BODY_BYTES: usize = 60_000;

/// The time that a hanging test waits, also on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(240);

/// Returns the resident memory of a process in bytes.
fn resident(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

/// Waits until `has` accepts the size of the server's memory, and returns the last measurement.
fn wait_until(pid: u32, has: impl Fn(usize) -> bool) -> usize {
    let begin = Instant::now();
    loop {
        let now = resident(pid);
        if has(now) || begin.elapsed() > TIMEOUT {
            return now;
        }
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn memory_of_a_peak_returns_to_the_system() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = psom(directory.path());
    command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    let mut server = Running::start(&mut command);
    let page = server.line();
    let address = page.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let pid = server.child.id();
    // The first requests allocate memory that the server always keeps, which must not count as growth.
    let open = |count: usize| -> Vec<TcpStream> {
        let head = b"POST /api/join HTTP/1.1\r\nhost: a\r\ncontent-length: 65000\r\n\r\n";
        let send = |_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head).unwrap();
            stream.write_all(&[b' '; BODY_BYTES]).unwrap();
            stream
        };
        (0..count).map(send).collect()
    };
    drop(open(20));
    let before = resident(pid);
    let streams = open(REQUESTS);
    let rise = REQUESTS * BODY_BYTES / 2;
    let during = wait_until(pid, |now| now > before + rise);
    assert!(during > before + rise, "{before} before, {during} during");
    drop(streams);
    // The allocator may keep a fifth of the starting value and an eighth of the rise.
    let limit = before + before / 5 + rise / 8;
    let after = wait_until(pid, |now| now <= limit);
    assert!(after <= limit, "{before} before, {during} during, {after} after");
}
