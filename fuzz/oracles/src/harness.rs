//! A fuzzer for a stable compiler: it changes the inputs of a corpus at random and keeps those that
//! take new amounts of memory, as a weak measure of new behavior.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use fastrand::Rng;

use crate::{MAX_BASE_BYTES, MAX_BYTES_PER_INPUT_BYTE, Oracle, corpus};

/// The maximum length of an input.
const MAX_INPUT_BYTES: usize = 64 << 10;

/// The maximum number of inputs in the corpus.
const MAX_CORPUS: usize = 4096;

/// The processor time that an input can take: this base, and a part for each byte. It is generous, because
/// other programs share the caches. The fastest of several runs counts.
const MAX_BASE_TIME: Duration = Duration::from_millis(250);
const MAX_TIME_PER_BYTE: Duration = Duration::from_micros(20);
const RUNS_OF_SLOW_INPUT: usize = 5;

/// The result of fuzzing one target.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The number of executions.
    pub executions: u64,
    /// The inputs that broke the property, with the reason.
    pub findings: Vec<(String, Vec<u8>)>,
    /// The longest time of an input, and its length.
    pub slowest: (Duration, usize),
    /// The largest peak of memory beyond the base, in tenths of a byte for each byte of the input.
    pub tenths_per_byte: u64,
}

/// Returns what is wrong with an input.
pub fn fault(oracle: &Oracle, input: &[u8]) -> Option<String> {
    let checked = catch_unwind(AssertUnwindSafe(|| (oracle.check)(input)));
    if let Err(panic) = checked {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        return Some(format!("panic: {}", text.unwrap_or_default()));
    }
    let peak = peak_bytes(oracle, input)?;
    let limit = MAX_BASE_BYTES + MAX_BYTES_PER_INPUT_BYTE * input.len() as u64;
    (peak > limit).then(|| format!("{peak} bytes of memory for {} bytes", input.len()))
}

/// Returns the largest amount of memory that reading the input takes.
fn peak_bytes(oracle: &Oracle, input: &[u8]) -> Option<u64> {
    let reader = oracle.reader?;
    Some(allocation_counter::measure(|| reader(input)).bytes_max)
}

/// Returns the processor time that this process has used. Other programs do not change it, unlike the time of
/// a clock.
fn processor_time() -> Duration {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
    }
    #[cfg(not(unix))]
    {
        use std::{sync::LazyLock, time::Instant};
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

/// Fuzzes a target for this much processor time.
pub fn fuzz(oracle: &Oracle, time: Duration, seed: u64) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let mut corpus = corpus::seeds(oracle.name);
    corpus.push(Vec::new());
    let mut outcome = Outcome::default();
    let mut amounts = std::collections::HashSet::new();
    let end = processor_time() + time;
    let mut next = 0;
    while processor_time() < end {
        // The seeds themselves come first.
        let input = if next < corpus.len().min(1000) {
            next += 1;
            corpus[next - 1].clone()
        } else {
            changed(&mut rng, &corpus)
        };
        let begin = processor_time();
        let mut fault = None;
        let counted = allocation_counter::measure(|| fault = self::fault(oracle, &input));
        let mut taken = processor_time().saturating_sub(begin);
        outcome.executions += 1;
        let limit =
            MAX_BASE_TIME + MAX_TIME_PER_BYTE * u32::try_from(input.len()).unwrap_or(u32::MAX);
        for _ in 1..RUNS_OF_SLOW_INPUT {
            if fault.is_none() && taken > limit {
                let begin = processor_time();
                fault = self::fault(oracle, &input);
                taken = taken.min(processor_time().saturating_sub(begin));
            }
        }
        if taken > outcome.slowest.0 {
            outcome.slowest = (taken, input.len());
        }
        if fault.is_none() && taken > limit {
            fault = Some(format!("{taken:?} for {} bytes", input.len()));
        }
        if let Some(peak) = peak_bytes(oracle, &input)
            && let Some(tenths) =
                (10 * peak.saturating_sub(MAX_BASE_BYTES)).checked_div(input.len() as u64)
        {
            outcome.tenths_per_byte = outcome.tenths_per_byte.max(tenths);
        }
        if let Some(fault) = fault {
            if outcome.findings.len() < 20 {
                outcome.findings.push((fault, input));
            }
        } else if corpus.len() < MAX_CORPUS
            && amounts.insert((counted.count_total, input.len() / 16))
        {
            corpus.push(input);
        }
    }
    outcome
}

/// Changes an input of the corpus a few times.
fn changed(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    const NUMBERS: [u8; 12] = [0, 1, 0x7f, 0x80, 0x81, 0x84, 0x86, 0x88, 0x8c, 0x8d, 0xfe, 0xff];
    let mut input = corpus[rng.usize(..corpus.len())].clone();
    for _ in 0..=rng.usize(..6) {
        let at = rng.usize(..=input.len());
        let end = (at + 1 + rng.usize(..16)).min(input.len());
        match rng.u8(..9) {
            0 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
            1 if at < input.len() => input[at] = rng.u8(..),
            2 if at < input.len() => input[at] = NUMBERS[rng.usize(..NUMBERS.len())],
            3 => input.insert(at, rng.u8(..)),
            4 => drop(input.drain(at..end)),
            5 => {
                let part = input[at..end].to_vec();
                for _ in 0..=rng.usize(..8) {
                    input.splice(at..at, part.iter().copied());
                }
            }
            6 => {
                let other = &corpus[rng.usize(..corpus.len())];
                let from = rng.usize(..=other.len());
                let to = (from + rng.usize(..64)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            7 => input.truncate(at),
            _ => {
                let length = u32::try_from(rng.usize(..2 * input.len() + 2)).unwrap_or(0);
                input.splice(at..end, length.to_be_bytes());
            }
        }
    }
    input.truncate(MAX_INPUT_BYTES);
    input
}

/// Returns a number of changed inputs of a target, always the same for a seed.
pub fn changed_inputs(oracle: &Oracle, count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut rng = Rng::with_seed(seed);
    let mut corpus = corpus::seeds(oracle.name);
    corpus.push(Vec::new());
    (0..count).map(|_| changed(&mut rng, &corpus)).collect()
}
