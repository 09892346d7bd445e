//! The commands of users in a meeting.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::support::{Stage, psom};

/// Incompressible bytes that need more writes than may be in flight.
fn noise() -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..3_000_001).map(|_| next()).collect()
}

fn a_meeting(options: &[&str]) {
    let stage = Stage::open(options);
    assert_eq!(stage.ok(&["meeting", "create", "team"]), "team");
    let taken = stage.fails(&["meeting", "create", "team"]);
    assert!(taken.contains("exists"), "{taken}");
    let none = stage.fails(&["invite", "nope", "--name", "Ada"]);
    assert!(
        none.ends_with("there is no meeting \"nope\"; `psom meeting list` lists them\n"),
        "{none}"
    );
    let nobody = stage.fails(&["invite", "team", "--name", " "]);
    assert!(nobody.contains("the name is empty"), "{nobody}");
    let nobody = stage.fails(&["watch", &stage.link, "--as", "\u{1b}[1m"]);
    assert!(nobody.contains("the name has a line break or a control character"), "{nobody}");
    let (ada, grace) = (stage.invite("Ada", "presenter"), stage.invite("Grace", "attendee"));
    let mut watch = stage.start(&["watch", "--all", &grace]);
    let mut last = stage.start(&["watch", "--all", &ada]);
    last.until(&["The meeting's state is complete."]);
    let mut json = stage.start(&["watch", &grace, "--json"]);
    watch.until(&["The meeting's state is complete."]);
    json.until(&[r#"{"event":"ready"}"#]);

    fs::write(stage.file("Plan.bin"), noise()).unwrap();
    assert_eq!(stage.ok(&["share", &ada, "Plan.bin"]), "Shared \"Plan.bin\".");
    watch.until(&["\"Plan.bin\" belongs to Ada."]);
    json.until(&[r#""event":"nativeFile""#, r#""size":3000001"#]);
    assert!(stage.fails(&["share", &ada, "Plan.bin"]).contains("choose another title"));
    assert!(stage.fails(&["share", &grace, "Plan.bin", "--title", "x"]).contains("as a presenter"));
    assert!(stage.ok(&["meeting", "show", "team"]).contains("Plan.bin"));

    assert!(stage.fails(&["get", &grace, "plan.bin"]).contains("exists; choose another place"));
    stage.ok(&["get", &grace, "plan.bin", "-o", "copy"]);
    assert_eq!(fs::read(stage.file("copy")).unwrap(), noise());
    let printed = stage.run(&["get", &grace, "plan.bin", "-o", "-"]);
    assert!(printed.status.success() && printed.stdout == noise() && !stage.file("-").exists());
    // The mode is that of any new file of this user.
    let mode = |file: &str| fs::metadata(stage.file(file)).unwrap().permissions().mode();
    fs::write(stage.file("new"), "").unwrap();
    assert_eq!(mode("copy"), mode("new"));
    let nowhere = stage.fails(&["get", &grace, "plan.bin", "-o", "no/copy"]);
    assert!(nowhere.contains("there is no directory no; create it first"), "{nowhere}");
    assert!(stage.fails(&["get", &grace, "nothing"]).contains("there is \"Plan.bin\""));

    let renamed = stage.ok(&["rename", &ada, "Plan.bin", "Map.bin"]);
    assert_eq!(renamed, "\"Plan.bin\" is now called \"Map.bin\".");
    watch.until(&["\"Plan.bin\" is now called \"Map.bin\"."]);
    stage.fails(&["rename", &grace, "Map.bin", "x"]);

    stage.fails(&["present", &grace, "Map.bin"]);
    let mut present = stage.start(&["present", &ada, "Map.bin"]);
    present.until(&["Presenting"]);
    watch.until(&["\"Map.bin\" is on the stage."]);
    let taken = stage.fails(&["present", &grace, "Map.bin"]);
    assert!(taken.contains("join as a presenter"), "{taken}");
    stage.fails(&["stop", &grace]);
    assert_eq!(stage.ok(&["stop", &ada, "Map.bin"]), "You have stopped presenting.");
    assert_eq!(stage.ok(&["stop", &ada, "Map.bin"]), "\"Map.bin\" is not on the stage.");
    assert_eq!(stage.ok(&["stop", &ada]), "Nobody is presenting.");
    present.until(&["no longer on the stage"]);
    assert!(present.child.wait().unwrap().success());
    let mut present = stage.start(&["present", &ada, "Map.bin"]);
    present.until(&["Presenting"]);
    present.interrupt();
    watch.until(&["The stage is empty."]);

    stage.fails(&["visibility", &grace, "Map.bin", "organizer"]);
    let seen = stage.ok(&["visibility", &ada, "Map.bin", "presenters"]);
    assert_eq!(seen, "\"Map.bin\" is visible to the organizer and the presenters.");
    watch.until(&["\"Map.bin\" was removed."]);
    stage.fails(&["delete", &grace, "Map.bin"]);
    assert_eq!(stage.ok(&["delete", &ada, "Map.bin"]), "Deleted \"Map.bin\".");
    assert!(stage.fails(&["get", &ada, "Map.bin"]).contains("you see no contents"));

    watch.interrupt();
    stage.ok(&["meeting", "end", "team"]);
    json.until(&[r#"{"event":"ended"}"#]);
    assert!(json.child.wait().unwrap().success());
    last.until(&["The meeting has ended, or the server has stopped."]);
    assert!(last.child.wait().unwrap().success());
    let gone = stage.fails(&["watch", &ada]);
    assert!(gone.contains("ask for a new join link"), "{gone}");
    stage.server.interrupt();
}

#[test]
fn all_commands_work_over_http() {
    a_meeting(&[]);
}

#[test]
fn all_commands_work_over_https() {
    a_meeting(&["--https"]);
}

#[test]
fn a_link_for_one_connection_works_once() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let link = stage.ok(&["invite", "team", "--name", "Ada", "--once"]);
    let mut watch = stage.start(&["watch", "--all", &link]);
    watch.until(&["Ada", "has joined."]);
    assert!(stage.fails(&["watch", &link]).contains("refused the token"));
}

#[test]
fn errors_are_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = psom(directory.path()).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, why) = run(&["meeting", "list"]);
    assert_eq!((code, why.lines().count()), (Some(1), 1), "{why}");
    assert!(why.contains("psom serve"), "{why}");
    let (code, why) = run(&["watch", "http://example.com"]);
    assert_eq!((code, why.lines().count()), (Some(1), 1), "{why}");
    assert!(why.contains("not a join link"), "{why}");
    let (code, why) = run(&["serve", "--listen", "nowhere"]);
    assert_eq!((code, why.lines().count()), (Some(1), 1), "{why}");
    let (code, why) = run(&["proxy", "--header-file", "nothing"]);
    assert!(code == Some(1) && why.contains("cannot read nothing"), "{why}");
}

#[test]
fn every_command_has_help_with_examples() {
    let directory = tempfile::tempdir().unwrap();
    for command in [
        "serve",
        "proxy",
        "meeting",
        "invite",
        "watch",
        "share",
        "get",
        "rename",
        "delete",
        "present",
        "stop",
        "visibility",
        "whiteboard",
        "poll",
        "qna",
        "notes",
        "completions",
    ] {
        let output = psom(directory.path()).args([command, "--help"]).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && help.contains("Example"), "{command}: {help}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = psom(directory.path()).args(["completions", shell]).output().unwrap();
        assert!(output.status.success() && output.stdout.len() > 1000, "{shell}");
    }
}

#[test]
fn a_guest_is_the_same_user_in_every_command() {
    let stage = Stage::open(&[]);
    let link = stage.link.clone();
    fs::write(stage.file("plan.txt"), "hello").unwrap();
    stage.ok(&["share", &link, "plan.txt"]);
    let mut present = stage.start(&["present", &link, "plan.txt"]);
    present.until(&["Presenting"]);
    stage.ok(&["stop", &link, "plan.txt"]);
    present.until(&["no longer on the stage"]);
}

#[test]
fn pipes_are_rejected() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let link = stage.invite("Ada", "presenter");
    let pipe = stage.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(stage.fails(&["share", &link, "pipe"]).contains("is not a regular file"));
}

#[test]
fn a_removed_person_cannot_come_back_by_the_same_link() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let (ada, bob) = (stage.invite("Ada", "presenter"), stage.invite("Bob", "attendee"));
    let mut watch = stage.start(&["watch", &ada]);
    watch.until(&["In the meeting: Ada."]);
    let links = stage.ok(&["meeting", "links", "team"]);
    assert!(
        links.contains("presenter") && links.contains("Ada") && links.contains("Bob"),
        "{links}"
    );
    assert!(!links.contains("psom://"), "links are secrets");
    assert!(stage.ok(&["meeting", "links", "team", "--json"]).contains(&ada));

    let unknown = stage.fails(&["meeting", "remove", "team", "Carl"]);
    assert!(
        unknown.contains("nobody in the meeting is called \"Carl\"; there is Ada"),
        "{unknown}"
    );
    assert_eq!(stage.ok(&["meeting", "remove", "team", "Ada"]), "Ada is removed from the meeting.");
    assert!(!watch.child.wait().unwrap().success());
    let refused = stage.fails(&["list", &ada]);
    assert!(refused.contains("you were removed from this meeting"), "{refused}");
    stage.ok(&["list", &bob]);
    // A new invitation for the same address lets the person come back.
    let uri =
        links.lines().find(|line| line.contains("Ada")).unwrap().split(' ').next_back().unwrap();
    let again = stage.ok(&["invite", "team", "--name", "Ada", "--uri", uri]);
    stage.ok(&["list", &again]);
    // A link is revoked by its first characters.
    let start = links.lines().find(|line| line.contains("Bob")).unwrap().split(' ').next().unwrap();
    assert!(stage.fails(&["invite", "team", "--revoke", "nothing"]).contains("psom meeting links"));
    stage.ok(&["invite", "team", "--revoke", start]);
    assert!(stage.fails(&["list", &bob]).contains("this invitation is unknown"));
}

#[test]
fn manual_pages_are_written_for_all_commands() {
    let folder = crate::support::Folder::new();
    folder.ok(&["man", "pages"]);
    let page = String::from_utf8(folder.read("pages/psom-poll-create.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("question"), "{page}");
    assert!(
        !folder.read("pages/psom.1").is_empty() && !folder.read("pages/psom-serve.1").is_empty()
    );
}

#[test]
fn a_log_can_be_json() {
    let stage = Stage::open_with_log(&["--log-format", "json"], "info");
    stage.ok(&["list", &stage.link]);
    let line = stage.wait_for_log("A connection ended", 1).remove(0);
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&entry["level"], &entry["caused_by"]),
        (&"INFO".into(), &"client".into()),
        "{line}"
    );
    assert!(
        entry["user"].is_i64() && entry["name"].is_string() && entry["reason"].is_string(),
        "{line}"
    );
}

#[test]
fn bench_measures_joins_annotations_and_votes() {
    let stage = Stage::open(&[]);
    let arguments = ["--members", "4", "--rate", "20", "--seconds", "1", "--json"];
    let rows = stage.ok(&[&["bench", &stage.link][..], &arguments].concat());
    let rows = rows.lines().map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
    let rows: Vec<_> = rows.map(|row| (row["action"].clone(), row["count"].clone())).collect();
    let row = |action: &str, count: u32| (action.into(), count.into());
    let expected = [row("join", 4), row("annotation received", 20), row("vote counted", 4)];
    assert_eq!(rows, expected);
    assert_eq!(stage.ok(&["list", &stage.link]), "The meeting has no contents.");
    let refused = stage.fails(&["bench", &stage.guests, "--members", "2"]);
    assert!(refused.contains("join as a presenter"), "{refused}");
}
