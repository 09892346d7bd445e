//! The pages of a PDF.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex, atomic::AtomicBool, mpsc},
    time::Duration,
};

use super::{assert_colour, converted, decoded, file, pdf_file::*, refused, said, small};
use crate::{
    error::CommandError,
    slides::{ConvertOptions, Progress, deck::MAX_SLIDES, pdf::next},
};

/// The long side of a thumbnail, in pixels.
const THUMBNAIL_SIDE: u32 = 160;

const WHITE: [u8; 3] = [255; 3];

#[test]
fn every_page_has_its_own_picture_and_thumbnail() {
    let pages: Vec<Page> = (1..=20).map(Page::numbered).collect();
    let (_directory, path) = file("Plan.pdf", &pdf(&pages));
    let options = ConvertOptions { size: 960, ..small() };
    let deck = converted(&path, &options);
    assert_eq!(deck.slides.len(), 20);
    let mut different = BTreeSet::new();
    let mut small_ones = BTreeSet::new();
    for slide in &deck.slides {
        let jpeg = fs::read(&slide.jpeg).unwrap();
        let picture = decoded(&jpeg);
        assert_eq!(picture.dimensions(), (960, 540));
        assert_colour(&picture, 955, 5, WHITE);
        assert_eq!(decoded(&slide.thumbnail).dimensions(), (THUMBNAIL_SIDE, 90));
        assert_eq!(slide.notes, "");
        different.insert(jpeg);
        small_ones.insert(slide.thumbnail.clone());
    }
    assert_eq!((different.len(), small_ones.len()), (20, 20));
    assert!(deck.remarks.is_empty());
}

#[test]
fn colours_and_text_are_drawn_in_place() {
    let content = "1 0 0 rg 0 0 480 270 re f 0 0 1 rg 480 270 480 270 re f \
                   BT /F1 200 Tf 0 g 40 320 Td (III) Tj ET";
    let (_directory, path) = file("Plan.PDF", &pdf(&[Page::with(content)]));
    // The default size.
    let options = ConvertOptions { size: ConvertOptions::default().size, ..small() };
    let deck = converted(&path, &options);
    let picture = decoded(&fs::read(&deck.slides[0].jpeg).unwrap());
    assert_eq!(picture.dimensions(), (1920, 1080));
    assert_colour(&picture, 300, 800, [255, 0, 0]);
    assert_colour(&picture, 1500, 300, [0, 0, 255]);
    assert_colour(&picture, 1500, 800, WHITE);
    let is_black = |x: &u32| picture.get_pixel(*x, 340).0.iter().all(|channel| *channel < 40);
    assert!((80..700).filter(is_black).count() > 30, "no letters");
    let thumbnail = decoded(deck.preview());
    assert_colour(&thumbnail, 40, 80, [255, 0, 0]);
    assert_colour(&thumbnail, 120, 20, [0, 0, 255]);
}

#[test]
fn pages_keep_their_proportions_and_their_rotation() {
    let corner = "1 0 0 rg 0 0 200 200 re f";
    let (_directory, path) = file(
        "Plan.pdf",
        &pdf(&[
            Page::with(corner).and("/Rotate 90"),
            Page::with(corner).and("/CropBox [0 0 270 540]"),
            Page::with(corner).and("/CropBox [0 0 960 1]"),
        ]),
    );
    let deck = converted(&path, &small());
    let picture = |slide: usize| decoded(&fs::read(&deck.slides[slide].jpeg).unwrap());
    // Turned to the right, the lower left corner is at the upper left.
    assert_eq!(picture(0).dimensions(), (108, 192));
    assert_colour(&picture(0), 10, 10, [255, 0, 0]);
    assert_colour(&picture(0), 10, 180, WHITE);
    assert_eq!(decoded(&deck.slides[0].thumbnail).dimensions(), (90, 160));
    assert_eq!(picture(1).dimensions(), (96, 192));
    assert_colour(&picture(1), 10, 180, [255, 0, 0]);
    // A page that is a line has a picture.
    assert_eq!(picture(2).dimensions(), (192, 1));
}

#[test]
fn progress_is_reported_for_every_page() {
    let (_directory, path) = file("Plan.pdf", &pdf(&[Page::numbered(1), Page::numbered(2)]));
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let progress = Box::new(move |progress| tell.lock().unwrap().push(progress));
    converted(&path, &ConvertOptions { progress, ..small() });
    let slides = |done| Progress::Slides { done, total: 2 };
    assert_eq!(*told.lock().unwrap(), [slides(0), slides(1), slides(2)]);
}

#[test]
fn dropping_a_deck_removes_its_files() {
    let (_directory, path) = file("Plan.pdf", &pdf(&[Page::numbered(1)]));
    let deck = converted(&path, &small());
    let jpeg = deck.slides[0].jpeg.clone();
    assert!(jpeg.exists());
    drop(deck);
    assert!(!jpeg.exists() && !jpeg.parent().unwrap().exists());
}

