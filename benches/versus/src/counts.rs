//! The number of machine instructions of the hot paths, counted by callgrind: a change of a few percent is
//! visible even on a busy machine.
//!
//! `counts` prints the instructions of each path and compares them with `counts.txt`; `counts --write` writes
//! that file. A path runs in memory, without sockets, twice with different numbers of steps. The difference
//! divided by the difference of the steps is the count, so the start of the program does not matter.

use std::{env, fs, path::Path, process::Command};

use psom::testing::Pair;

use crate::{
    Result, codec,
    ours::{Hub, Member},
};

const STEPS: [usize; 2] = [10, 30];

/// The difference in percent from which a count fails. The same program differs by less, because the order of
/// hash maps is random.
const TOLERANCE_PERCENT: f64 = 3.0;

/// The calls in one step of the paths of calls.
const CALLS: usize = 64;

/// The peers of the group.
const PEERS: usize = 50;

/// The paths, and the number of units in one step.
const PATHS: &[(&str, usize)] = &[
    ("encode and decode {Int64, Int32}", codec::MESSAGES_PER_ROUND),
    ("encode and decode {String, Int32}", codec::MESSAGES_PER_ROUND),
    ("one-way call, both sides", CALLS),
    ("call and answer, both sides", 1),
    ("delivery of a call to 50 peers, 64 in a turn, both sides", CALLS * PEERS),
    ("delivery of a call to 50 peers, 1 in a turn, both sides", PEERS),
];

/// Runs a path.
pub fn run(path: usize, steps: usize) -> Result<()> {
    let mut pair = Pair::new(Hub::default(), Member::default());
    if path >= 4 {
        for _ in 1..PEERS {
            pair.join(|_| Member::default());
        }
    }
    for _ in 0..steps {
        match path {
            0 => drop(codec::round("numbers", "psom")?()),
            1 => drop(codec::round("text", "psom")?()),
            2 => pair.on_client(0, |_, cx| {
                let server = cx.server();
                (0..CALLS as i64).for_each(|number| drop(server.s_tick(number)));
            }),
            3 => pair.on_client(0, |_, cx| drop(cx.server().s_echo(1))),
            4 => pair.on_server(|_, cx| {
                (0..CALLS).for_each(|_| drop(cx.peers().c_tick(0)));
            }),
            5 => pair.on_server(|_, cx| drop(cx.peers().c_tick(0))),
            _ => return Err("unknown path".into()),
        }
    }
    Ok(())
}

fn instructions(path: usize, steps: usize) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(env::current_exe()?);
    let output = command.args(["count", &path.to_string(), &steps.to_string()]).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    Ok(collected.ok_or_else(|| format!("callgrind has failed: {text}"))?.trim().parse()?)
}

/// Counts all paths and compares or writes the file.
pub fn compare(write: bool) -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let (mut lines, mut failed) = (String::new(), false);
    println!("| path | instructions | committed | change |");
    println!("| --- | --- | --- | --- |");
    for (path, (name, units)) in PATHS.iter().enumerate() {
        let [few, many] = STEPS;
        let steps = (many - few) * units;
        let count = (instructions(path, many)? - instructions(path, few)?) / steps as f64;
        lines += &format!("{count:.0}\t{name}\n");
        let old = before.lines().filter_map(|line| line.split_once('\t'));
        let old =
            old.filter(|(_, other)| other == name).find_map(|(old, _)| old.parse::<f64>().ok());
        let change = old.map(|old| (count / old - 1.0) * 100.0);
        failed |= change.is_some_and(|change| change.abs() > TOLERANCE_PERCENT);
        let old = old.map_or("—".to_owned(), |old| format!("{old:.0}"));
        let change = change.map_or("—".to_owned(), |change| format!("{change:+.1} %"));
        println!("| {name} | {count:.0} | {old} | {change} |");
    }
    if write {
        fs::write(file, lines)?;
    } else if failed {
        let limit = TOLERANCE_PERCENT;
        return Err(format!("a count differs by more than {limit} %; see `counts --write`").into());
    }
    Ok(())
}
