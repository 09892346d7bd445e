//! Three people in a meeting, one with a phone.

use std::{fs, time::Instant};

use serde_json::Value;

use super::{Driver, LISTED, Screen, add, join, show};
use crate::support::{Running, Stage, psom};

/// The size of the upload that the test shares.
const UPLOAD_BYTES: usize = 50 << 20;

#[test]
fn three_people_draw_vote_share_and_turn_slides() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let grace = join(&driver, &stage, 1, "Grace", Screen::Wide);
    let phone = join(&driver, &stage, 2, "Phil", Screen::Phone);
    for page in [&ada, &grace, &phone] {
        page.wait("document.querySelector('header').innerText.includes('3 people')");
    }

    // Drawing: everybody sees it.
    add(&ada, "Whiteboard", "Board", |_| ());
    ada.click("[data-action]", "Present");
    phone.wait("document.querySelector('#stage').innerText === 'Board'");
    grace.wait("document.querySelector('#stage').innerText === 'Board'");
    let line: Vec<_> = (0..20).map(|i| (i * 5 - 50, (i % 4) * 10)).collect();
    // All browsers have the same clock. The wait is bounded; the time is measured and printed, because a
    // bound of a second would make the test depend on the load of the machine.
    ada.run("addEventListener('pointerup', () => (window.drawn ??= Date.now()))");
    for page in [&grace, &phone] {
        page.run(&format!(
            "const seen = new MutationObserver(() => {{ if ({LISTED} === 1) window.seen ??= Date.now(); }}); \
             document.querySelector('.board details').open = true; \
             seen.observe(document.querySelector('.board details'), {{ subtree: true, childList: true }});"
        ));
    }
    ada.drag("canvas.live", &line, "mouse");
    for page in [&grace, &phone] {
        page.wait(&format!("{LISTED} === 1"));
        let seen = page.wait("window.seen").0.as_f64().unwrap();
        let drawn = ada.run("return window.drawn").as_f64().unwrap();
        eprintln!("a stroke is on another screen after {} ms", seen - drawn);
    }
    grace.drag("canvas.live", &line, "pen");
    ada.wait(&format!("{LISTED} === 2"));
    ada.wait("document.querySelector('[role=status]').innerText === 'Saved'");

    // Own changes can be undone.
    ada.click("button", "Undo");
    grace.wait(&format!("{LISTED} === 1"));

    // Voting: numbers, not only bars.
    add(&ada, "Poll", "Lunch", |page| {
        page.type_into("#question", "What shall we eat?");
        page.type_into("#choices", "Soup\nBread");
    });
    ada.click("[data-action]", "Present");
    phone.wait("document.querySelector('#stage').innerText === 'Lunch'");
    phone.click("label", "Bread");
    ada.wait("document.querySelector('#main').innerText.includes('1 vote (100 %)')");

    // Questions.
    add(&ada, "Questions", "Ask me", |_| ());
    ada.click("[data-action]", "Present");
    phone.type_into("form textarea", "Is it warm?");
    phone.click("form button", "Send");
    ada.wait("document.querySelector('.questions').innerText.includes('Is it warm?')");
    ada.type_into(".questions input", "Yes.");
    ada.click(".questions button", "Answer");
    phone.wait("document.querySelector('.questions').innerText.includes('Yes.')");

    // An upload with progress.
    let file = stage.file("large.bin");
    fs::write(&file, vec![7; UPLOAD_BYTES]).unwrap();
    grace.run(
        "window.seen = []; new MutationObserver(() => { const bar = document.querySelector('progress'); \
         if (bar) seen.push(bar.value); }).observe(document.body, { subtree: true, childList: true, \
         characterData: true });",
    );
    grace.click("nav button", "Add");
    grace.type_into("dialog select", "File");
    grace.type_into("#files", file.to_str().unwrap());
    grace.click("dialog button", "Create");
    let (_, time) =
        grace.wait("document.querySelector('[role=status]').innerText.includes('is shared')");
    eprintln!("50 MB are shared after {time:?}");
    let seen = grace.run("return seen.filter((value) => value > 0 && value < 1).length");
    assert!(seen.as_u64().unwrap() > 5, "the progress is shown: {seen}");
    phone.wait("document.querySelector('nav').innerText.includes('large.bin')");
    stage.ok(&["get", &stage.guests, "large.bin", "-o", "copy.bin"]);
    assert!(fs::read(stage.file("copy.bin")).unwrap() == vec![7; UPLOAD_BYTES]);

    // Slides.
    crate::slides_share::talk(&stage);
    stage.ok(&["slides", &stage.link, "Talk.pdf", "--size", "640"]);
    for page in [&ada, &phone] {
        show(page, "Talk.pdf");
        page.wait("document.querySelector('#main').innerText.includes('Slide 1 of')");
    }
    ada.click("button", "Next slide");
    phone.wait("document.querySelector('#main').innerText.includes('Slide 2 of')");
    assert_eq!(
        phone.run("return document.documentElement.scrollWidth > innerWidth"),
        Value::Bool(false)
    );
}

