//! Presentations, from the PDF of one user to the pictures of others.

#[path = "../../src/slides/tests/pdf_file.rs"]
#[expect(dead_code, reason = "the converter's tests use all of it")]
mod pdf_file;

use std::{collections::BTreeMap, fs, path::Path};

use crate::support::{Running, Stage, psom};
use image::{ImageFormat, RgbImage};
use pdf_file::{Page, pdf};
use psom_server::{Options, Server};
use serde_json::Value;

const PAGES: usize = 20;

pub(crate) fn talk(stage: &Stage) {
    let pages: Vec<_> = (1..=PAGES).map(Page::numbered).collect();
    fs::write(stage.file("Talk.pdf"), pdf(&pages)).unwrap();
}

/// Reads events until one matches.
fn until(watch: &mut Running, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event: Value = serde_json::from_str(&watch.line()).unwrap();
        events.push(event);
        if is_it(&events[events.len() - 1]) {
            return events;
        }
    }
}

/// Reads events until all slides have come, and returns their SHA-1.
fn all_jpegs(watch: &mut Running) -> BTreeMap<u64, String> {
    let mut slides = BTreeMap::new();
    while slides.len() < PAGES {
        let events = until(watch, |event| event["event"] == "slideJpeg");
        let event = &events[events.len() - 1];
        assert!(event.get("key").is_none());
        slides.insert(event["slide"].as_u64().unwrap(), event["sha1"].as_str().unwrap().to_owned());
    }
    slides
}

fn goes_to(watch: &mut Running, slide: u64, click: u64) {
    until(watch, |event| {
        event["event"] == "slideLocation" && event["slide"] == slide && event["click"] == click
    });
}

fn picture(directory: &Path, slide: usize) -> RgbImage {
    let bytes = fs::read(directory.join(format!("slide-{slide:02}.jpg"))).unwrap();
    assert_eq!(bytes[..3], [0xff, 0xd8, 0xff]);
    image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap().into_rgb8()
}

#[test]
fn a_pdf_is_shared_presented_and_downloaded() {
    let stage = Stage::open(&[]);
    talk(&stage);
    let watch = |link: &str| {
        let mut watch = stage.start(&["watch", link, "--json"]);
        until(&mut watch, |event| event["event"] == "ready");
        watch
    };
    let (mut grace, mut linus) = (watch(&stage.link), watch(&stage.guests));

    let shared = stage.ok(&["slides", &stage.link, "Talk.pdf", "--size", "640"]);
    assert_eq!(shared, "Shared \"Talk.pdf\" with 20 slides.");
    let seen = all_jpegs(&mut grace);
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    assert_eq!(all_jpegs(&mut linus), seen);

    // All slides have come, so no missing ones are announced.
    let turned = stage.ok(&["goto", &stage.link, "talk.pdf", "7"]);
    assert_eq!(turned, "\"Talk.pdf\" is at slide 7.");
    goes_to(&mut grace, 6, 0);
    goes_to(&mut linus, 6, 0);
    let turned = stage.ok(&["goto", &stage.link, "Talk.pdf", "20", "3"]);
    assert_eq!(turned, "\"Talk.pdf\" is at slide 20, click 3.");
    goes_to(&mut grace, 19, 3);
    goes_to(&mut linus, 19, 3);

    // A newcomer receives all of it.
    let mut late = stage.start(&["watch", &stage.guests, "--json"]);
    let told = until(&mut late, |event| event["event"] == "extendedReady");
    let named = |name: &str| told.iter().filter(|event| event["event"] == name).count();
    assert_eq!((named("slideJpeg"), named("slideFailed")), (PAGES, 0));
    assert_eq!((named("slidePreview"), named("slideThumbnails")), (1, 1));
    goes_to_in(&told, 19, 3);

    // Each client downloads every slide, verified against its SHA-1.
    for (link, directory) in [(&stage.link, "one"), (&stage.guests, "two")] {
        let got = stage.ok(&["get", link, "Talk.pdf", "--slides", directory]);
        assert_eq!(got, format!("{directory} (20 of 20 slides, 0 with notes)"));
    }
    for slide in 1..=PAGES {
        let (one, two) = (picture(&stage.file("one"), slide), picture(&stage.file("two"), slide));
        assert_eq!((one.width(), one.height()), (640, 360));
        assert!(one == two);
        // The length of the bar at the bottom is proportional to the number.
        let end = (40 * slide * 640 / 960) as u32;
        let is_white = |x: u32| one.get_pixel(x, 350).0.iter().all(|part| *part > 230);
        assert!(!is_white(end - 6) && (end + 6 >= 640 || is_white(end + 6)), "slide {slide}");
    }
    assert!(one_is_unlike_another(&stage.file("one")));
    stage.ok(&["get", &stage.guests, "Talk.pdf", "-o", "copy.pdf"]);
    assert_eq!(
        fs::read(stage.file("copy.pdf")).unwrap(),
        fs::read(stage.file("Talk.pdf")).unwrap()
    );
    let again = stage.fails(&["get", &stage.link, "Talk.pdf", "--slides", "one"]);
    assert!(again.contains("--force"), "{again}");
    stage.ok(&["get", &stage.link, "Talk.pdf", "--slides", "one", "--force"]);
}