#[test]
fn too_many_pages_are_rejected() {
    let pages: Vec<Page> = (0..=MAX_SLIDES).map(|_| Page::with("")).collect();
    let (_directory, path) = file("Plan.pdf", &pdf(&pages));
    let why = refused(&path, &small());
    assert!(why.contains("1001 slides") && why.contains("at most 1000; split it"), "{why}");
}

#[test]
fn a_pdf_with_a_password_is_rejected() {
    let empty = "00".repeat(32);
    let encrypt = format!(
        "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <{empty}> /U <{empty}> /P -4 >>"
    );
    let invalid = protected(&[Page::numbered(1)], &encrypt);
    for pdf in [&invalid[..], include_bytes!("encrypted/password.pdf")] {
        let (_directory, path) = file("Plan.pdf", pdf);
        let why = refused(&path, &small());
        assert!(why.contains("Plan.pdf is protected by a password; export it without"), "{why}");
    }
}

#[test]
fn sizes_and_qualities_out_of_range_are_rejected() {
    let (_directory, path) = file("Plan.pdf", &pdf(&[Page::numbered(1)]));
    let why = refused(&path, &ConvertOptions { size: 7681, ..small() });
    assert_eq!(why, "the size of slides must be 160 to 7680 pixels");
    let why = refused(&path, &ConvertOptions { quality: 0, ..small() });
    assert_eq!(why, "the quality of slides must be 1 to 100");
}

#[test]
fn pages_whose_parts_are_missing_are_named() {
    let pages: Vec<Page> = (1..=8).map(Page::numbered).collect();
    let text = String::from_utf8(pdf(&pages)).unwrap();
    // The contents of the pages 4 to 6 are missing in the file.
    let text = text.replace("/Contents 11 0 R", "/Contents 99 0 R");
    let text = text.replace("/Contents 13 0 R", "/Contents [13 0 R 99 0 R]");
    let text = text.replace("/Contents 15 0 R", "/Contents 99 0 R");
    let (_directory, path) = file("Plan.pdf", text.as_bytes());
    let deck = converted(&path, &small());
    assert_eq!(deck.slides.len(), 8);
    let [remark] = &deck.remarks[..] else { panic!("{:?}", deck.remarks) };
    assert!(remark.contains("Plan.pdf") && remark.contains(": pages 4-6 could not"), "{remark}");
}

#[test]
fn a_page_whose_font_or_picture_is_missing_is_named() {
    let picture = "/XObject << /A << /Subtype /Image >> >>";
    let pages = [Page::numbered(1), Page::numbered(2), Page::numbered(3)];
    let text = String::from_utf8(pdf(&pages)).unwrap();
    let text = text.replacen("/XObject << /Self 5 0 R >>", picture, 1);
    let text = text.replace("/XObject << /Self 9 0 R >>", "/XObject << /Self 77 0 R >>");
    let (_directory, path) = file("Plan.pdf", text.as_bytes());
    let deck = converted(&path, &small());
    let [remark] = &deck.remarks[..] else { panic!("{:?}", deck.remarks) };
    assert!(remark.contains(": pages 1, 3 could not"), "{remark}");
}

#[test]
fn missing_pages_are_reported() {
    let pages: Vec<Page> = (1..=20).map(Page::numbered).collect();
    let mut bytes = pdf(&pages);
    bytes.truncate(bytes.len() / 2);
    let (_directory, path) = file("Plan.pdf", &bytes);
    let deck = converted(&path, &small());
    let there = deck.slides.len();
    assert!((5..15).contains(&there), "{there}");
    let last = deck.remarks.last().unwrap();
    let expected = format!("it announces 20 pages and has only {there}; export it again");
    assert!(last.ends_with(&expected), "{last}");
}

#[test]
fn a_missing_renderer_is_named_with_its_remedy() {
    let (_directory, path) = file("Plan.pdf", &pdf(&[Page::numbered(1)]));
    let why = refused(&path, &ConvertOptions { renderer: None, ..small() });
    assert!(why.contains("psom-render") && why.contains("cargo install --path"), "{why}");
}

#[test]
fn waiting_for_a_page_ends_at_its_timeout() {
    let options = ConvertOptions { page_timeout: Duration::ZERO, ..small() };
    // The sender exists and sends nothing, like a renderer that never finishes.
    let (_tell, drawn) = mpsc::sync_channel::<i32>(1);
    let why = said(next(&drawn, &options, "page 2 of Plan.pdf"));
    assert!(why.starts_with("page 2 of Plan.pdf takes too long to draw; "), "{why}");
    // A cancelled conversion does not wait, either.
    let cancelled = Arc::new(AtomicBool::new(true));
    let options = ConvertOptions { cancelled, ..small() };
    assert!(matches!(next(&drawn, &options, "page 2"), Err(CommandError::Interrupted)));
    let (tell, drawn) = mpsc::sync_channel(1);
    tell.send(7).unwrap();
    drop(tell);
    assert_eq!(next(&drawn, &small(), "page 2").unwrap(), Some(7));
    assert_eq!(next(&drawn, &small(), "page 3").unwrap(), None);
}
