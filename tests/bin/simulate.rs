//! Runs simulated meetings: `simulate --seed N --runs N [--story] [--stop]`, and on clusters with
//! `--cluster [--weakness NAME]`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "a program reports its mistakes there")]

use std::{
    io::{BufWriter, Write as _},
    process::ExitCode,
    time::Instant,
};

use psom_tests::simulation::{self, Failure, Summary, Weakness};

const USAGE: &str = "usage: simulate [--seed N] [--runs N] [--story] [--stop] [--cluster [--weakness NAME]]\n\
    --story prints each step, --stop ends after the first failure, --cluster runs the meeting on a\n\
    cluster, in which the rule of a weakness does not hold";

struct Options {
    seed: u64,
    runs: u64,
    story: bool,
    stop: bool,
    cluster: bool,
    weakness: Option<Weakness>,
}

fn options() -> Option<Options> {
    let mut options =
        Options { seed: 1, runs: 1, story: false, stop: false, cluster: false, weakness: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => options.seed = arguments.next()?.parse().ok()?,
            "--runs" => options.runs = arguments.next()?.parse().ok()?,
            "--story" => options.story = true,
            "--stop" => options.stop = true,
            "--cluster" => options.cluster = true,
            "--weakness" => {
                let name = arguments.next()?;
                let known = Weakness::ALL.into_iter().find(|(known, _)| *known == name);
                options.weakness = Some(known?.1);
            }
            _ => return None,
        }
    }
    Some(options)
}

fn run(options: &Options, seed: u64, tell: &mut dyn FnMut(&str)) -> Result<Summary, Failure> {
    if options.cluster {
        simulation::run_cluster(seed, options.weakness, tell)
    } else if options.story {
        simulation::run_with_calls(seed, tell)
    } else {
        simulation::run(seed, tell)
    }
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (mut total, started) = (Summary::default(), Instant::now());
    let (mut runs, mut failures) = (0u64, 0u64);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for seed in (options.seed..).take(usize::try_from(options.runs).unwrap_or(usize::MAX)) {
        let mut tell = |line: &str| {
            if options.story {
                // A reader who closes the pipe does not want the rest.
                let _ = writeln!(out, "{line}");
            }
        };
        runs += 1;
        match run(&options, seed, &mut tell) {
            Ok(summary) => total.add(&summary),
            Err(failure) => {
                failures += 1;
                let _ = out.flush();
                eprintln!("{failure}");
                if options.stop {
                    break;
                }
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let simulated = total.simulated_ms as f64 / 1000.0;
    let _ = writeln!(
        out,
        "{runs} meetings, {failures} failed; {} events, {} connections, {} actions; {simulated:.0} \
         simulated seconds in {seconds:.1} s ({:.0} per second); fingerprint {:016x}; \
         longest wait {} turns",
        total.events,
        total.connections,
        total.actions,
        simulated / seconds,
        total.fingerprint,
        total.longest_wait,
    );
    for (kind, count) in &total.faults {
        let _ = writeln!(out, "{count:>8} {kind}");
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
