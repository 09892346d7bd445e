//! Writes random messages for `psom-js/tools/compare-codecs.js`: `codec_messages --seed N --count N`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "a program reports its mistakes there")]

use std::{
    io::{self, BufWriter},
    process::ExitCode,
};

const USAGE: &str = "usage: codec_messages [--seed N] [--count N]";

fn options() -> Option<(u64, usize)> {
    let (mut seed, mut count) = (1, 1_000_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => seed = arguments.next()?.parse().ok()?,
            "--count" => count = arguments.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some((seed, count))
}

fn main() -> ExitCode {
    let Some((seed, count)) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match psom_tests::messages::write(seed, count, BufWriter::new(io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
