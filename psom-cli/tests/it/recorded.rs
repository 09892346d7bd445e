//! Commands that are recorded without a server and replayed later.
//!
//! `PSOM_REPLAY_KILLS` says how often the server and the client are killed each;
//! `scripts/replay-kill.sh` kills each 200 times.

use std::{path::Path, process::Child, thread::sleep, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::{Running, Stage, psom};

/// The commands without their links, with their words separated by `|`.
const COMMANDS: [&str; 10] = [
    "whiteboard|Ideas|create",
    "whiteboard|Ideas|text|Buy milk|--at|20,40",
    "whiteboard|Ideas|draw|--path|M10 10 L 100 100|--stroke|#ff0000",
    "whiteboard|Ideas|text|Buy bread|--at|20,80",
    "poll|create|Lunch|--question|When?|--choice|now|--choice|later",
    "poll|vote|Lunch|later",
    "poll|show|Lunch",
    "notes|create|Minutes|--url|https://notes.example.com/1|--page|May 2",
    "notes|error|Minutes",
    "rename|Minutes|Minutes of May",
];

fn words(command: &'static str) -> Vec<&'static str> {
    command.split('|').collect()
}

fn state(stage: &Stage) -> String {
    [
        stage.ok(&["whiteboard", &stage.link, "Ideas", "list"]),
        stage.ok(&["poll", &stage.link, "results", "Lunch"]),
        stage.ok(&["notes", &stage.link, "show", "Minutes of May"]),
    ]
    .concat()
}

fn record(stage: &Stage, command: &[&str]) -> String {
    let recorder = ["queue", "record", &stage.link, "-o", "outbox", "--"];
    stage.ok(&[&recorder, command].concat())
}

#[test]
fn replayed_commands_have_the_effect_of_live_ones() {
    let (live, replayed) = (Stage::open(&[]), Stage::open(&[]));
    for command in COMMANDS.map(words) {
        let mut with_link = command.clone();
        with_link.insert(1, &live.link);
        live.ok(&with_link);
        assert_eq!(record(&replayed, &command), "Recorded 1 call.", "{command:?}");
    }
    let text = replayed.ok(&["queue", "list", "outbox"]);
    assert_eq!(text.lines().count(), COMMANDS.len(), "{text}");
    let replay = ["queue", "replay", "outbox", &replayed.link];
    assert_eq!(replayed.ok(&replay), "Played 10 calls.");
    assert_eq!(state(&replayed), state(&live));
    assert_eq!(replayed.ok(&replay), "Played 0 calls.");
    assert_eq!(state(&replayed), state(&live));
}

#[test]
fn refused_command_goes_to_the_dead_queue() {
    let stage = Stage::open(&[]);
    record(&stage, &["whiteboard", "Missing", "clear"]);
    record(&stage, &["whiteboard", "Ideas", "create"]);
    let error = stage.fails(&["queue", "replay", "outbox", &stage.link]);
    assert!(error.contains("1 call was refused"), "{error}");
    assert!(stage.ok(&["queue", "list", "outbox"]).contains("dead"));
    stage.ok(&["whiteboard", &stage.link, "Missing", "create"]);
    stage.ok(&["queue", "retry", "outbox"]);
    stage.ok(&["queue", "replay", "outbox", &stage.link]);
    assert_eq!(stage.ok(&["queue", "list", "outbox"]), "");
}

#[test]
fn commands_that_cannot_be_recorded_say_why() {
    let stage = Stage::open(&[]);
    for (command, reason) in [
        (&["share", "x.pdf"][..], "a file cannot be recorded"),
        (&["present", "Ideas"], "presenting cannot be recorded"),
        (&["qna", "ask", "Talk", "Why?"], "questions"),
        (&["whiteboard", "Ideas", "list"], "changes nothing"),
        (&["whiteboard", "Ideas", "image", "x.png"], "an image cannot be recorded"),
        (&["poll", "results", "Lunch"], "changes nothing"),
        (&["notes", "show", "Minutes"], "changes nothing"),
        (&["completions", "bash"], ""),
    ] {
        let recorder = ["queue", "record", &stage.link, "-o", "outbox", "--"];
        let error = stage.fails(&[&recorder, command].concat());
        assert!(error.contains(reason), "{command:?}: {error}");
    }
    let error = stage.fails(&["queue", "replay", "missing", &stage.link]);
    assert!(error.contains("there is no outbox missing"), "{error}");
}

fn serve(directory: &Path) -> Running {
    let mut serve = psom(directory);
    serve.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    let mut server = Running::start(&mut serve);
    (0..3).for_each(|_| drop(server.line()));
    server
}

fn invitation(directory: &Path) -> String {
    let mut invite = psom(directory);
    invite.args(["invite", "demo", "--once", "--role", "presenter", "--name", "Ada"]);
    String::from_utf8(invite.output().unwrap().stdout).unwrap().trim().to_owned()
}

fn replay(directory: &Path) -> Child {
    let link = invitation(directory);
    let mut replay = psom(directory);
    replay.args(["queue", "replay", "outbox", &link]);
    replay.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    replay.spawn().unwrap()
}

#[test]
fn replay_survives_kills_of_server_and_client() {
    let kills = std::env::var("PSOM_REPLAY_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path();
    let mut server = serve(directory);
    let link = invitation(directory);
    let record = |command: &[&str]| {
        let mut record = psom(directory);
        record.args(["queue", "record", &link, "-o", "outbox", "--"]).args(command);
        assert!(record.output().unwrap().status.success(), "{command:?}");
    };
    record(&["whiteboard", "Ideas", "create"]);
    record(&["poll", "create", "Lunch", "--question", "?", "--choice", "a", "--choice", "b"]);
    record(&["notes", "create", "Minutes", "--url", "https://notes.example.com/1"]);
    let texts: Vec<_> = (0..kills * 4).map(|number| format!("text {number}")).collect();
    for text in &texts {
        record(&["whiteboard", "Ideas", "text", text]);
        record(&["poll", "modify", "Lunch", "--question", text, "--choice", "a", "--choice", "b"]);
    }
    let mut random = StdRng::seed_from_u64(12);
    for _ in 0..kills {
        for kills_server in [true, false] {
            let mut client = replay(directory);
            // The moment of the kill, not a wait for anything.
            sleep(Duration::from_millis(random.random_range(5..60)));
            if kills_server {
                server.child.kill().unwrap();
                server.child.wait().unwrap();
                client.wait().unwrap();
                server = serve(directory);
            } else {
                client.kill().unwrap();
                client.wait().unwrap();
            }
        }
    }
    assert!(replay(directory).wait().unwrap().success());
    let list = |arguments: &[&str]| {
        let link = invitation(directory);
        let mut command = psom(directory);
        command.arg(arguments[0]).arg(link).args(&arguments[1..]);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let listed = list(&["whiteboard", "Ideas", "list"]);
    let listed: Vec<_> =
        listed.lines().map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect();
    assert_eq!(listed, texts);
    let question = list(&["poll", "results", "Lunch"]);
    assert_eq!(question.lines().next(), texts.last().map(String::as_str));
    assert!(list(&["notes", "show", "Minutes"]).contains("notes.example.com"));
}
