//! The CPU time and memory of a process, as the kernel counts them.

use std::{fs, time::Duration};

use crate::Result;

/// Returns the CPU time of all threads of a process. `process` is a number or `self`.
pub fn cpu_time(process: &str) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread can end meanwhile.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos += text.split(' ').next().unwrap_or("0").parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Returns the resident memory of a process in KiB.
pub fn resident_kib(process: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

/// Returns the number of bytes that a process has written to files.
pub fn written_bytes(process: &str) -> Result<u64> {
    let io = fs::read_to_string(format!("/proc/{process}/io"))?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes:"));
    Ok(line.ok_or("no write_bytes")?.trim().parse()?)
}
