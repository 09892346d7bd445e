use psom::Handle;
use psom_objects::{
    package::{INITIAL_LOCATION, Location},
    types::Role,
};

use super::common::*;
use crate::meeting::world::{ATTENDEE, ORGANIZER, PRESENTER, World};

struct Talk {
    world: World,
    id: i64,
    slides: [Handle<Slides>; 3],
}

fn opened(count: u32) -> Talk {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(count, []));
    let slides = [ORGANIZER, PRESENTER, ATTENDEE].map(|client| {
        let slides = open(&mut world, client, id);
        received(&mut world, client);
        slides
    });
    Talk { world, id, slides }
}

impl Talk {
    fn go(&mut self, client: usize, location: &str) {
        go(&mut self.world, client, self.slides[client], location);
    }

    fn received(&mut self) -> [Vec<String>; 3] {
        [ORGANIZER, PRESENTER, ATTENDEE].map(|client| received(&mut self.world, client))
    }
}

fn at(slide: u32, click: u32) -> String {
    Location::new(slide, click).to_xml().unwrap()
}

fn all(line: &str) -> [Vec<String>; 3] {
    std::array::from_fn(|_| vec![line.to_owned()])
}

#[test]
fn new_location_is_sent_to_all_and_to_newcomers() {
    let mut talk = opened(3);
    talk.go(PRESENTER, &at(2, 1));
    assert_eq!(talk.received(), all("location 2 1"));
    talk.go(ORGANIZER, &at(1, 0));
    assert_eq!(talk.received(), all("location 1 0"));
    let late = join(&mut talk.world, 4, Role::Attendee);
    open(&mut talk.world, late, talk.id);
    assert_eq!(received(&mut talk.world, late)[1], "location 1 0");
}

#[test]
fn initial_location_is_the_first_slide() {
    let mut talk = opened(3);
    talk.go(PRESENTER, &at(2, 1));
    talk.received();
    talk.go(PRESENTER, INITIAL_LOCATION);
    assert_eq!(talk.received(), all("location 0 0"));
}

#[test]
fn unchanged_location_is_sent_to_the_caller_only() {
    let mut talk = opened(3);
    talk.go(PRESENTER, &at(0, 0));
    let [organizer, presenter, attendee] = talk.received();
    assert_eq!(presenter, ["location 0 0"]);
    assert!(organizer.is_empty() && attendee.is_empty());
}

#[test]
fn missing_slide_returns_the_current_location() {
    let mut talk = opened(3);
    talk.go(ORGANIZER, &at(1, 2));
    talk.received();
    for slide in [3, i32::MAX.unsigned_abs()] {
        talk.go(PRESENTER, &at(slide, 0));
        let [organizer, presenter, attendee] = talk.received();
        assert_eq!(presenter, ["location 1 2"]);
        assert!(organizer.is_empty() && attendee.is_empty());
    }
}

#[test]
fn forbidden_navigation_returns_the_current_location() {
    let mut talk = opened(3);
    talk.go(ATTENDEE, &at(1, 0));
    let [organizer, presenter, attendee] = talk.received();
    assert_eq!(attendee, ["location 0 0"]);
    assert!(organizer.is_empty() && presenter.is_empty());
    talk.world.set_role(3, Role::Presenter);
    talk.go(ATTENDEE, &at(1, 0));
    assert_eq!(talk.received(), all("location 1 0"));
    talk.world.set_role(2, Role::Attendee);
    talk.received();
    talk.go(PRESENTER, &at(2, 0));
    assert_eq!(talk.received()[PRESENTER], ["location 1 0"]);
}

#[test]
fn empty_presentation_has_only_the_initial_location() {
    let mut talk = opened(0);
    talk.go(PRESENTER, &at(0, 1));
    assert_eq!(talk.received(), all("location 0 1"));
    talk.go(PRESENTER, &at(1, 0));
    assert_eq!(talk.received()[PRESENTER], ["location 0 1"]);
}

#[test]
fn click_count_is_not_limited_by_the_server() {
    let mut talk = opened(2);
    add(&mut talk.world, PRESENTER, talk.id, [markup("m", 0, [])]);
    talk.received();
    // Other formats of a slide can have more animations than its markup.
    for (slide, click) in [(1, 9), (0, 3), (0, 4)] {
        talk.go(PRESENTER, &at(slide, click));
        assert_eq!(talk.received(), all(&format!("location {slide} {click}")));
    }
}

#[test]
fn extension_elements_of_a_location_are_kept() {
    let mut talk = opened(2);
    let namespace = "http://schemas.microsoft.com/2008/08/datamcu-content";
    talk.go(
        PRESENTER,
        &format!(
            "<?xml version=\"1.0\"?> <p:PptLocation xmlns:p=\"{namespace}\" xmlns:x=\"urn:x\"> \
             <p:SlideNumber> 1 </p:SlideNumber><p:Click>+2</p:Click><x:zoom>3</x:zoom>\
             </p:PptLocation>"
        ),
    );
    for received in talk.received() {
        assert_eq!(received, ["location 1 2", "extension zoom"]);
    }
}

#[test]
fn malformed_location_ends_the_connection() {
    let [slide, click] = ["SlideNumber>", "Click>"]
        .map(|name| at(0, 0).replace(&format!("<{name}0"), &format!("<{name}-1")));
    for bad in ["", "initial_location", "<PptLocation/>", "7", &slide, &click] {
        for client in [PRESENTER, ATTENDEE] {
            let mut talk = opened(2);
            talk.go(client, bad);
            assert!(broken(&talk.world, client).contains("malformed location"), "{bad}");
            let received = &talk.received()[ORGANIZER];
            assert!(!received.iter().any(|line| line.starts_with("location")), "{received:?}");
        }
    }
}

#[test]
fn location_too_large_to_send_back_is_refused() {
    let mut talk = opened(2);
    // Each quote is escaped when the server writes the document.
    let with_quotes = |count: usize| {
        let own = format!(" xmlns:x='urn:x' x:a='{}'><Slide", "\"".repeat(count));
        at(1, 0).replacen("><Slide", &own, 1)
    };
    talk.go(PRESENTER, &with_quotes(20_000));
    let [organizer, presenter, attendee] = talk.received();
    assert_eq!(presenter, ["location 0 0"]);
    assert!(organizer.is_empty() && attendee.is_empty());
    talk.go(PRESENTER, &with_quotes(2_000));
    assert_eq!(talk.received(), all("location 1 0"));
}
