//! The JavaScript codec and this one agree. `scripts/compare-codecs.sh` compares a million messages.

use std::{
    io::BufWriter,
    path::Path,
    process::{Command, Stdio},
};

/// Enough for several messages of each method, in about a second.
const MESSAGES: usize = 4000;

#[test]
fn rust_and_javascript_codecs_agree() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../psom-js/tools/compare-codecs.js");
    let mut node = Command::new("node");
    let started = node.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut node) = started else {
        eprintln!("skipped: node missing");
        return;
    };
    let input = BufWriter::new(node.stdin.take().unwrap());
    // If Node ends early, its error says more than this one.
    let _ = psom_tests::messages::write(18, MESSAGES, input);
    let output = node.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains(&format!("{MESSAGES} messages")), "{text}");
    eprint!("{text}");
}
