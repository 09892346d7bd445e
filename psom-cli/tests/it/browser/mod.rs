//! The page for browsers, in Chromium. Without chromedriver these tests are skipped.
//!
//! `PSOM_SCREENSHOTS=DIR` makes `every_view_is_accessible` write a picture of each view.

mod driver;
mod editing;
mod keyboard;
mod managing;
mod meeting;
mod views;

use driver::{Driver, Page, Screen};

use super::support::Stage;

/// Opens the page of the demo for a role (0: organizer, 1: presenter, 2: attendee), and joins.
fn join<'a>(
    driver: &'a Driver,
    stage: &Stage,
    role: usize,
    name: &str,
    screen: Screen,
) -> Page<'a> {
    let page = driver.open(&stage.pages[role], screen);
    page.type_into("#name", name);
    page.click("form button", "Join");
    page.wait("document.querySelector('header').innerText.includes('Connected')");
    page
}

/// Adds a content through the dialog and waits until it is shown.
fn add(page: &Page<'_>, kind: &str, title: &str, fill: impl FnOnce(&Page<'_>)) {
    page.click("nav button", "Add");
    page.type_into("dialog select", kind);
    page.type_into("#title", title);
    fill(page);
    page.click("dialog button", "Create");
    page.wait(&format!(
        "document.querySelector('#stage').innerText === {}",
        serde_json::json!(title)
    ));
}

/// Opens a content in the list.
fn show(page: &Page<'_>, title: &str) {
    page.click("nav li button", title);
    page.wait(&format!(
        "document.querySelector('#stage').innerText.startsWith({})",
        serde_json::json!(title)
    ));
}

/// The number of items in the list of a board, which this opens.
const LISTED: &str = "(document.querySelector('.board details').open = true, \
                      document.querySelectorAll('.board details li').length)";
