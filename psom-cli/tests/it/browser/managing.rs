//! Actions of organizers and presenters besides drawing.

use std::{fs, io::Read as _};

use serde_json::{Value, json};

use super::{Driver, LISTED, Page, Screen, add, join, show};
use crate::support::Stage;

fn titled(title: &str) -> String {
    format!("document.querySelector('#stage').innerText === {}", json!(title))
}

fn listed(title: &str) -> String {
    format!("document.querySelector('nav').innerText.includes({})", json!(title))
}

#[test]
fn contents_are_presented_renamed_hidden_and_deleted() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let phone = join(&driver, &stage, 2, "Phil", Screen::Phone);
    add(&ada, "Whiteboard", "Plan", |_| ());
    ada.click("[data-action]", "Present");
    phone.wait(&titled("Plan"));
    phone.wait("document.querySelector('nav').innerText.includes('Ada presents')");
    assert_eq!(phone.run("return document.querySelectorAll('[data-action]').length"), 0);

    ada.click("button", "Stop presenting");
    phone.wait("!document.querySelector('nav').innerText.includes('presents')");

    ada.click("button", "Rename");
    ada.run("document.querySelector('dialog input').value = ''");
    ada.type_into("dialog input", "Roadmap");
    ada.click("dialog button", "OK");
    phone.wait(&listed("Roadmap"));
    // A title that another content has is refused, with a reason.
    add(&ada, "Whiteboard", "Other", |_| ());
    ada.click("button", "Rename");
    ada.run("document.querySelector('dialog input').value = ''");
    ada.type_into("dialog input", "roadmap");
    ada.click("dialog button", "OK");
    ada.wait("document.querySelector('[role=alert]').innerText === 'This title is taken.'");

    show(&ada, "Roadmap");
    ada.type_into("[aria-label='Visible to']", "presenters");
    phone.wait(&format!("!{}", listed("Roadmap")));
    ada.type_into("[aria-label='Visible to']", "everyone");
    phone.wait(&listed("Roadmap"));

    ada.click("[data-action]", "Delete");
    ada.click("dialog button", "Cancel");
    ada.click("[data-action]", "Delete");
    ada.click("dialog button", "Delete");
    for page in [&ada, &phone] {
        page.wait(&format!("!{}", listed("Roadmap")));
    }
    phone.click("button", "Leave");
    phone.wait("document.querySelector('#main').innerText.includes('You have left the meeting.')");
    ada.wait("document.querySelector('header').innerText.includes('1 person')");
    phone.click("button", "Join again");
    phone.click("form button", "Join");
    ada.wait("document.querySelector('header').innerText.includes('2 people')");
}

#[test]
fn moderators_edit_and_delete_questions() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let phone = join(&driver, &stage, 2, "Phil", Screen::Phone);
    add(&ada, "Questions", "Ask me", |_| ());
    ada.click("[data-action]", "Present");
    for text in ["Is it wram?", "Rude words"] {
        phone.type_into("form textarea", text);
        phone.click("form button", "Send");
        ada.wait(&format!("document.querySelector('.questions').innerText.includes('{text}')"));
    }
    assert_eq!(phone.run("return [...document.querySelectorAll('.questions button')].filter((e) => e.offsetParent).length"), 0);
    ada.click(".questions button", "Edit “Is it wram?”");
    ada.run("document.querySelector('dialog textarea').value = ''");
    ada.type_into("dialog textarea", "Is it warm?");
    ada.click("dialog button", "OK");
    phone.wait("document.querySelector('.questions').innerText.includes('Is it warm?')");
    ada.click(".questions button", "Delete “Rude words”");
    ada.click("dialog button", "Delete");
    for page in [&ada, &phone] {
        page.wait("document.querySelectorAll('.questions > li').length === 1");
    }
    ada.click("button", "Stop accepting questions");
    phone.wait("document.querySelector('#main').innerText.includes('Questions are not accepted')");
    // A newcomer and the command line see the same.
    let late = join(&driver, &stage, 1, "Grace", Screen::Wide);
    late.wait("document.querySelector('.questions').innerText.includes('Is it warm?')");
    assert!(!late.text(".questions").contains("Rude"));
    let shown = stage.ok(&["qna", &stage.guests, "show", "Ask me"]);
    assert!(shown.contains("Phil: Is it warm?") && !shown.contains("Rude"), "{shown}");
}

#[test]
fn pdf_is_shared_as_slides_from_the_page() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    crate::slides_share::talk(&stage);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let phone = join(&driver, &stage, 2, "Phil", Screen::Phone);
    ada.click("nav button", "Add");
    ada.type_into("dialog select", "Slides");
    ada.type_into("#pdf", stage.file("Talk.pdf").to_str().unwrap());
    ada.click("dialog button", "Create");
    ada.wait(&titled("Talk.pdf"));
    ada.click("[data-action]", "Present");
    for page in [&ada, &phone] {
        page.wait("document.querySelector('#main').innerText.includes('Slide 1 of 20')");
        // The pictures are shown, and the annotations are of one slide.
        page.wait("!document.querySelector('#main').innerText.includes('has no picture')");
    }
    ada.drag("canvas.live", &[(-50, 0), (0, 30), (50, 0)], "mouse");
    phone.wait(&format!("{LISTED} === 1"));
    ada.click("button", "Next slide");
    phone.wait("document.querySelector('#main').innerText.includes('Slide 2 of 20')");
    phone.wait(&format!("{LISTED} === 0"));

    // A file that is no PDF is refused with a sentence.
    fs::write(stage.file("broken.pdf"), "no PDF").unwrap();
    ada.click("nav button", "Add");
    ada.type_into("dialog select", "Slides");
    ada.type_into("#pdf", stage.file("broken.pdf").to_str().unwrap());
    ada.click("dialog button", "Create");
    ada.wait("document.querySelector('[role=alert]').innerText.includes('The PDF is not a PDF, or it is damaged')");
}

