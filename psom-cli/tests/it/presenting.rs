//! The user on the stage: the keys, the printed lines, and leaving the stage.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use image::RgbImage;

use crate::support::{Running, Stage, psom};

/// Shares a presentation with three slides, the second of which has notes.
fn talk(stage: &Stage, link: &str) {
    fs::create_dir(stage.file("talk")).unwrap();
    for slide in 1..=3 {
        let picture = RgbImage::from_pixel(64, 48, image::Rgb([slide * 60, 0, 0]));
        picture.save(stage.file(&format!("talk/{slide}.jpg"))).unwrap();
    }
    fs::write(stage.file("talk/2.txt"), "Say hello.\nSmile.\n").unwrap();
    stage.ok(&["slides", link, "talk", "--title", "Talk"]);
}

fn poll(stage: &Stage, link: &str) {
    let choices = ["--question", "?", "--choice", "now", "--choice", "later"];
    stage.ok(&[&["poll", link, "create", "Lunch"], &choices[..]].concat());
}

/// Starts to present, and returns the program, whose errors are in a file.
fn present(stage: &Stage, link: &str, title: &str) -> Running {
    let mut command = psom(stage.directory.path());
    command.args(["present", link, title]).stdin(Stdio::null());
    command.stderr(fs::File::create(stage.file("errors")).unwrap());
    let mut present = Running::start(&mut command);
    present.until(&["Presenting"]);
    present
}

/// Waits for the end of a program, and returns its status and its errors.
fn end(stage: &Stage, mut running: Running) -> (Option<i32>, String) {
    let status = running.child.wait().unwrap();
    (status.code(), fs::read_to_string(stage.file("errors")).unwrap())
}

#[test]
fn presenter_sees_slides_notes_people_and_votes() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let ada = stage.invite("Ada", "presenter");
    let bob = stage.invite("Bob", "attendee");
    talk(&stage, &ada);
    poll(&stage, &ada);
    let mut present = present(&stage, &ada, "Talk");
    assert_eq!(present.line(), "In the meeting: Ada.");
    assert_eq!(present.line(), "Votes for \"Lunch\": now 0, later 0.");
    assert_eq!(present.line(), "Slide 1 of 3 slides");
    stage.ok(&["goto", &ada, "Talk", "2"]);
    assert_eq!(present.line(), "Slide 2 of 3 slides");
    assert_eq!([present.line(), present.line()], ["  Say hello.", "  Smile."]);
    let watch = stage.start(&["watch", &bob]);
    assert_eq!(present.line(), "Bob has joined. In the meeting: Ada, Bob.");
    stage.ok(&["poll", &bob, "vote", "Lunch", "later"]);
    assert_eq!(present.line(), "Votes for \"Lunch\": now 0, later 1.");
    watch.interrupt();
    assert_eq!(present.line(), "Bob has left. In the meeting: Ada.");
    present.interrupt();
}

#[test]
fn presenter_is_told_who_takes_the_stage() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let ada = stage.invite("Ada", "presenter");
    let grace = stage.invite("Grace", "organizer");
    let bob = stage.invite("Bob", "attendee");
    stage.ok(&["whiteboard", &ada, "Ideas", "create"]);

    let first = present(&stage, &ada, "Ideas");
    let mut second =
        Running::start(psom(stage.directory.path()).args(["present", &grace, "Ideas"]));
    let taken = (Some(3), "error: Grace has taken the stage\n".to_owned());
    assert_eq!(end(&stage, first), taken);
    second.until(&["Presenting"]);
    second.interrupt();

    let third = present(&stage, &ada, "Ideas");
    let refused = stage.fails(&["stop", &grace]);
    assert!(refused.contains("Ada is presenting; use --force"), "{refused}");
    let refused = stage.fails(&["stop", &bob, "--force"]);
    assert!(refused.contains("Ada is presenting; join as a presenter"), "{refused}");
    assert_eq!(stage.ok(&["stop", &grace, "--force"]), "Nobody is presenting any more.");
    assert_eq!(end(&stage, third), taken);
    assert_eq!(stage.ok(&["stop", &grace]), "Nobody is presenting.");
}

/// Waits until a content is on the stage, as another user sees it.
fn wait_for_stage(stage: &Stage) {
    let mut watch = stage.start(&["watch", &stage.guests, "--json"]);
    loop {
        let event: serde_json::Value = serde_json::from_str(&watch.line()).unwrap();
        if event["event"] == "activeContent" && event["content"].is_i64() {
            return watch.interrupt();
        }
    }
}

const REJOINING: &str = "The connection to the server was lost; joining again.";

