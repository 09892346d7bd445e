//! The OPC files of thumbnails and notes.

use psom_objects::package::read_part;

use super::{converted, file, pdf_file::*, small};
use crate::slides::{Deck, notes_name, thumbnail_name};

fn deck() -> Deck {
    let pages: Vec<Page> = (1..=12).map(Page::numbered).collect();
    let (_directory, path) = file("Plan.pdf", &pdf(&pages));
    converted(&path, &small())
}

#[test]
fn every_slide_has_its_thumbnail_in_the_package() {
    let deck = deck();
    let package = deck.thumbnails().unwrap();
    assert_eq!(thumbnail_name(0), "slide1.jpg");
    for (slide, of) in deck.slides.iter().enumerate() {
        let thumbnail = read_part(&package, &thumbnail_name(slide), 1 << 20).unwrap();
        assert_eq!(thumbnail, of.thumbnail);
    }
    assert!(read_part(&package, &thumbnail_name(12), 1 << 20).is_err());
    assert_eq!(deck.preview(), deck.slides[0].thumbnail);
}

#[test]
fn the_notes_package_has_slides_with_notes() {
    let mut deck = deck();
    assert_eq!(deck.notes().unwrap(), None);
    deck.slides[1].notes = "Größe\nand more".to_owned();
    deck.slides[11].notes = "last".to_owned();
    assert_eq!(deck.slides_with_notes().collect::<Vec<_>>(), [1, 11]);
    let package = deck.notes().unwrap().unwrap();
    let part = |slide| read_part(&package, &notes_name(slide), 1 << 20);
    assert_eq!(part(1).unwrap(), "Größe\nand more".as_bytes());
    assert_eq!(part(11).unwrap(), b"last");
    assert!(part(0).is_err());
}
