//! `psom export`: a meeting as a folder.

use std::fs;

use crate::{renderer::renderer, slides_share, support::Stage};

#[test]
fn meeting_is_exported_with_all_contents() {
    renderer();
    let stage = Stage::open(&[]);
    let link = &*stage.link;
    for arguments in [
        &["whiteboard", link, "Plan & co", "create"][..],
        &["whiteboard", link, "Plan & co", "draw", "--path", "M0 0L100 50", "--stroke", "#ff0000"],
        &["whiteboard", link, "Plan & co", "text", "Milk", "--at", "10,20"],
        &[
            "poll",
            link,
            "create",
            "Lunch",
            "--question",
            "When?",
            "--choice",
            "now",
            "--choice",
            "later",
        ],
        &["poll", link, "vote", "Lunch", "now"],
        &["qna", link, "create", "Questions"],
        &["qna", link, "ask", "Questions", "Is it *warm*?"],
        &["qna", link, "answer", "Questions", "1", "Yes."],
        &["notes", link, "create", "Minutes", "--url", "https://notes.example/a"],
    ] {
        stage.ok(arguments);
    }
    slides_share::talk(&stage);
    stage.ok(&["slides", link, "Talk.pdf", "--size", "320"]);
    let draw = ["draw", "--path", "M0 0L960 700", "--slide", "20"];
    stage.ok(&[&["whiteboard", link, "Talk.pdf"], &draw[..]].concat());
    fs::write(stage.file("plan.txt"), "hello").unwrap();
    stage.ok(&["share", link, "plan.txt"]);

    let done = stage.ok(&["export", link, "-o", "review"]);
    assert_eq!(done, "Exported 6 contents to review; open review/index.html.");
    let folder = stage.file("review");
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(read("files/plan.txt"), "hello");
    assert_eq!(read("polls/Lunch.csv"), "choice,votes\r\nnow,1\r\nlater,0\r\n");
    let questions = read("questions/Questions.md");
    assert!(questions.contains("1. Is it \\*warm\\*?") && questions.contains("   - Yes\\."));
    assert_eq!(read("notes.md"), "## Minutes\n\nAddress: <https://notes.example/a>\n\n");
    let board = read("boards/Plan & co.svg");
    assert!(board.contains("stroke=\"#ff0000\"") && board.contains(">Milk<"), "{board}");
    let png = image::open(folder.join("boards/Plan & co.png")).unwrap().to_rgb8();
    assert!(png.pixels().any(|pixel| pixel.0 == [255, 0, 0]), "the line is drawn");
    // The slide is behind the annotations.
    let slide = read("slides/Talk.pdf/slide-20.svg");
    let (ground, path) = (slide.find("data:image/jpeg;base64,"), slide.find("<path "));
    assert!(ground.is_some() && ground < path, "{}", &slide[..300]);
    assert!(!read("slides/Talk.pdf/slide-01.svg").contains("<path "), "it is on the last slide");
    let png = image::open(folder.join("slides/Talk.pdf/slide-01.png")).unwrap();
    assert_eq!(png.width().max(png.height()), 320);
    // The PDF itself is a file of the meeting.
    assert!(fs::read(folder.join("files/Talk.pdf")).unwrap().starts_with(b"%PDF"));
    let index = read("index.html");
    assert!(index.contains("<h2>Plan &amp; co</h2>") && index.contains("href=\"files/plan.txt\""));
    assert!(index.contains("<img src=\"slides/Talk.pdf/slide-20.png\""));

    // Nothing is overwritten by mistake.
    let why = stage.fails(&["export", link, "-o", "review"]);
    assert!(why.contains("review is not empty"), "{why}");
    stage.ok(&["export", link, "-o", "review", "--force"]);
    // An attendee exports what they see.
    stage.ok(&["visibility", link, "Plan & co", "presenters"]);
    stage.ok(&["export", &stage.guests, "-o", "mine"]);
    assert!(!stage.file("mine/boards").exists());
}
