//! Folders of pictures.

use std::{fs, path::Path};

use image::{DynamicImage, ImageFormat, RgbImage};
use tempfile::TempDir;

use super::{assert_colour, converted, decoded, refused, small};

/// A JPEG of one color.
fn jpeg(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(width, height, image::Rgb(colour));
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

fn notes(path: &Path) -> Vec<String> {
    converted(path, &small()).slides.into_iter().map(|slide| slide.notes).collect()
}

#[test]
fn folder_pictures_keep_their_bytes_in_natural_order() {
    let pictures: Vec<Vec<u8>> = (0..5).map(|n| jpeg(400, 200 + n, [n as u8 * 50; 3])).collect();
    let directory = folder(&[
        ("slide10.jpg", &pictures[3]),
        ("slide2.JPG", &pictures[2]),
        ("Slide1.jpeg", &pictures[1]),
        ("slide.jpg", &pictures[0]),
        ("slide18446744073709551616000.jpg", &pictures[4]),
        ("._slide3.jpg", b"something of the system"),
        ("readme.txt", b"no slide"),
        ("slide4.png", b"no JPEG"),
    ]);
    fs::create_dir(directory.path().join("folder.jpg")).unwrap();
    let deck = converted(directory.path(), &small());
    let order: Vec<_> = deck
        .slides
        .iter()
        .map(|slide| pictures.iter().position(|picture| *picture == fs::read(&slide.jpeg).unwrap()))
        .collect();
    assert_eq!(order, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    for (n, slide) in deck.slides.iter().enumerate() {
        let thumbnail = decoded(&slide.thumbnail);
        assert_eq!(thumbnail.width(), 160);
        assert_colour(&thumbnail, 80, 40, [n as u8 * 50; 3]);
    }
}

#[test]
fn leading_zeros_do_not_change_the_order() {
    let picture = jpeg(16, 8, [0; 3]);
    let directory = folder(&[("a010.jpg", &picture), ("a9.jpg", &picture), ("a011.jpg", &picture)]);
    for (name, text) in [("a010", "ten"), ("a9", "nine"), ("a011", "eleven")] {
        fs::write(directory.path().join(name).with_extension("txt"), text).unwrap();
    }
    assert_eq!(notes(directory.path()), ["nine", "ten", "eleven"]);
}

#[test]
fn small_pictures_have_thumbnails_of_their_own_size() {
    let directory = folder(&[("a.jpg", &jpeg(40, 30, [0, 0, 255]))]);
    let deck = converted(directory.path(), &small());
    assert_eq!(decoded(deck.preview()).dimensions(), (40, 30));
}

#[test]
fn grey_pictures_have_rgb_thumbnails() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let grey = DynamicImage::new_luma8(320, 200);
    grey.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let directory = folder(&[("a.jpg", bytes.get_ref())]);
    let deck = converted(directory.path(), &small());
    let thumbnail = image::load_from_memory(deck.preview()).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (160, 100));
    assert_eq!(thumbnail.color(), image::ColorType::Rgb8);
}

#[test]
fn thumbnails_apply_the_exif_orientation() {
    let mut turned = jpeg(400, 200, [255, 0, 0]);
    // Behind the start: an APP1 segment with one entry, orientation 6 (to the right).
    let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut exif = b"\xff\xe1".to_vec();
    exif.extend((8 + tiff.len() as u16).to_be_bytes());
    exif.extend(b"Exif\0\0");
    exif.extend(tiff);
    turned.splice(2..2, exif);
    let directory = folder(&[("a.jpg", &turned)]);
    let deck = converted(directory.path(), &small());
    assert_eq!(fs::read(&deck.slides[0].jpeg).unwrap(), turned);
    assert_eq!(decoded(deck.preview()).dimensions(), (80, 160));
}

#[test]
fn notes_are_read_from_files_beside_pictures() {
    let picture = jpeg(16, 8, [0; 3]);
    let directory = folder(&[
        ("1.jpg", &picture),
        ("1.txt", "\u{feff}Größe\r\nand more\r\n\r\n".as_bytes()),
        ("2.jpg", &picture),
    ]);
    assert_eq!(notes(directory.path()), ["Größe\nand more", ""]);
    fs::write(directory.path().join("2.txt"), [0xff, 0xfe, b'a', 0]).unwrap();
    let why = refused(directory.path(), &small());
    assert!(why.contains("2.txt is not text in UTF-8; save it as UTF-8"), "{why}");
    fs::write(directory.path().join("2.txt"), vec![b'a'; (1 << 20) + 1]).unwrap();
    let why = refused(directory.path(), &small());
    assert!(why.contains("2.txt is too large; the limit is 1048576 bytes"), "{why}");
}

#[test]
fn an_empty_folder_is_rejected() {
    let directory = folder(&[("notes.txt", b"x")]);
    let why = refused(directory.path(), &small());
    assert!(why.ends_with("has no files *.jpg or *.jpeg; put the slides there"), "{why}");
}

#[test]
fn a_damaged_jpeg_is_named() {
    let whole = jpeg(400, 200, [9, 99, 200]);
    let noise = RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * y * 7) as u8; 3]));
    let mut png_like = whole.clone();
    png_like[..4].copy_from_slice(b"\x89PNG");
    let mut encoded = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(noise).write_to(&mut encoded, ImageFormat::Jpeg).unwrap();
    let encoded = encoded.into_inner();
    let cases: [&[u8]; 6] =
        [b"", b"hello", &whole[..100], &png_like, &encoded[..encoded.len() / 2 + 300], &whole[..4]];
    for bytes in cases {
        let directory = folder(&[("a1.jpg", &whole), ("a2.jpg", bytes)]);
        let why = refused(directory.path(), &small());
        match bytes.starts_with(&whole[..2]) {
            true => {
                assert!(why.contains("a2.jpg is a damaged JPEG ("), "{why}");
                assert!(why.ends_with("save it as a JPEG again"), "{why}");
            }
            false => assert!(why.ends_with("a2.jpg is not a JPEG; save it as a JPEG"), "{why}"),
        }
    }
}

#[test]
fn a_jpeg_with_huge_dimensions_is_rejected() {
    let mut huge = jpeg(16, 8, [0; 3]);
    let frame = huge.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    huge[frame + 5..frame + 9].fill(0xff);
    let directory = folder(&[("a.jpg", &huge)]);
    let why = refused(directory.path(), &small());
    assert!(why.contains("a.jpg is a damaged JPEG ("), "{why}");
}

#[test]
fn too_many_pictures_are_rejected() {
    let directory = tempfile::tempdir().unwrap();
    for n in 0..1001 {
        fs::write(directory.path().join(format!("{n}.jpg")), b"").unwrap();
    }
    let why = refused(directory.path(), &small());
    assert!(why.contains("1001 slides") && why.contains("at most 1000"), "{why}");
}