#[test]
fn presenter_continues_after_a_restart_and_a_kill_of_the_server() {
    let mut stage = Stage::open(&[]);
    stage.ok(&["whiteboard", &stage.link, "Ideas", "create"]);
    let mut present = present(&stage, &stage.link, "Ideas");
    present.until(&["In the meeting"]);
    stage.restart();
    assert_eq!(present.line(), REJOINING);
    wait_for_stage(&stage);
    stage.kill_and_restart();
    // The users of the other commands have come and gone.
    present.until(&[REJOINING]);
    wait_for_stage(&stage);
    present.interrupt();
    assert_eq!(stage.ok(&["stop", &stage.link]), "Nobody is presenting.");
}

#[test]
fn presenter_stops_when_the_meeting_has_ended() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let ada = stage.invite("Ada", "presenter");
    stage.ok(&["whiteboard", &ada, "Ideas", "create"]);
    let present = present(&stage, &ada, "Ideas");
    stage.ok(&["meeting", "end", "team"]);
    let (status, errors) = end(&stage, present);
    assert_eq!(status, Some(4), "{errors}");
    assert!(errors.starts_with("error: you no longer present: the meeting has ended"), "{errors}");
}

#[test]
fn share_continues_after_a_kill_of_the_server() {
    /// The upload takes longer than the kill.
    const FILE_BYTES: u64 = 128 << 20;
    let mut stage = Stage::open_with_log(&[], "psom_objects=debug");
    fs::File::create(stage.file("Plan.bin")).unwrap().set_len(FILE_BYTES).unwrap();
    let mut share = stage.start(&["share", &stage.link, "Plan.bin"]);
    stage.wait_for_log("upload started", 1);
    stage.kill_and_restart();
    assert_eq!(share.line(), REJOINING);
    assert_eq!(share.line(), "Shared \"Plan.bin\".");
    assert!(share.child.wait().unwrap().success());
    let list = stage.ok(&["list", &stage.link]);
    assert_eq!(list.matches("Plan.bin").count(), 1, "{list}");
}

#[test]
fn annotations_belong_to_a_slide() {
    let stage = Stage::open(&[]);
    talk(&stage, &stage.link);
    let board =
        |words: &[&str]| stage.ok(&[&["whiteboard", stage.link.as_str(), "Talk"], words].concat());
    stage.ok(&["goto", &stage.link, "Talk", "2"]);
    board(&["text", "Second", "--at", "10,10"]);
    board(&["text", "Third", "--at", "10,10", "--slide", "3"]);
    let list = board(&["list"]);
    let slides: Vec<_> = list.lines().map(|line| line.split('\t').nth(4).unwrap()).collect();
    assert_eq!(slides, ["slide 2", "slide 3"], "{list}");
    // The slide is below its own annotations.
    let svg = board(&["export", "--slide", "3"]);
    assert!(
        svg.contains("data:image/jpeg") && svg.contains("Third") && !svg.contains("Second"),
        "{svg}"
    );
    let exported = board(&["export", "-o", "slide.png"]);
    assert_eq!(exported, "Exported slide 2 with 1 annotation to slide.png.");
    let png = fs::read(stage.file("slide.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let refused = stage.fails(&["whiteboard", &stage.link, "Talk", "export", "-o", "slide.jpg"]);
    assert!(refused.contains("ends in .svg or .png"), "{refused}");
    let refused = stage.fails(&["whiteboard", &stage.link, "Talk", "list", "--slide", "4"]);
    assert!(refused.contains("there is no slide 4"), "{refused}");
}

/// Presses keys in a terminal, which `script` of util-linux provides.
#[cfg(target_os = "linux")]
#[test]
fn arrow_keys_change_the_slide() {
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: `script` of util-linux is not installed");
        return;
    }
    let stage = Stage::open(&[]);
    talk(&stage, &stage.link);
    let program = psom(stage.directory.path());
    let line = format!("'{}' present '{}' Talk", program.get_program().display(), stage.link);
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.current_dir(stage.directory.path()).stdin(Stdio::piped());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let mut running = Running::start(&mut script);
    let mut keys = running.child.stdin.take().unwrap();
    let mut press = |key: &[u8]| keys.write_all(key).and_then(|()| keys.flush()).unwrap();
    running.until(&["Keys: "]);
    running.until(&["Slide 1 of 3 slides"]);
    for (key, slide) in
        [(&b"\x1b[C"[..], 2), (b" ", 3), (b"\x1b[D", 2), (b"3\r", 3), (b"\x1b[H", 1)]
    {
        press(key);
        running.until(&[&format!("Slide {slide} of 3 slides")]);
    }
    // Ctrl-C is a key here, and leaves the stage.
    press(b"\x03");
    assert!(running.child.wait().unwrap().success());
    assert_eq!(stage.ok(&["stop", &stage.link]), "Nobody is presenting.");
}
