//! The page without a pointer.

use super::{Driver, LISTED, Page, Screen};
use crate::support::Stage;

/// Keys in the encoding of WebDriver.
const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";
const RIGHT: &str = "\u{e014}";
const ESCAPE: &str = "\u{e00c}";

/// More presses than the page has stops for the tab key.
const MAX_STOPS: usize = 60;

/// Returns the label or the text of the element that has the focus.
fn focused(page: &Page<'_>) -> String {
    let script = "const e = document.activeElement; return e === document.body ? '' : \
                  (e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText || e.tagName)";
    page.run(script).as_str().unwrap().to_owned()
}

/// Presses the tab key until an element has the focus.
fn tab_to(page: &Page<'_>, wanted: &str) {
    for _ in 0..MAX_STOPS {
        if focused(page).contains(wanted) {
            return;
        }
        page.press(TAB);
    }
    panic!("the tab key does not reach {wanted}");
}

#[test]
fn page_is_operable_by_keyboard() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let page = driver.open(&stage.pages[0], Screen::Wide);
    // The field for the name has the focus.
    page.wait("document.activeElement.id === 'name'");
    page.type_into("#name", "Ada");
    page.press(ENTER);
    page.wait("document.querySelector('header').innerText.includes('Connected')");

    tab_to(&page, "Add");
    page.press(ENTER);
    page.wait("document.querySelector('dialog')?.open");
    // A dialog keeps the focus, and closing it gives the focus back.
    for _ in 0..10 {
        page.press(TAB);
        let inside = "return document.activeElement === document.body || \
                      document.querySelector('dialog').contains(document.activeElement)";
        assert_eq!(page.run(inside), true, "{}", focused(&page));
    }
    page.press(ESCAPE);
    page.wait("!document.querySelector('dialog') && document.activeElement.innerText === 'Add'");
    page.press(ENTER);
    tab_to(&page, "Title");
    page.type_into("#title", "Board");
    page.press(ENTER);
    page.wait("document.querySelector('#stage').innerText === 'Board'");

    // The toolbar is one stop, in which arrow keys move.
    tab_to(&page, "Pen");
    for tool in ["Highlighter", "Line", "Arrow", "Rectangle", "Ellipse", "Text"] {
        page.press(RIGHT);
        assert_eq!(focused(&page), tool);
    }
    page.press(ENTER);
    tab_to(&page, "Drawing area");
    page.press(ENTER);
    page.wait("document.activeElement.matches('textarea.writing')");
    page.type_into("textarea.writing", "By keyboard");
    page.run("document.activeElement.blur()");
    page.wait(&format!("{LISTED} === 1"));

    // No element keeps the focus: the tab key goes through the whole page.
    let mut stops = Vec::new();
    page.run("document.activeElement.blur()");
    for _ in 0..MAX_STOPS {
        page.press(TAB);
        let stop = focused(&page);
        assert!(stop.is_empty() || stops.last() != Some(&stop), "{stop} keeps the focus");
        stops.push(stop);
    }
    for stop in ["Skip to the stage", "1 person", "Leave", "Add", "Present", "Drawing area"] {
        assert!(stops.iter().any(|it| it.contains(stop)), "{stop} is not reached: {stops:?}");
    }
}