fn goes_to_in(events: &[Value], slide: u64, click: u64) {
    let mut places = events.iter().filter(|event| event["event"] == "slideLocation");
    let place = places.next().unwrap();
    assert_eq!((&place["slide"], &place["click"]), (&slide.into(), &click.into()));
}

fn one_is_unlike_another(directory: &Path) -> bool {
    let pictures: Vec<_> = (1..=PAGES).map(|slide| picture(directory, slide)).collect();
    pictures.windows(2).all(|pair| pair[0] != pair[1])
}

#[test]
fn a_folder_of_pictures_is_shared_with_its_notes() {
    let stage = Stage::open(&[]);
    let folder = stage.file("photos");
    fs::create_dir(&folder).unwrap();
    for number in 1..=6u8 {
        let picture = RgbImage::from_pixel(64, 48, image::Rgb([number * 40, 90, 30]));
        picture.save(folder.join(format!("p{number}.jpg"))).unwrap();
    }
    fs::write(folder.join("p2.txt"), "Second\nslide").unwrap();
    fs::write(folder.join("p6.txt"), "The last").unwrap();
    let mut watch = stage.start(&["watch", &stage.guests, "--json"]);
    until(&mut watch, |event| event["event"] == "ready");
    let shared = stage.ok(&["slides", &stage.link, "photos", "--visibility", "presenters"]);
    assert_eq!(shared, "Shared \"photos\" with 6 slides.");
    assert!(stage.fails(&["goto", &stage.guests, "photos", "2"]).contains("no content"));
    stage.ok(&["visibility", &stage.link, "photos", "everyone"]);
    let told = until(&mut watch, |event| event["event"] == "extendedReady");
    let notes = told.iter().find(|event| event["event"] == "slideNotes").unwrap();
    assert_eq!(notes["slides"], serde_json::json!([1, 5]));
    // Slides without notes are complete when the uploader has left.
    assert!(!told.iter().any(|event| event["event"] == "slideFailed"));
    let got = stage.ok(&["get", &stage.guests, "photos", "--slides", "down/below"]);
    assert_eq!(got, "down/below (6 of 6 slides, 2 with notes)");
    let down = stage.file("down/below");
    assert_eq!(fs::read_to_string(down.join("slide-02.txt")).unwrap(), "Second\nslide");
    assert_eq!(fs::read_to_string(down.join("slide-06.txt")).unwrap(), "The last");
    for number in 1..=6 {
        let shared = fs::read(folder.join(format!("p{number}.jpg"))).unwrap();
        assert_eq!(fs::read(down.join(format!("slide-0{number}.jpg"))).unwrap(), shared);
    }
    // A folder has no file to download.
    assert!(stage.fails(&["get", &stage.guests, "photos"]).contains("has no file"));
    let taken = stage.fails(&["slides", &stage.link, "photos"]);
    assert!(taken.contains("choose another title"), "{taken}");
    stage.ok(&["slides", &stage.link, "photos", "--title", "again"]);
}

