//! Fuzzes on a stable compiler: `fuzz [SECONDS] [TARGET ...]`. The seconds are processor time. Writes the inputs that it finds to
//! `fuzz/oracles/found`, from where the tests replay them, and prints a line for each target.
#![expect(clippy::print_stdout, reason = "a program that prints its results")]

use std::{fs, time::Duration};

use psom_oracles::{ORACLES, corpus, harness};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let names: Vec<_> = arguments.collect();
    // A finding is reported at the end of its target.
    std::panic::set_hook(Box::new(|_| {}));
    let mut total = 0;
    for oracle in ORACLES {
        if !names.is_empty() && !names.iter().any(|name| name == oracle.name) {
            continue;
        }
        let outcome = harness::fuzz(oracle, Duration::from_secs(seconds), fastrand::u64(..));
        let (slowest, length) = outcome.slowest;
        println!(
            "{:<24} {:>10} executions, {} findings, slowest {slowest:?} for {length} bytes, \
             {}.{} bytes of memory per byte",
            oracle.name,
            outcome.executions,
            outcome.findings.len(),
            outcome.tenths_per_byte / 10,
            outcome.tenths_per_byte % 10,
        );
        total += outcome.findings.len();
        for (number, (fault, input)) in outcome.findings.iter().enumerate() {
            let folder = corpus::found().join(oracle.name);
            let path = folder.join(format!("{:016x}", fastrand::u64(..)));
            let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input));
            println!("  {number}: {fault}: {} ({written:?})", path.display());
        }
    }
    std::process::exit(i32::from(total > 0));
}
