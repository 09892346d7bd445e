//! Compares psom side by side with hand-written tokio and TLS, and with comparable libraries and servers.
//!
//! ```text
//! cargo run --release -p psom-versus --manifest-path benches/Cargo.toml [OPTIONS] [ROW]...
//! ```
//!
//! Prints a table in Markdown: for each row the median of each implementation and the ratio of psom to
//! the hand-written code ("raw"). Each measurement runs in a process of its own, and the rounds of the
//! implementations are interleaved, so that a busy machine affects all of them alike. Options:
//!
//! - `--rounds N`: the number of rounds, 5 by default.
//! - `--before PROGRAM`: another build of this program, whose psom is measured in the same rounds.
//!
//! With `--features capnp`, Cap'n Proto takes part. This needs the program `capnp`.
//!
//! `counts` counts the instructions of the hot paths (`counts.rs`).
//!
//! Three further commands are for the program itself: `measure ROW IMPLEMENTATION` makes one measurement,
//! `members IMPLEMENTATION ADDRESS COUNT` connects receivers to a server, and `meeting DURABILITY DIRECTORY`
//! serves a meeting.

#![forbid(unsafe_code)]

mod brokers;
#[cfg(feature = "capnp")]
mod capnp;
mod codec;
mod counts;
mod fan_out;
mod grpc;
mod meeting;
mod meeting_server;
mod members;
mod ours;
mod process;
mod raw;
mod rows;
mod table;
mod tls;
mod websocket;

/// The result of every fallible function here. An error ends the program.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Without the threads of a runtime, which would make the counts vary.
    match words.as_slice() {
        ["counts"] => return counts::compare(false),
        ["counts", "--write"] => return counts::compare(true),
        ["count", path, steps] => return counts::run(path.parse()?, steps.parse()?),
        _ => {}
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(run(&words))
}

async fn run(words: &[&str]) -> Result<()> {
    match words {
        ["measure", row, implementation] => {
            let figures = rows::measure(row, implementation).await?;
            println!("{}", Vec::from_iter(figures.iter().map(f64::to_string)).join(" "));
            Ok(())
        }
        ["members", implementation, address, count] => {
            members::run(implementation, address, count.parse()?).await
        }
        ["meeting", durability, directory] => {
            meeting_server::run(durability, directory.as_ref()).await
        }
        words => table::print(words),
    }
}
