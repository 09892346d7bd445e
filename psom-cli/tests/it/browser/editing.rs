//! The tools of a board, the changes of one person, and the speed of a large board.

use std::fs;

use super::{Driver, LISTED, Page, Screen, add, join};
use crate::support::Stage;

/// The most drawings that a board of the server takes.
const DRAWINGS: usize = 20_000;

/// Adds drawings to the board as another person, who uses the modules of the page. They are short: the server
/// takes 3 MiB for one board.
const FILL: &str = "import('/app/page/session.js').then(({ Session }) => { \
    const invite = new URLSearchParams(location.hash.slice(1)).get('invite'); \
    const filler = new Session('demo', invite, 'Filler', (change) => { \
        const contents = [...(filler.conference?.contents.values() ?? [])]; \
        const board = contents.find((content) => content.board?.server)?.board; \
        if (change.refused) done(change.refused); \
        if (change.kind === 'synced') { \
            for (let n = 0; n < COUNT; n += 1) { \
                const DATA = `M${n % 200 * 5} ${Math.floor(n / 200) * 6}q2 4 4 0t4 2`; \
                board.add(0, { LOCALID: String(n), DATA, STROKE: '#FF1A5FD0' }); \
            } \
            filler.flush(); \
        } \
        if (board?.annotations.size === COUNT) { filler.leave(); done(COUNT); } \
    }, () => {}); \
});";

/// A PNG of one red pixel.
const PIXEL: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0,
    0, 0, 144, 119, 83, 222, 0, 0, 0, 12, 73, 68, 65, 84, 8, 215, 99, 248, 207, 192, 0, 0, 3, 1, 1,
    0, 24, 221, 141, 176, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

/// The board as the server has it, without the bytes before the first annotation.
fn board(stage: &Stage) -> String {
    let svg = stage.ok(&["whiteboard", &stage.guests, "Board", "export"]);
    svg.split_once("fill=\"#ffffff\"/>\n").map(|(_, rest)| rest.to_owned()).unwrap()
}

/// Waits until the server has a board that fits, and returns it.
fn board_with(stage: &Stage, page: &Page<'_>, fits: impl Fn(&str) -> bool) -> String {
    for _ in 0..100 {
        let board = board(stage);
        if fits(&board) {
            return board;
        }
    }
    panic!("{}\n{}", board(stage), page.text("[role=alert]"));
}

fn choose(page: &Page<'_>, tool: &str) {
    page.click(".tools button", tool);
    page.wait(&format!(
        "document.querySelector('.tools [aria-pressed=true][aria-label^={}]')",
        serde_json::json!(tool)
    ));
}

#[test]
fn board_has_text_shapes_and_images() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    add(&ada, "Whiteboard", "Board", |_| ());
    for (number, tool) in (1..).zip(["Line", "Arrow", "Rectangle", "Ellipse", "Highlighter"]) {
        choose(&ada, tool);
        ada.drag("canvas.live", &[(-200, number * 30), (-100, number * 30), (0, 20)], "mouse");
        ada.wait(&format!("{LISTED} === {number}"));
    }
    choose(&ada, "Text");
    ada.drag("canvas.live", &[(100, 100), (100, 100)], "mouse");
    ada.type_into("textarea.writing", "Remember the milk");
    ada.run("document.activeElement.blur()");
    ada.wait(&format!("{LISTED} === 6"));
    // A text can also be written without a pointer.
    ada.run("document.querySelector('canvas.live').focus()");
    ada.press("\u{e007}");
    ada.type_into("textarea.writing", "By keyboard");
    ada.run("document.activeElement.blur()");
    ada.wait(&format!("{LISTED} === 7"));
    let picture = stage.file("pixel.png");
    fs::write(&picture, PIXEL).unwrap();
    ada.choose_file(".tools input[type=file]", picture.to_str().unwrap());
    ada.wait(&format!("{LISTED} === 8"));
    let board = board_with(&stage, &ada, |board| board.contains("<image "));
    assert!(board.contains("Remember the milk") && board.contains("By keyboard"), "{board}");
    assert_eq!(board.matches("<path ").count(), 5, "{board}");
    assert!(board.contains("stroke-opacity=\"0.4\""), "the highlighter is translucent: {board}");
    assert!(board.contains("data:image/png;base64,"), "{board}");
    let list = ada.text(".board details");
    for text in ["Drawing by Ada", "Text by Ada: Remember the milk", "Image by Ada"] {
        assert!(list.contains(text), "{list}");
    }
}

