//! Commands that fail or are interrupted, and servers that cannot start.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Command, Stdio},
};

use crate::support::{Stage, psom};

/// The word in the server's log for a connection that ended without a Close.
const LOST: &str = "lost";

#[test]
fn a_command_that_fails_closes_its_connection() {
    let stage = Stage::open_with_log(&[], "info");
    let commands: [&[&str]; 5] = [
        &["get", &stage.link, "nothing"],
        &["rename", &stage.link, "nothing", "something"],
        &["delete", &stage.link, "nothing"],
        &[
            "poll",
            &stage.guests,
            "create",
            "Poll",
            "--question",
            "?",
            "--choice",
            "a",
            "--choice",
            "b",
        ],
        &["share", &stage.guests, "server.log"],
    ];
    for command in commands {
        stage.fails(command);
    }
    let ended = stage.wait_for_log("A connection ended", commands.len());
    assert!(ended.iter().all(|line| !line.contains(LOST)), "{ended:#?}");
}

/// Makes a file without data that is this long.
fn sparse(stage: &Stage, name: &str, bytes: u64) {
    File::create(stage.file(name)).unwrap().set_len(bytes).unwrap();
}

#[test]
fn an_interrupted_share_cancels_its_upload() {
    let stage = Stage::open_with_log(&[], "info");
    sparse(&stage, "big.bin", 512 << 20);
    for signal in ["-INT", "-TERM"] {
        let mut share = psom(stage.directory.path());
        share.env("PSOM_TRACE", "1").args(["share", &stage.link, "big.bin"]);
        let mut share = share.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(share.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("cWriteComplete")));
        let id = share.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let rest: Vec<String> = lines.filter(|line| !line.contains("Write")).collect();
        let is_cancel = |line: &&String| line.contains("sUploadFinished") && line.contains("true");
        assert_eq!(rest.iter().filter(is_cancel).count(), 1, "{rest:#?}");
        assert!(rest.iter().any(|line| line.contains("-> #0 close")), "{rest:#?}");
        assert!(rest.iter().any(|line| line == "error: interrupted"), "{rest:#?}");
        assert_eq!(share.wait().unwrap().code(), Some(130));
    }
    let ended = stage.wait_for_log("A connection ended", 2);
    assert!(ended.iter().all(|line| !line.contains(LOST)), "{ended:#?}");
    // The title is free again.
    fs::write(stage.file("big.bin"), "small").unwrap();
    stage.ok(&["share", &stage.link, "big.bin"]);
}

#[test]
fn a_file_that_is_too_large_is_rejected_before_anything_is_copied() {
    let stage = Stage::open(&[]);
    sparse(&stage, "huge.bin", 6 << 30);
    fs::write(stage.file("small.txt"), "small").unwrap();
    fs::create_dir(stage.file("temporary")).unwrap();
    let mut share = psom(stage.directory.path());
    share.env("TMPDIR", stage.file("temporary"));
    let output = share.args(["share", &stage.link, "small.txt", "huge.bin"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("huge.bin: the file has 6.00 GiB, and the server accepts at most"),
        "{error}"
    );
    // No other file is shared either.
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read_dir(stage.file("temporary")).unwrap().count(), 0);
}

#[test]
fn a_presenter_cannot_hide_a_file_from_themselves() {
    let stage = Stage::open(&[]);
    fs::write(stage.file("Plan.txt"), "plan").unwrap();
    let why = stage.fails(&["share", &stage.link, "Plan.txt", "--visibility", "organizer"]);
    assert!(why.contains("only organizers would see this, and you are not one"), "{why}");
    stage.ok(&["share", &stage.link, "Plan.txt", "--visibility", "presenters"]);
    let why = stage.fails(&["visibility", &stage.link, "Plan.txt", "organizer"]);
    assert!(why.contains("only organizers would see this"), "{why}");
    stage.ok(&["meeting", "create", "team"]);
    let organizer = stage.invite("Ada", "organizer");
    stage.ok(&["share", &organizer, "Plan.txt", "--visibility", "organizer"]);
}

#[test]
fn logs_are_never_silenced_by_mistake() {
    let stage = Stage::open(&[]);
    let errors = |value: &str| {
        let mut get = psom(stage.directory.path());
        get.env("PSOM_LOG", value).env_remove("RUST_LOG").args(["get", &stage.link, "nothing"]);
        String::from_utf8(get.output().unwrap().stderr).unwrap()
    };
    assert!(errors("").starts_with("error: "));
    let loud = errors("loud");
    assert!(loud.starts_with("warning: PSOM_LOG is \"loud\", which selects no logs"), "{loud}");
    let debug = errors("debug");
    assert!(debug.contains("connecting") && debug.contains("the connection is closed"), "{debug}");
}

#[test]
fn a_server_without_its_port_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (listen, http) in [(&*taken, "127.0.0.1:0"), ("127.0.0.1:0", &*taken)] {
        let mut serve = psom(directory.path());
        serve.args(["serve", "--demo", "--listen", listen, "--http", http]);
        let output = serve.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stderr).unwrap().contains("in use"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_hangup_stops_a_server_cleanly() {
    let mut stage = Stage::open_with_log(&[], "info");
    let id = stage.server.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    assert!(stage.server.child.wait().unwrap().success());
    stage.wait_for_log("the server has stopped", 1);
}
