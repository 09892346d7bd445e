//! The identity of a user in a meeting, and the meeting that a command uses.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use psom_server::{JoinLink, LinkAuthority};

use crate::support::{Stage, psom};

#[test]
fn a_command_without_a_name_keeps_the_name_of_its_user() {
    let stage = Stage::open(&[]);
    let mut watch = stage.start(&["watch", &stage.link, "--as", "Ada"]);
    watch.until(&["In the meeting: Ada."]);
    stage.ok(&["list", &stage.guests, "--as", "Stu"]);
    watch.until(&["Stu has joined."]);
    watch.until(&["Stu has left."]);
    assert!(stage.ok(&["people", &stage.guests]).contains("Stu"));
    watch.until(&["Stu has joined."]);
    // The name is known to the server, too, so that a lost state directory changes nothing.
    std::fs::remove_file(stage.file("state/psom/names.json")).unwrap();
    assert!(stage.ok(&["people", &stage.guests]).contains("Stu"));
}

#[test]
fn a_new_name_is_announced_as_a_new_name() {
    let stage = Stage::open(&[]);
    let mut watch = stage.start(&["watch", &stage.link, "--as", "Ada"]);
    watch.until(&["In the meeting: Ada."]);
    let mut guest = stage.start(&["watch", &stage.guests, "--as", "Stu"]);
    guest.until(&["In the meeting: "]);
    watch.until(&["Stu has joined."]);
    stage.ok(&["people", &stage.guests, "--as", "Stuart"]);
    let line = watch.line();
    assert_eq!(line, "Stu is now called Stuart.");
}

#[test]
fn a_person_leaves_with_all_commands_that_run() {
    let stage = Stage::open(&[]);
    let mut observer = stage.start(&["watch", &stage.link, "--as", "Ada"]);
    observer.until(&["In the meeting: Ada."]);
    let mut watch = stage.start(&["watch", &stage.guests, "--as", "Stu"]);
    watch.until(&["In the meeting: "]);
    observer.until(&["Stu has joined."]);
    stage.ok(&["use", &stage.guests, "lesson"]);
    let left = "You have left the meeting demo, and its link is no longer saved.";
    assert_eq!(stage.ok(&["leave"]), left);
    observer.until(&["Stu has left."]);
    // A program that would join again by itself has ended.
    assert_eq!(watch.child.wait().unwrap().code(), Some(1));
    assert_eq!(stage.ok(&["use"]), "No link is saved. Save one with `psom use 'LINK'`.");
    // The person may come back, under the name that the server knows.
    assert_eq!(stage.ok(&["leave", &stage.guests]), "You have left the meeting demo.");
    assert!(stage.ok(&["people", &stage.guests]).contains("Stu"));
    let once = stage.ok(&["invite", "demo", "--once", "--name", "Bea"]);
    let why = stage.fails(&["leave", &once]);
    assert!(why.contains("the link is for one connection"), "{why}");
}

#[test]
fn two_people_on_one_machine_have_a_vote_each() {
    let stage = Stage::open(&[]);
    let poll = |words: &[&'static str]| -> Vec<&str> {
        ["poll", stage.guests.as_str()].iter().chain(words).copied().collect()
    };
    let choices = ["--question", "?", "--choice", "a", "--choice", "b"];
    stage.ok(&[&["poll", &stage.link, "create", "Lunch"], &choices[..]].concat());
    stage.ok(&poll(&["vote", "Lunch", "a", "--as", "Stu"]));
    stage.ok(&poll(&["vote", "Lunch", "b", "--as-new", "Bea"]));
    // Later commands are Bea by her name, and Stu without a name.
    stage.ok(&poll(&["vote", "Lunch", "b", "--as", "Bea"]));
    assert!(stage.ok(&["people", &stage.guests]).contains("Stu"));
    let results = stage.ok(&["poll", &stage.link, "results", "Lunch", "--csv"]);
    assert_eq!(results.lines().skip(1).collect::<Vec<_>>(), ["a,1", "b,1"]);
    // Another name without --as-new renames Stu, and a note names the option that avoids that.
    let output = stage.run(&poll(&["vote", "Lunch", "b", "--as", "Stuart"]));
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(
        note.contains("\"Stu\" is called \"Stuart\" now") && note.contains("--as-new 'Stuart'")
    );
    let results = stage.ok(&["poll", &stage.link, "results", "Lunch", "--csv"]);
    assert_eq!(results.lines().skip(1).collect::<Vec<_>>(), ["a,0", "b,2"]);
    // A link for one person has no other persons.
    stage.ok(&["meeting", "create", "team"]);
    let own = stage.invite("Ada", "presenter");
    assert!(
        stage.fails(&["list", &own, "--as-new", "Bea"]).contains("this link is for one person")
    );
}

