//! Commands that are recorded without a server and replayed later.
//!
//! `PSOM_REPLAY_KILLS` sets how often the server and the client are each killed;
//! `scripts/replay-kill.sh` kills each 200 times.

use std::{fs, path::Path, process::Child, thread::sleep, time::Duration};

use image::RgbImage;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::{Running, Stage, psom};

/// The commands without their links, with their words separated by `|`.
const COMMANDS: [&str; 19] = [
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
    "share|plan.txt",
    "share|plan.txt|--title|Hidden.txt|--visibility|presenters",
    "whiteboard|Ideas|image|dot.png|--at|5,6",
    "slides|photos|--title|Photos",
    "goto|Photos|5",
    "qna|create|Questions",
    "qna|ask|Questions|When?",
    "qna|answer|Questions|1|In May.",
    "qna|suspend|Questions",
];

/// Creates the files that the commands share.
fn put_files(stage: &Stage) {
    fs::write(stage.file("plan.txt"), "The plan").unwrap();
    let picture = |number: u8| RgbImage::from_pixel(64, 48, image::Rgb([number * 40, 90, 30]));
    picture(0).save(stage.file("dot.png")).unwrap();
    fs::create_dir(stage.file("photos")).unwrap();
    for number in 1..=6 {
        picture(number).save(stage.file("photos").join(format!("p{number}.jpg"))).unwrap();
    }
}

/// Downloads all slides of a presentation.
fn slides(stage: &Stage) -> Vec<Vec<u8>> {
    stage.ok(&["get", &stage.link, "Photos", "--slides", "down"]);
    let slide = |number| fs::read(stage.file("down").join(format!("slide-0{number}.jpg"))).unwrap();
    (1..=6).map(slide).collect()
}

fn words(command: &'static str) -> Vec<&'static str> {
    command.split('|').collect()
}

fn state(stage: &Stage) -> String {
    [
        stage.ok(&["whiteboard", &stage.link, "Ideas", "list"]),
        stage.ok(&["poll", &stage.link, "results", "Lunch"]),
        stage.ok(&["notes", &stage.link, "show", "Minutes of May"]),
        stage.ok(&["qna", &stage.link, "show", "Questions"]),
        stage.ok(&["get", &stage.link, "plan.txt", "-o", "-"]),
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
    [&live, &replayed].into_iter().for_each(put_files);
    for command in COMMANDS.map(words) {
        let mut with_link = command.clone();
        with_link.insert(1, &live.link);
        live.ok(&with_link);
        // Six slides need two packages.
        let calls = if command[0] == "slides" { "2 calls" } else { "1 call" };
        assert_eq!(record(&replayed, &command), format!("Recorded {calls}."), "{command:?}");
    }
    let text = replayed.ok(&["queue", "list", "outbox"]);
    assert_eq!(text.lines().count(), COMMANDS.len() + 1, "{text}");
    // The outbox has copies of the files.
    fs::remove_dir_all(replayed.file("photos")).unwrap();
    fs::remove_file(replayed.file("plan.txt")).unwrap();
    let replay = ["queue", "replay", "outbox", &replayed.link];
    assert_eq!(replayed.ok(&replay), "Played 20 calls.");
    assert_eq!(state(&replayed), state(&live));
    assert_eq!(slides(&replayed), slides(&live));
    assert_eq!(fs::read_dir(replayed.file("outbox").join("files")).unwrap().count(), 0);
    assert_eq!(replayed.ok(&replay), "Played 0 calls.");
    assert_eq!(state(&replayed), state(&live));
}

#[test]
fn refused_command_goes_to_the_dead_queue() {
    let stage = Stage::open(&[]);
    record(&stage, &["whiteboard", "Missing", "clear"]);
    record(&stage, &["whiteboard", "Ideas", "create"]);
    // Refused only by the board, after the first checks.
    record(&stage, &["whiteboard", "Ideas", "remove", "7"]);
    fs::write(stage.file("big.txt"), "x").unwrap();
    record(&stage, &["share", "big.txt", "--title", "Ideas"]);
    let output = stage.run(&["queue", "replay", "outbox", &stage.link]);
    assert_eq!(output.status.code(), Some(1));
    let (text, error) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(error.contains("3 calls were refused"), "{error}");
    for line in [
        "Call 1 was refused (clear annotations \"Missing\"): there is no content",
        "Call 3 was refused (remove annotations \"Ideas\"): the board refuses it",
        "Call 4 was refused (take package \"Ideas\"): the title \"Ideas\" is taken",
        "Played 1 call.",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(stage.ok(&["queue", "list", "outbox"]).contains("dead"));
    stage.ok(&["whiteboard", &stage.link, "Missing", "create"]);
    stage.ok(&["whiteboard", &stage.link, "Missing", "text", "to be cleared"]);
    stage.ok(&["rename", &stage.link, "Ideas", "Old ideas"]);
    stage.ok(&["queue", "retry", "outbox", "1", "4"]);
    assert_eq!(stage.ok(&["queue", "replay", "outbox", &stage.link]), "Played 2 calls.");
    assert_eq!(stage.ok(&["get", &stage.link, "Ideas", "-o", "-"]), "x");
    assert_eq!(stage.ok(&["queue", "list", "outbox"]).lines().count(), 1);
}

#[test]
fn a_recorded_content_is_presented_until_the_replay_ends() {
    let stage = Stage::open(&[]);
    record(&stage, &["whiteboard", "Ideas", "create"]);
    record(&stage, &["present", "Ideas"]);
    let mut replay = stage.start(&["queue", "replay", "outbox", &stage.link, "--stay"]);
    assert_eq!(replay.line(), "Played 2 calls.");
    record(&stage, &["stop", "Ideas"]);
    let guest = stage.ok(&["invite", "demo", "--name", "Grace", "--role", "presenter"]);
    let output = stage.run(&["queue", "replay", "outbox", &guest]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("another user is presenting"), "{text}");
    replay.child.kill().unwrap();
}

#[test]
fn commands_that_cannot_be_recorded_say_why() {
    let stage = Stage::open(&[]);
    for (command, reason) in [
        (&["share", "x.pdf"][..], "read x.pdf"),
        (&["slides", "x.pdf"], "read x.pdf"),
        (&["edit", "report.docx"], "takes the file from the meeting"),
        (&["qna", "ask", "Talk", " "], "the text is empty"),
        (&["qna", "show", "Talk"], "changes nothing"),
        (&["whiteboard", "Ideas", "list"], "changes nothing"),
        (&["whiteboard", "Ideas", "image", "x.png"], "read x.png"),
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
            // The kill comes at a random time. The test does not wait for an event here.
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