/// Fills a meeting with a content of each kind.
fn fill(stage: &Stage, ada: &Page<'_>) {
    add(ada, "Whiteboard", "Plan", |_| ());
    ada.drag("canvas.live", &[(-50, 0), (0, 30), (50, 0)], "mouse");
    ada.wait(&format!("{LISTED} === 1"));
    add(ada, "Poll", "Lunch", |page| {
        page.type_into("#question", "What shall we eat?");
        page.type_into("#choices", "Soup\nBread, fresh");
    });
    ada.click("label", "Soup");
    ada.wait("document.querySelector('#main').innerText.includes('1 vote (100 %)')");
    add(ada, "Questions", "Ask me", |_| ());
    ada.type_into("form textarea", "Is it *warm*?");
    ada.click("form button", "Send");
    ada.wait("document.querySelector('.questions').innerText.includes('warm')");
    let url = "https://notes.example/minutes";
    stage.ok(&["notes", &stage.link, "create", "Minutes", "--url", url]);
    crate::slides_share::talk(stage);
    stage.ok(&["slides", &stage.link, "Talk.pdf", "--size", "320"]);
    fs::write(stage.file("minutes.txt"), "Nothing was decided.").unwrap();
    stage.ok(&["share", &stage.link, "minutes.txt"]);
    ada.wait(&listed("minutes.txt"));
    ada.wait(&listed("Talk.pdf"));
    show(ada, "Talk.pdf");
    ada.wait("document.querySelector('#main').innerText.includes('Slide 1 of 20')");
}

/// Opens an exported page without a server, and checks that its pictures are there.
fn check_index(driver: &Driver, folder: &std::path::Path) {
    let page = driver.open(&format!("file://{}/index.html", folder.display()), Screen::Wide);
    page.wait("document.readyState === 'complete'");
    let pictures = page.run("return [...document.images].map((image) => image.naturalWidth)");
    let pictures = pictures.as_array().unwrap();
    assert_eq!(pictures.len(), 21, "a board and 20 slides");
    assert!(pictures.iter().all(|width| width.as_u64() > Some(0)), "{pictures:?}");
    let text = page.text("body");
    for title in ["Plan", "Lunch", "Ask me", "Minutes", "Talk.pdf", "minutes.txt"] {
        assert!(text.contains(title), "{text}");
    }
    let links = page.run("return [...document.links].map((link) => link.getAttribute('href'))");
    for link in links.as_array().unwrap() {
        let path = link.as_str().unwrap().replace("%20", " ");
        assert!(folder.join(&path).is_file(), "{path}");
    }
}

#[test]
fn organizers_export_the_meeting_from_the_page() {
    let Some(driver) = Driver::start() else { return };
    let stage = Stage::open(&[]);
    let ada = join(&driver, &stage, 0, "Ada", Screen::Wide);
    let grace = join(&driver, &stage, 1, "Grace", Screen::Wide);
    fill(&stage, &ada);
    let hidden = grace.run("return [...document.querySelectorAll('header button')].some((b) => b.innerText === 'Export' && b.offsetParent !== null)");
    assert_eq!(hidden, Value::Bool(false), "the button is for organizers");
    ada.download_to(stage.directory.path());
    ada.click("header button", "Export");
    ada.wait("document.querySelector('[role=status]').innerText.includes('exported to demo.zip')");
    assert_eq!(ada.text("[role=alert]"), "");
    let archive = stage.file("demo.zip");
    // The browser renames the file when it is complete.
    while !archive.exists() {
        ada.run_async("setTimeout(done, 50)");
    }
    let mut zip = zip::ZipArchive::new(fs::File::open(archive).unwrap()).unwrap();
    let folder = stage.file("exported");
    zip.extract(&folder).unwrap();
    check_index(&driver, &folder);
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(read("polls/Lunch.csv"), "choice,votes\r\nSoup,1\r\n\"Bread, fresh\",0\r\n");
    assert!(read("questions/Ask me.md").contains("Is it \\*warm\\*? (Ada)"));
    assert!(read("notes.md").contains("<https://notes.example/minutes>"));
    assert_eq!(read("files/minutes.txt"), "Nothing was decided.");
    let mut svg = String::new();
    fs::File::open(folder.join("boards/Plan.svg")).unwrap().read_to_string(&mut svg).unwrap();
    assert!(svg.contains("<path id=\"annotation-"), "{svg}");
    assert!(folder.join("slides/Talk.pdf/slide-20.png").is_file());
}