#[test]
fn mistakes_with_slides_are_one_sentence() {
    let stage = Stage::open(&[]);
    talk(&stage);
    fs::write(stage.file("plan.txt"), "no slides").unwrap();
    fs::write(stage.file("broken.pdf"), "no PDF").unwrap();
    let link = stage.link.as_str();
    assert!(stage.fails(&["slides", link, "nothing.pdf"]).contains("cannot read nothing.pdf"));
    assert!(stage.fails(&["slides", link, "plan.txt"]).contains("take a PDF"));
    assert!(stage.fails(&["slides", link, "broken.pdf"]).contains("is not a PDF"));
    let guests = stage.fails(&["slides", &stage.guests, "Talk.pdf"]);
    assert!(guests.contains("as a presenter"), "{guests}");

    // The title of a failed conversion is free again.
    stage.ok(&["slides", link, "Talk.pdf", "--title", "broken.pdf", "--size", "160"]);
    stage.ok(&["share", link, "plan.txt"]);
    let beyond = stage.fails(&["goto", link, "broken.pdf", "21"]);
    assert!(beyond.contains("there is no slide 21; \"broken.pdf\" has 20 slides"), "{beyond}");
    let file = stage.fails(&["goto", link, "plan.txt", "1"]);
    assert!(file.contains("is not a presentation"), "{file}");
    assert!(stage.fails(&["get", link, "plan.txt", "--slides", "x"]).contains("has no slides"));
    stage.ok(&["goto", link, "broken.pdf", "5"]);
    let refused = stage.fails(&["goto", &stage.guests, "broken.pdf", "2"]);
    assert!(refused.contains("which is still slide 5; join as a presenter"), "{refused}");
    for arguments in
        [&["goto", link, "broken.pdf", "0"][..], &["slides", link, "Talk.pdf", "--size", "9"]]
    {
        assert_eq!(stage.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    for command in ["slides", "goto"] {
        assert!(stage.ok(&[command, "--help"]).contains("Example"));
    }
}

/// A server with a small limit for packages.
fn small_server(data: &Path) -> (tokio::runtime::Runtime, Server) {
    let mut options = Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        data: data.into(),
        demo: true,
        ..Options::default()
    };
    options.limits.meeting.package_size = 100_000;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(options)).unwrap();
    (runtime, server)
}

#[test]
fn missing_slides_are_announced_to_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let (runtime, server) = small_server(&directory.path().join("data"));
    let links: Vec<_> = server.demo_links().iter().map(|demo| demo.link.to_string()).collect();
    let folder = directory.path().join("photos");
    fs::create_dir(&folder).unwrap();
    for number in 1..=9u32 {
        // The sixth does not compress.
        let side = if number == 6 { 400 } else { 16 };
        let colour = |x: u32, y: u32| {
            let noise = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 8;
            noise.to_le_bytes()[..3].try_into().unwrap()
        };
        let picture = RgbImage::from_fn(side, side, |x, y| image::Rgb(colour(x, y)));
        picture.save(folder.join(format!("p{number}.jpg"))).unwrap();
    }
    assert!(fs::metadata(folder.join("p6.jpg")).unwrap().len() > 100_000);
    let mut watch = Running::start(psom(directory.path()).args(["watch", &links[2], "--json"]));
    until(&mut watch, |event| event["event"] == "ready");
    let slides = psom(directory.path()).args(["slides", &links[1], "photos"]).output().unwrap();
    assert_eq!(slides.status.code(), Some(1));
    let why = String::from_utf8(slides.stderr).unwrap();
    assert!(why.contains("the slides from 5 on are missing"), "{why}");
    let told = until(&mut watch, |event| event["event"] == "slideFailed");
    // The earlier slides exist; the missing ones were not uploaded (2) as a JPEG (7).
    let jpegs = told.iter().filter(|event| event["event"] == "slideJpeg").count();
    let failed = &told[told.len() - 1];
    let part = |name: &str| failed[name].as_u64().unwrap();
    assert_eq!((jpegs, part("begin"), part("end")), (4, 4, 8));
    assert_eq!((part("format"), part("code")), (7, 2));
    // A download of the slides lists the missing ones.
    let get = ["get", &links[2], "photos", "--slides", "got"];
    let got = psom(directory.path()).args(get).output().unwrap();
    assert_eq!(got.status.code(), Some(1));
    assert_eq!(String::from_utf8(got.stdout).unwrap(), "got (4 of 9 slides, 0 with notes)\n");
    let why = String::from_utf8(got.stderr).unwrap();
    assert!(why.contains("slides 5-9 of \"photos\" are missing"), "{why}");
    watch.interrupt();
    runtime.block_on(server.shutdown(std::time::Duration::from_secs(30)));
}