#[test]
fn first_stroke_follows_the_start_of_the_server() {
    let Some(driver) = Driver::start() else { return };
    let start = Instant::now();
    let stage = Stage::open(&[]);
    let served = start.elapsed();
    // A person opens the printed link, enters a name, adds a whiteboard, and draws.
    let page = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let joined = start.elapsed();
    add(&page, "Whiteboard", "Board", |_| ());
    page.drag("canvas.live", &[(-50, 0), (0, 20), (50, 0)], "mouse");
    page.wait("document.querySelector('[role=status]').innerText === 'Saved'");
    let saved = start.elapsed();
    eprintln!(
        "from the start of the server: link {served:?}, joined {joined:?}, stroke saved {saved:?}"
    );
}

#[test]
fn page_survives_a_killed_server_without_losing_a_saved_stroke() {
    let Some(driver) = Driver::start() else { return };
    let mut stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let phone = join(&driver, &stage, 2, "Phil", Screen::Phone);
    add(&ada, "Whiteboard", "Board", |_| ());
    ada.click("[data-action]", "Present");
    phone.wait("document.querySelector('#stage').innerText === 'Board'");
    let addresses: Value =
        serde_json::from_str(&fs::read_to_string(stage.file("psom-data/server.json")).unwrap())
            .unwrap();
    let mut expected = 0;
    for round in 1..=3 {
        for stroke in 0..3 {
            let y = round * 20 + stroke * 5;
            ada.drag("canvas.live", &[(-100, y), (0, y + 3), (100, y)], "mouse");
        }
        // Everything that is shown as saved is on the board after the server was killed.
        ada.wait("document.querySelector('.board .row:not([hidden]) span[data-busy=\"\"]')");
        expected += 3;
        ada.wait(&format!("{LISTED} === {expected}"));
        stage.server.child.kill().unwrap();
        stage.server.child.wait().unwrap();
        ada.wait("document.querySelector('[role=alert]').innerText.includes('Reconnecting')");
        // The page sends a stroke that is drawn without a connection when it has one again.
        ada.drag("canvas.live", &[(-100, -50), (100, -50 + round)], "mouse");
        expected += 1;
        let http = addresses["http"].as_str().unwrap().trim_start_matches("http://");
        let listen = addresses["psom"].as_str().unwrap();
        let mut serve = psom(stage.directory.path());
        stage.server =
            Running::start(serve.args(["serve", "--demo", "--listen", listen, "--http", http]));
        for page in [&ada, &phone] {
            page.wait("document.querySelector('header').innerText.includes('Connected')");
            page.wait(&format!("{LISTED} === {expected}"));
        }
    }
}

#[test]
fn hostile_texts_and_pictures_run_no_script() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let attack =
        "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>";
    let ada = join(&driver, &stage, 0, attack, Screen::Wide);
    let grace = join(&driver, &stage, 1, "Grace", Screen::Wide);
    // A title cannot contain `<`, so the hostile text is in all other texts.
    add(&ada, "Whiteboard", "Board & 'co' ${7-7}", |_| ());
    ada.click("[data-action]", "Present");
    ada.click(".tools button, .toolbar button, button", "Text");
    ada.drag("canvas.live", &[(0, 0), (0, 0)], "mouse");
    ada.type_into("textarea.writing", attack);
    ada.run("document.activeElement.blur()");
    grace.wait(&format!("{LISTED} === 1"));
    add(&ada, "Poll", "Poll", |page| {
        page.type_into("#question", attack);
        page.type_into("#choices", &format!("{attack}\nB"));
    });
    show(&grace, "Poll");
    grace.wait("document.querySelector('#main').innerText.includes('onerror')");
    add(&ada, "Questions", "Q", |_| ());
    show(&grace, "Q");
    grace.type_into("form textarea", attack);
    grace.click("form button", "Send");
    ada.wait("document.querySelector('.questions').innerText.includes('onerror')");
    // An SVG with a script is a file to save, and never a document of this origin.
    let svg =
        "<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='owned'</script></svg>";
    fs::write(stage.file("evil.svg"), svg).unwrap();
    stage.ok(&["share", &stage.link, "evil.svg"]);
    show(&grace, "evil.svg");
    assert_eq!(grace.run("return [...document.querySelectorAll('button')].some((b) => b.innerText === 'View' && b.offsetParent)"), Value::Bool(false));
    for page in [&ada, &grace] {
        page.click("header button", "2 people");
        page.wait("document.querySelector('#people').innerText.includes('onerror')");
        let found = page.run(
            "return Number(document.title.includes('owned')) + document.querySelectorAll('img, svg, iframe, object, script:not([src])').length",
        );
        assert_eq!(found, 0);
    }
}