#[test]
fn annotations_are_selected_moved_recolored_deleted_and_restored() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let grace = join(&driver, &stage, 1, "Grace", Screen::Wide);
    add(&ada, "Whiteboard", "Board", |_| ());
    ada.click("[data-action]", "Present");
    grace.wait("document.querySelector('#stage').innerText === 'Board'");
    choose(&ada, "Line");
    ada.drag("canvas.live", &[(-100, 0), (0, 0), (100, 0)], "mouse");
    for page in [&ada, &grace] {
        page.wait(&format!("{LISTED} === 1"));
    }
    let drawn = board(&stage);
    assert!(drawn.contains("stroke=\"#000000\"") && !drawn.contains("transform"), "{drawn}");

    // Grace may change what Ada has drawn.
    choose(&grace, "Select");
    grace.drag("canvas.live", &[(0, 0), (0, 20), (0, 40), (0, 60)], "mouse");
    let moved = board_with(&stage, &grace, |board| board.contains("transform=\"translate(0 "));
    grace.click(".swatch", "Red");
    let red = board_with(&stage, &grace, |board| board.contains("stroke=\"#d11a2a\""));
    assert!(red.contains("transform"), "{red}");

    // A selection is moved by keys, too.
    grace.run("document.querySelector('canvas.live').focus()");
    grace.press("\u{e014}");
    board_with(&stage, &grace, |board| board.contains("transform=\"translate(10 "));
    grace.press("\u{e017}");
    for page in [&ada, &grace] {
        page.wait(&format!("{LISTED} === 0"));
    }

    // Each step is undone: the deletion, the step to the right, the color, and the move.
    grace.click(".tools button", "Undo");
    ada.wait(&format!("{LISTED} === 1"));
    board_with(&stage, &grace, |board| board.contains("transform=\"translate(10 "));
    grace.click(".tools button", "Undo");
    board_with(&stage, &grace, |board| board.contains("transform=\"translate(0 "));
    grace.click(".tools button", "Undo");
    let black = board_with(&stage, &grace, |board| board.contains("stroke=\"#000000\""));
    let without_id = |board: &str| board.split_once("\" d=").unwrap().1.to_owned();
    assert_eq!(without_id(&black), without_id(&moved));
    grace.click(".tools button", "Undo");
    let undone = board_with(&stage, &grace, |board| !board.contains("transform"));
    assert_eq!(without_id(&undone), without_id(&drawn));
    // The line is not Grace's own change.
    grace.click(".tools button", "Undo");
    assert_eq!(board(&stage), undone);

    // The list selects without a pointer.
    grace.click(".board details button", "Drawing by Grace");
    grace.press("\u{e017}");
    ada.wait(&format!("{LISTED} === 0"));
}

#[test]
fn board_with_20000_annotations_stays_smooth() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    add(&ada, "Whiteboard", "Board", |_| ());
    ada.click("[data-action]", "Present");
    let filled = ada.run_async(&FILL.replace("COUNT", &(DRAWINGS - 1).to_string()));
    assert_eq!(filled, DRAWINGS - 1);

    // A newcomer receives all annotations, and can draw while they arrive.
    let grace = join(&driver, &stage, 1, "Grace", Screen::Wide);
    grace.wait("document.querySelector('#stage').innerText === 'Board'");
    let drawn = "document.querySelector('.canvas').dataset.busy === ''";
    let (_, time) = grace.wait(&format!(
        "document.querySelector('.board') && ({LISTED}, document.querySelector('.board details li:last-child')?.innerText === '+ {}') && {drawn}",
        DRAWINGS - 1 - 500
    ));
    eprintln!("{DRAWINGS} annotations are drawn {time:?} after the meeting is shown");
    grace.run("document.querySelector('.board details').open = false");
    // The time between two frames while the view moves and scales, and while a stroke is drawn.
    let frames = |page: &Page<'_>, what: &str, act: &dyn Fn()| {
        page.run(
            "window.frames = []; let last = performance.now(); window.measuring = true; \
             const tick = (now) => { frames.push(now - last); last = now; \
             if (window.measuring) requestAnimationFrame(tick); }; requestAnimationFrame(tick);",
        );
        act();
        page.wait(drawn);
        let result = page.run(
            "window.measuring = false; const all = frames.slice(1).sort((a, b) => a - b); \
             return [all.length, all[all.length >> 1], all[Math.floor(all.length * 0.95)], all.at(-1)]",
        );
        eprintln!("{what}: frames, p50, p95 and longest in ms: {result}");
        assert!(result[0].as_f64().unwrap() > 5.0, "{what}: the page draws frames: {result}");
    };
    choose(&grace, "Move");
    let path: Vec<_> = (0..60).map(|i| (i * 3 - 90, i - 30)).collect();
    frames(&grace, "moving the view", &|| grace.drag("canvas.live", &path, "mouse"));
    frames(&grace, "zooming", &|| {
        for name in ["Zoom in", "Zoom in", "Zoom out", "Show everything"] {
            grace.click(".tools button", name);
        }
    });
    choose(&grace, "Pen");
    frames(&grace, "drawing", &|| grace.drag("canvas.live", &path, "mouse"));
    grace.wait("document.querySelector('[role=status]').innerText === 'Saved'");
}
