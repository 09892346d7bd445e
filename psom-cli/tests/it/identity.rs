//! Who a user is in a meeting, and which meeting a command means.

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
fn a_saved_link_serves_commands_without_a_link() {
    let stage = Stage::open(&[]);
    assert!(stage.ok(&["use"]).contains("No link is saved"));
    assert_eq!(stage.run(&["list"]).status.code(), Some(2), "the link is missing");
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
    assert_eq!(watch.line(), "Ada shared the file \"Plan.txt\" (5 bytes).");
    stage.ok(&["whiteboard", &stage.link, "Ideas", "create"]);
    let instead = stage.fails(&["get", &stage.link, "Ideas"]);
    assert!(instead.contains("psom whiteboard LINK 'Ideas' export"), "{instead}");
}
