//! Runs simulated meetings: `simulate --seed N --runs N [--story]`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "a program reports its mistakes there")]

use std::{
    io::{BufWriter, Write as _},
    process::ExitCode,
    time::Instant,
};

use psom_tests::simulation::{self, Summary};

const USAGE: &str = "usage: simulate [--seed N] [--runs N] [--story]";

struct Options {
    seed: u64,
    runs: u64,
    story: bool,
}

fn options() -> Option<Options> {
    let mut options = Options { seed: 1, runs: 1, story: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => options.seed = arguments.next()?.parse().ok()?,
            "--runs" => options.runs = arguments.next()?.parse().ok()?,
            "--story" => options.story = true,
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (mut total, mut failures, started) = (Summary::default(), 0u64, Instant::now());
    let mut out = BufWriter::new(std::io::stdout().lock());
    for seed in (options.seed..).take(usize::try_from(options.runs).unwrap_or(usize::MAX)) {
        let mut tell = |line: &str| {
            if options.story {
                // A reader who closes the pipe does not want the rest.
                let _ = writeln!(out, "{line}");
            }
        };
        match simulation::run(seed, &mut tell) {
            Ok(summary) => total.add(&summary),
            Err(failure) => {
                failures += 1;
                let _ = out.flush();
                eprintln!("{failure}");
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let simulated = total.simulated_ms as f64 / 1000.0;
    let _ = writeln!(
        out,
        "{} meetings, {failures} failed; {} events, {} connections, {} actions; {simulated:.0} \
         simulated seconds in {seconds:.1} s ({:.0} per second); fingerprint {:016x}",
        options.runs,
        total.events,
        total.connections,
        total.actions,
        simulated / seconds,
        total.fingerprint,
    );
    for (kind, count) in &total.faults {
        let _ = writeln!(out, "{count:>8} {kind}");
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