#[test]
fn a_saved_link_serves_commands_without_a_link() {
    let stage = Stage::open(&[]);
    assert!(stage.ok(&["use"]).contains("No link is saved"));
    let output = stage.run(&["list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("save it once with `psom use 'LINK'`")
    );
    assert!(stage.fails(&["use", "nonsense"]).contains("begins with psom://"));
    assert!(stage.ok(&["use", &stage.guests, "--name", "class"]).contains("@class"));
    assert!(stage.ok(&["use", &stage.link]).contains("@default"));
    stage.ok(&["poll", "create", "Lunch", "--question", "?", "--choice", "a", "--choice", "b"]);
    let list = stage.ok(&["list", "@class"]);
    assert!(list.contains("Lunch") && list.contains("2 choices"), "{list}");
    let json = stage.ok(&["list", "--json"]);
    let content: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&content["title"], &content["type"]), (&"Lunch".into(), &"Content.Poll".into()));
    assert!(content["created"].as_str().unwrap().ends_with('Z'), "{json}");
    // A guest may not create a poll.
    stage.ok(&["use", "class"]);
    let refused =
        stage.fails(&["poll", "create", "x", "--question", "?", "--choice", "a", "--choice", "b"]);
    assert!(refused.contains("as a presenter"), "{refused}");
    let names = stage.ok(&["use"]);
    assert!(names.contains("* @class  psom://") && !names.contains("invite="), "{names}");
    assert!(stage.fails(&["list", "@nobody"]).contains("choose from @class, @default"));
    stage.ok(&["use", "--forget", "class"]);
    assert_eq!(stage.run(&["list"]).status.code(), Some(2), "no link is current");
}

#[test]
fn the_link_of_the_environment_comes_before_the_saved_one() {
    let stage = Stage::open(&[]);
    stage.ok(&["use", &stage.guests]);
    let output = psom(stage.directory.path())
        .args(["poll", "create", "Lunch", "--question", "?", "--choice", "a", "--choice", "b"])
        .env("PSOM_LINK", &stage.link)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_link_cut_by_the_shell_is_explained() {
    let stage = Stage::open(&[]);
    let cut = stage.link.split('&').next().unwrap();
    assert!(stage.fails(&["list", cut]).contains("put the link in single quotes"));
}

#[test]
fn a_shared_content_is_one_line() {
    let stage = Stage::open(&[]);
    let mut watch = stage.start(&["watch", &stage.guests, "--as", "Bob"]);
    watch.until(&["In the meeting: "]);
    std::fs::write(stage.file("Plan.txt"), "12345").unwrap();
    stage.ok(&["share", &stage.link, "Plan.txt", "--as", "Ada"]);
    assert_eq!(watch.line(), "Ada has joined.");
    // The line about the content needs another answer of the server. Meanwhile Ada can leave.
    let mut lines = [watch.line(), watch.line()];
    lines.sort();
    assert_eq!(lines, ["Ada has left.", "Ada shared the file \"Plan.txt\" (5 bytes)."]);
    stage.ok(&["whiteboard", &stage.link, "Ideas", "create"]);
    let instead = stage.fails(&["get", &stage.link, "Ideas"]);
    assert!(instead.contains("psom whiteboard LINK 'Ideas' export"), "{instead}");
}

#[test]
fn links_have_the_fingerprint_of_the_authority_and_old_links_stay_valid() {
    for options in [&[][..], &["--https"]] {
        let stage = Stage::open(options);
        assert!(stage.link.len() <= 170, "{} characters", stage.link.len());
        std::fs::write(stage.file("Plan.txt"), "12345").unwrap();
        stage.ok(&["share", &stage.link, "Plan.txt"]);
        // Links of earlier versions have the certificate itself.
        let short: JoinLink = stage.link.parse().unwrap();
        let pem = std::fs::read_to_string(stage.file("psom-data/ca.pem")).unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(base64).unwrap();
        let old = JoinLink { authority: LinkAuthority::Certificate(der), ..short.clone() };
        assert!(old.to_string().len() > 500);
        assert!(stage.ok(&["list", &old.to_string()]).contains("Plan.txt"));
        stage.ok(&["get", &stage.link, "Plan.txt", "-o", "copy.txt"]);
        assert_eq!(std::fs::read(stage.file("copy.txt")).unwrap(), b"12345");
        // A link with the fingerprint of another authority leads nowhere.
        let other = JoinLink { authority: LinkAuthority::Fingerprint([7; 32]), ..short };
        let error = stage.fails(&["list", &other.to_string()]);
        assert!(error.contains("certificate"), "{error}");
    }
}

#[test]
fn a_link_that_names_another_meeting_is_refused() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let other = stage.link.replace("/demo?", "/team?");
    let error = stage.fails(&["list", &other]);
    assert!(error.contains("not for the meeting that the link names"), "{error}");
}

#[test]
fn a_newcomer_sees_the_names_of_users_who_have_left() {
    let mut stage = Stage::open(&[]);
    stage.ok(&["whiteboard", &stage.link, "Ideas", "create", "--as", "Ada"]);
    let is_known = |stage: &Stage| {
        let list = stage.ok(&["list", &stage.guests, "--as", "Bob"]);
        assert!(list.contains("Ada") && !list.contains("User "), "{list}");
        let people = stage.ok(&["people", &stage.guests]);
        assert!(people.contains("Bob") && !people.contains("Ada"), "{people}");
    };
    is_known(&stage);
    stage.restart();
    is_known(&stage);
}
