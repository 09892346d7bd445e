//! Titles, names and choices that look alike or are invisible.

use std::fs;

use crate::support::Stage;

#[test]
fn titles_that_look_alike_are_one_title() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let host = stage.invite("Ada", "presenter");
    let guest = stage.invite("Bob", "attendee");
    fs::write(stage.file("x"), "x").unwrap();
    for (first, second) in [
        ("Caf\u{e9}.txt", "Cafe\u{301}.txt"),
        ("\u{d55c}.txt", "\u{1112}\u{1161}\u{11ab}.txt"),
        ("Stra\u{df}e.txt", "STRASSE.TXT"),
        ("a b.txt", "a\u{a0}b.txt"),
        ("z.txt", "z\u{200b}.txt"),
        ("t.txt", "t.txt "),
        ("h.txt", "h\u{3164}.txt"),
        ("\u{fb01}le", "File"),
    ] {
        stage.ok(&["share", &host, "x", "--title", first]);
        let why = stage.fails(&["share", &host, "x", "--title", second]);
        assert!(why.contains("is taken"), "{second:?}: {why}");
        // The other spelling finds the content, too.
        stage.ok(&["get", &guest, second, "-o", "copy", "--force"]);
        stage.ok(&["delete", &host, second]);
    }
}

#[test]
fn invisible_and_reordering_texts_are_rejected() {
    let stage = Stage::open(&[]);
    stage.ok(&["meeting", "create", "team"]);
    let host = stage.invite("Ada", "presenter");
    fs::write(stage.file("x"), "x").unwrap();
    for title in ["\u{200b}", "\u{3164}", "\u{2800}", "a\u{202e}b", "a\u{61c}b", "..\u{200d}"] {
        stage.fails(&["share", &host, "x", "--title", title]);
    }
    let poll = |question: &str, one: &str, other: &str| {
        stage.fails(&[
            "poll",
            &host,
            "create",
            "P",
            "--question",
            question,
            "--choice",
            one,
            "--choice",
            other,
        ])
    };
    assert!(poll("\u{3164}", "a", "b").contains("is empty"));
    assert!(poll("a\u{202e}b", "a", "b").contains("changes the direction"));
    assert!(poll("q", "\u{200b}", "b").contains("is empty"));
    assert!(poll("q", "a\u{2066}", "b").contains("changes the direction"));
    for (one, other) in [
        ("now", "now\u{200b}"),
        ("\u{e9}", "e\u{301}"),
        ("a b", "a  b"),
        ("yes", "Yes"),
        ("K", "\u{212a}"),
    ] {
        assert!(poll("q", one, other).contains("look alike"), "{one:?} {other:?}");
    }
    for name in ["\u{200b}", "\u{2800}", "a\u{202e}b", "a\u{200f}"] {
        stage.fails(&["invite", "team", "--name", name]);
    }
}
