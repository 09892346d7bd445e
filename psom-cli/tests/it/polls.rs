//! Polls, questions and notes with the commands of several users.

use crate::support::{Running, Stage};

/// A meeting with a presenter and three attendees, and their links.
fn meeting() -> (Stage, String, [String; 3]) {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let host = stage.invite("Ada", "presenter");
    let guests = ["Bob", "Cleo", "Dan"].map(|name| stage.invite(name, "attendee"));
    (stage, host, guests)
}

fn watch(stage: &Stage, link: &str) -> Running {
    let mut watch = stage.start(&["watch", "--all", link]);
    watch.until(&["The meeting's state is complete."]);
    watch
}

#[test]
fn a_poll_is_created_voted_on_and_exported() {
    let (stage, host, [bob, cleo, dan]) = meeting();
    let mut watch = watch(&stage, &dan);
    let create =
        ["create", "Lunch", "--question", "Eat?", "--choice", "=now()", "--choice", "later"];
    let poll = |link: &str, arguments: &[&str]| stage.ok(&[&["poll", link], arguments].concat());
    let refused =
        |link: &str, arguments: &[&str]| stage.fails(&[&["poll", link], arguments].concat());
    assert_eq!(poll(&host, &create), "Created the poll \"Lunch\".");
    watch.until(&["\"Lunch\" asks \"Eat?\": \"=now()\", \"later\"."]);
    assert!(refused(&host, &create).contains("choose another title"));
    assert!(
        refused(&bob, &["create", "x", "--question", "?", "--choice", "a", "--choice", "b"])
            .contains("as a presenter")
    );
    assert!(
        refused(&host, &["create", "x", "--question", "?", "--choice", "a"])
            .contains("two to seven")
    );

    assert_eq!(poll(&bob, &["vote", "Lunch", "2"]), "You have voted for \"later\".");
    assert_eq!(poll(&cleo, &["vote", "lunch", "LATER"]), "You have voted for \"later\".");
    assert_eq!(poll(&dan, &["vote", "Lunch", "=now()"]), "You have voted for \"=now()\".");
    watch.until(&["You have voted for \"=now()\" in \"Lunch\"."]);
    assert!(
        refused(&bob, &["vote", "Lunch", "3"]).contains("choose from #1 \"=now()\", #2 \"later\"")
    );
    let csv = "choice,votes\r\n\"'=now()\",1\r\nlater,2";
    assert_eq!(poll(&host, &["results", "Lunch", "--csv"]), csv);

    // Hidden results are sent as zeros, which must not be shown as results.
    let hidden = || {
        let output = stage.run(&["poll", &bob, "results", "Lunch"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "Eat?\n       =now()\n       later\n"
        );
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(why.contains("not visible to you; ask"), "{why}");
    };
    hidden();
    assert!(refused(&bob, &["results", "Lunch", "--csv"]).contains("not visible to you; ask"));
    // Also if the state is the requested one already.
    for action in ["show", "hide", "open"] {
        assert!(refused(&bob, &[action, "Lunch"]).contains("as a presenter"), "{action}");
    }
    let shown = "The results of \"Lunch\" are visible to everyone.";
    assert_eq!(poll(&host, &["show", "Lunch"]), shown);
    watch.until(&["Votes in \"Lunch\": 1 for \"=now()\", 2 for \"later\"."]);
    assert_eq!(poll(&bob, &["results", "Lunch"]), "Eat?\n    1  =now()\n    2  later");
    poll(&host, &["hide", "Lunch"]);
    watch.until(&["The results of \"Lunch\" are hidden, or nobody has voted."]);
    hidden();

    assert_eq!(poll(&dan, &["vote", "Lunch", "none"]), "You have no vote.");
    assert!(refused(&bob, &["close", "Lunch"]).contains("as a presenter"));
    poll(&host, &["close", "Lunch"]);
    watch.until(&["\"Lunch\" is closed."]);
    assert!(refused(&bob, &["vote", "Lunch", "1"]).contains("closed; vote when it is open"));
    assert!(poll(&host, &["results", "Lunch"]).ends_with("    2  later\nThe poll is closed."));
    assert_eq!(poll(&host, &["open", "Lunch"]), "\"Lunch\" is open.");

    let modify = ["modify", "Lunch", "--question", "Drink?", "--choice", "tea", "--choice", "milk"];
    assert!(refused(&bob, &modify).contains("as a presenter"));
    poll(&host, &modify);
    watch.until(&["\"Lunch\" asks \"Drink?\""]);
    assert_eq!(poll(&host, &["results", "Lunch", "--csv"]), "choice,votes\r\ntea,0\r\nmilk,2");
    assert!(refused(&bob, &["clear", "Lunch"]).contains("as a presenter"));
    poll(&host, &["clear", "Lunch"]);
    assert_eq!(poll(&host, &["results", "Lunch", "--csv"]), "choice,votes\r\ntea,0\r\nmilk,0");
    assert_eq!(poll(&host, &["results", "Lunch"]), "Drink?\n    0  tea\n    0  milk");
    // Once more without any votes.
    assert_eq!(poll(&host, &["clear", "Lunch"]), "Deleted the votes of \"Lunch\".");
    let long = "x".repeat(60_000);
    let long = ["create", "x", "--question", &long, "--choice", "a", "--choice", "b"];
    let why = refused(&host, &long);
    assert!(why.contains("a text is too long (make it shorter), or it does not support"), "{why}");
    let same = ["create", "x", "--question", "?", "--choice", "a", "--choice", "a"];
    assert!(refused(&host, &same).contains("two choices are the same"));
    watch.interrupt();
}

#[test]
fn a_poll_can_be_visible_to_presenters_only() {
    let (stage, host, [bob, ..]) = meeting();
    let create = ["create", "Quiz", "--question", "?", "--choice", "a", "--choice", "b"];
    stage.ok(&[&["poll", &host][..], &create, &["--visibility", "presenters"]].concat());
    assert!(stage.fails(&["poll", &bob, "vote", "Quiz", "a"]).contains("you see no contents"));
    stage.ok(&["poll", &host, "vote", "Quiz", "a"]);
    // The option `--as` may follow the action.
    stage.ok(&["poll", &host, "results", "Quiz", "--as", "Ada"]);
    stage.ok(&["qna", &host, "create", "Questions"]);
    assert!(stage.fails(&["poll", &host, "vote", "Questions", "a"]).contains("is not a poll"));
}

#[test]
fn texts_may_begin_with_a_hyphen() {
    let (stage, host, [bob, ..]) = meeting();
    let create = ["create", "Cold", "--question", "-5?", "--choice", "-5", "--choice", "-7"];
    stage.ok(&[&["poll", &host][..], &create].concat());
    let voted = stage.ok(&["poll", &bob, "vote", "Cold", "-7"]);
    assert_eq!(voted, "You have voted for \"-7\".");
    let csv = stage.run(&["poll", &host, "results", "Cold", "--csv=excel"]).stdout;
    let expected = "\u{feff}choice,votes\r\n\"'-5\",0\r\n\"'-7\",1\r\n";
    assert_eq!(String::from_utf8(csv).unwrap(), expected);
    stage.ok(&["qna", &host, "create", "Questions"]);
    assert_eq!(stage.ok(&["qna", &bob, "ask", "Questions", "-1?"]), "Asked in \"Questions\".");
}

#[test]
fn a_link_works_as_a_mail_program_leaves_it() {
    let (stage, host, _) = meeting();
    stage.ok(&["qna", &host, "create", "Questions"]);
    let wrapped = format!("<{}\n{}>.", &host[..60], &host[60..]);
    for link in [wrapped, host.replace('&', "&amp;"), host.replace("psom://", "PSOM://")] {
        let shown = stage.ok(&["qna", &link, "show", "Questions"]);
        assert_eq!(shown, "Nobody has asked a question yet.");
    }
}

#[test]
fn questions_are_asked_and_answered() {
    let (stage, host, [bob, cleo, dan]) = meeting();
    let qna = |link: &str, arguments: &[&str]| stage.ok(&[&["qna", link], arguments].concat());
    let refused =
        |link: &str, arguments: &[&str]| stage.fails(&[&["qna", link], arguments].concat());
    let mut watch = watch(&stage, &dan);
    assert!(refused(&bob, &["create", "Exam"]).contains("as a presenter"));
    assert_eq!(qna(&host, &["create", "Exam"]), "\"Exam\" is open.");
    watch.until(&["\"Exam\" is open for questions."]);
    assert_eq!(qna(&bob, &["show", "Exam"]), "Nobody has asked a question yet.");
    assert_eq!(qna(&bob, &["ask", "Exam", "When?"]), "Asked in \"Exam\".");
    watch.until(&["Bob asks in \"Exam\": \"When?\""]);
    watch.until(&["\"Exam\" has 1 question."]);
    qna(&cleo, &["ask", "Exam", "Where?"]);
    assert_eq!(qna(&host, &["answer", "Exam", "1", "In May."]), "Answered in \"Exam\".");
    watch.until(&["Ada answers to \"When?\" in \"Exam\": \"In May.\""]);
    assert!(
        refused(&host, &["answer", "Exam", "3", "x"])
            .contains("there is no question 3; `psom qna LINK show` lists 2 questions")
    );
    let all = "  1. Bob: When?\n     Ada: In May.\n  2. Cleo: Where?";
    assert_eq!(qna(&dan, &["show", "Exam"]), all);
    assert!(refused(&bob, &["suspend", "Exam"]).contains("as a presenter"));
    assert_eq!(qna(&host, &["suspend", "Exam"]), "\"Exam\" is suspended.");
    watch.until(&["\"Exam\" is suspended."]);
    for refused in
        [refused(&bob, &["ask", "Exam", "Why?"]), refused(&host, &["answer", "Exam", "2", "Here."])]
    {
        assert!(refused.contains("suspended; ask a presenter to open"), "{refused}");
    }
    assert_eq!(qna(&bob, &["show", "Exam"]), format!("{all}\nThe Q&A is suspended."));
    qna(&host, &["open", "Exam"]);
    qna(&bob, &["ask", "Exam", "Why?"]);
    assert!(refused(&bob, &["ask", "Exam", " "]).contains("write something"));
}

#[test]
fn notes_are_shared_by_address() {
    let (stage, host, [bob, ..]) = meeting();
    let url = "https://notes.example.com/minutes";
    let create = ["create", "Minutes", "--url", url, "--page", "May 2", "--notebook", "Team"];
    assert!(stage.fails(&[&["notes", &bob], &create[..]].concat()).contains("as a presenter"));
    let nowhere = stage.fails(&["notes", &host, "create", "x", "--url", "minutes"]);
    assert!(nowhere.contains("\"minutes\" is not an address"), "{nowhere}");
    let long = "x".repeat(70_000);
    for (option, text, expected) in [
        ("--page", &long[..], "the page is too long; make it shorter"),
        ("--id", "a\u{1b}[31mb", "the identifier has a line break or a control character"),
    ] {
        let why = stage.fails(&["notes", &host, "create", "x", "--url", url, option, text]);
        assert!(why.contains(expected), "{why}");
    }
    let why = stage.fails(&["notes", &host, "create", "x?", "--url", url]);
    assert!(
        why.contains(r#"must not contain \ / : * ? " < > |; choose another, such as "x""#),
        "{why}"
    );
    assert_eq!(stage.ok(&[&["notes", &host], &create[..]].concat()), "Shared \"Minutes\".");
    let shown = stage.ok(&["notes", &bob, "show", "Minutes"]);
    assert_eq!(shown, format!("url       {url}\nnotebook  Team\npage      May 2"));
    let mut json = stage.start(&["watch", &bob, "--json"]);
    let titles = r#"{"event":"notesTitles","notebook":"Team","section":"","page":"May 2","#;
    json.until(&[titles, r#""content":1}"#]);
    assert!(stage.fails(&["notes", &bob, "error", "Minutes"]).contains("as a presenter"));
    let told = stage.ok(&["notes", &host, "error", "Minutes"]);
    assert_eq!(told, "Reported an error of \"Minutes\" to everybody.");
    json.until(&[r#"{"event":"notesError","code":1,"content":1}"#]);
    let shown = stage.ok(&["notes", &bob, "show", "Minutes"]);
    assert!(shown.ends_with("An error was reported for the page."), "{shown}");
    assert!(stage.fails(&["notes", &bob, "show", "nothing"]).contains("there is \"Minutes\""));
}
