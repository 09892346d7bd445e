//! Every view: without accessibility problems, without horizontal scrolling, and as a picture.

use std::{env, fs, path::Path};

use serde_json::Value;

use super::{Driver, Page, Screen, add, join, show};
use crate::support::Stage;

/// The rules of axe-core that are checked: WCAG 2.2 A and AA, and best practices.
const CHECK: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => \
                     done(violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' | '))));";

/// Returns the source of axe-core, or says how to get it.
fn axe() -> Option<String> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../psom-js/node_modules/axe-core/axe.min.js");
    let source = fs::read_to_string(path).ok();
    if source.is_none() {
        eprintln!("skipped: axe-core missing; run `npm ci` in psom-js");
    }
    source
}

/// Views that are checked, and have no picture.
const NOT_SHOWN: [&str; 3] = ["edit", "people", "left"];

struct Views {
    axe: Option<String>,
    pictures: Option<String>,
}

impl Views {
    /// Checks the present view of a page.
    fn check(&self, page: &Page<'_>, name: &str) {
        let scrolls = page.run("return document.documentElement.scrollWidth > innerWidth");
        assert_eq!(scrolls, Value::Bool(false), "{name} scrolls sideways");
        let small = page.run(
            "return [...document.querySelectorAll('button, select, input, a')].filter((e) => e.offsetParent) \
             .map((e) => [e.outerHTML.slice(0, 80), (e.closest('label') ?? e).getBoundingClientRect()]) \
             .filter(([, r]) => r.width > 1 && (r.width < 24 || r.height < 24)).map(([html]) => html)",
        );
        assert_eq!(small, Value::Array(Vec::new()), "{name} has targets below 24 px");
        if let Some(axe) = &self.axe {
            page.run(axe);
            let violations = page.run_async(CHECK);
            assert_eq!(violations, Value::Array(Vec::new()), "{name}");
        }
        if let Some(folder) = &self.pictures
            && !name.ends_with("narrow")
            && !NOT_SHOWN.iter().any(|view| name.starts_with(view))
        {
            page.screenshot(&Path::new(folder).join(format!("{name}.png")));
        }
    }
}

#[test]
fn every_view_is_accessible() {
    let Some(driver) = Driver::start() else { return };
    let views = Views { axe: axe(), pictures: env::var("PSOM_SCREENSHOTS").ok() };
    let stage = Stage::open(&[]);
    let home = stage.pages[0].split("/join/").next().unwrap();
    views.check(&driver.open(home, Screen::Wide), "home");
    views.check(&driver.open(&stage.pages[0], Screen::Wide), "join");

    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    views.check(&ada, "empty");
    add(&ada, "Whiteboard", "Plan", |_| ());
    ada.click("[data-action]", "Present");
    let circle: Vec<_> = (0..=40)
        .map(|i| f64::from(i) * std::f64::consts::TAU / 40.0)
        .map(|angle| ((angle.cos() * 120.0) as i32, (angle.sin() * 80.0) as i32))
        .collect();
    ada.drag("canvas.live", &circle, "mouse");
    ada.drag("canvas.live", &[(-200, 90), (-100, 120), (0, 95), (100, 125), (200, 90)], "mouse");
    add(&ada, "Poll", "Lunch", |page| {
        page.type_into("#question", "What shall we eat?");
        page.type_into("#choices", "Soup\nBread\nSalad");
    });
    ada.click("label", "Soup");
    add(&ada, "Questions", "Questions", |_| ());
    ada.type_into("form textarea", "When is the break?");
    ada.click("form button", "Send");
    crate::slides_share::talk(&stage);
    stage.ok(&["slides", &stage.link, "Talk.pdf", "--size", "640"]);
    fs::write(stage.file("minutes.txt"), "Nothing was decided.").unwrap();
    stage.ok(&["share", &stage.link, "minutes.txt"]);
    let url = "https://notes.example/minutes";
    stage.ok(&["notes", &stage.link, "create", "Minutes", "--url", url, "--page", "May 2"]);

    let screens = [
        (Screen::Wide, "wide"),
        (Screen::Dark, "dark"),
        (Screen::Phone, "phone"),
        (Screen::Narrow, "narrow"),
    ];
    for (screen, name) in screens {
        let page = join(&driver, &stage, 1, &format!("Grace on {name}"), screen);
        let contents = [
            ("Plan", "board"),
            ("Lunch", "poll"),
            ("Questions", "questions"),
            ("Talk.pdf", "slides"),
            ("minutes.txt", "file"),
            ("Minutes", "notes"),
        ];
        for (title, view) in contents {
            show(&page, title);
            if view == "slides" {
                page.wait("document.querySelector('#main').innerText.includes('Slide 1 of')");
            }
            views.check(&page, &format!("{view}-{name}"));
        }
        page.click("nav button", "Add");
        views.check(&page, &format!("dialog-{name}"));
        page.press("\u{e00c}");
        // Closing a dialog gives the focus back.
        page.wait("document.activeElement.innerText === 'Add'");
        show(&page, "Questions");
        page.click(".questions button", "Edit");
        views.check(&page, &format!("edit-{name}"));
        page.press("\u{e00c}");
        page.click("header button", "people");
        views.check(&page, &format!("people-{name}"));
        page.click("header button", "Leave");
        page.wait("document.querySelector('#main').innerText.includes('You have left')");
        views.check(&page, &format!("left-{name}"));
    }
}
