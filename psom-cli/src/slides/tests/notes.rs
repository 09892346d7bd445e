//! The notes of a PPTX.

use super::{file, pptx_file::*, said};
use crate::slides::notes::{Notes, read};

fn read_all(bytes: &[u8]) -> Notes {
    let (_directory, path) = file("Plan.pptx", bytes);
    read(&path).unwrap()
}

fn notes(bytes: &[u8]) -> Vec<String> {
    let notes = read_all(bytes);
    assert_eq!(notes.remarks, [""; 0]);
    notes.slides
}

fn refusal(bytes: &[u8]) -> String {
    let (_directory, path) = file("Plan.pptx", bytes);
    let why = said(read(&path));
    assert!(why.contains("Plan.pptx"), "{why}");
    why
}

#[test]
fn notes_come_in_the_order_of_the_presentation() {
    let first = body(&paragraph("first"));
    let second = body(&paragraph("second"));
    let pptx =
        Pptx::new().slide(7, "", Some(&first)).slide(2, "", None).slide(1, "", Some(&second));
    assert_eq!(notes(&pptx.bytes()), ["first", "", "second"]);
}

#[test]
fn notes_are_the_paragraphs_of_the_body() {
    let paragraphs = [
        paragraph("Say &amp; show &#252;ber &lt;all&gt;"),
        "<a:p><a:r><a:t>two </a:t></a:r><a:r><a:t>runs</a:t></a:r><a:br/><a:r><a:t>x</a:t></a:r></a:p>"
            .to_owned(),
        "<a:p/>".to_owned(),
        "<a:p><a:fld type='datetime'><a:t>1 May</a:t></a:fld></a:p>".to_owned(),
        "<a:p><a:r><a:t><![CDATA[<raw>]]></a:t></a:r></a:p><a:p></a:p>".to_owned(),
    ];
    let shapes = shape("<p:ph type='sldImg'/>", "")
        + &body(&paragraphs.concat())
        + &shape("<p:ph type='sldNum' idx='2'/>", &paragraph("12"))
        + &shape("", &paragraph("a text field"));
    let pptx = Pptx::new().slide(1, "", Some(&shapes));
    let expected = "Say & show über <all>\ntwo runs\nx\n\n1 May\n<raw>";
    assert_eq!(notes(&pptx.bytes()), [expected]);
}

#[test]
fn hidden_slides_have_no_notes() {
    let text = |text| body(&paragraph(text));
    let pptx = Pptx::new()
        .slide(1, "show='1'", Some(&text("one")))
        .slide(2, "show='0'", Some(&text("two")))
        .slide(3, "show='false'", Some(&text("three")))
        .slide(4, "", Some(&text("four")));
    assert_eq!(notes(&pptx.bytes()), ["one", "four"]);
}

#[test]
fn files_that_are_not_archives_are_rejected() {
    for bytes in [&b""[..], b"PK\x03\x04", &[7; 1000]] {
        assert!(refusal(bytes).contains("is not an intact PPTX ("));
    }
    assert!(refusal(&Pptx::new().bytes()).ends_with("has no slides"));
    let hidden = Pptx::new().slide(1, "show='0'", None).slide(2, "show='0'", None);
    assert!(refusal(&hidden.bytes()).contains("are hidden; show at least one"));
}

#[test]
fn damaged_notes_cost_only_the_notes_of_their_slide() {
    let text = |text| body(&paragraph(text));
    let pptx = || Pptx::new().slide(1, "", Some(&text("one"))).slide(2, "", Some(&text("two")));
    let second = "ppt/notesSlides/notesSlide2.xml";
    for xml in [None, Some("<a><b></a>"), Some("&"), Some("<a t='")] {
        let mut pptx = pptx();
        let at = pptx.parts.iter().position(|(part, _)| part == second).unwrap();
        match xml {
            Some(xml) => pptx.parts[at].1 = xml.to_owned(),
            None => drop(pptx.parts.remove(at)),
        }
        let Notes { slides, remarks } = read_all(&pptx.bytes());
        assert_eq!(slides, ["one", ""], "{xml:?}");
        assert!(remarks[0].contains("the notes of slide 2 of "), "{remarks:?}");
    }
    let Notes { slides, remarks } =
        read_all(&zip(&[("word/document.xml".to_owned(), "<d/>".to_owned())]));
    assert!(slides.is_empty() && remarks[0].contains("it has no presentation"), "{remarks:?}");
}

#[test]
fn archives_may_have_prefixes_suffixes_and_backslashes() {
    let pptx = || Pptx::new().slide(1, "", Some(&body(&paragraph("one"))));
    let bytes = pptx().bytes();
    assert_eq!(notes(&[b"prefix", &bytes[..]].concat()), ["one"]);
    assert_eq!(notes(&[&bytes[..], &[0; 100]].concat()), ["one"]);
    let mut backslashes = pptx();
    for (name, xml) in &mut backslashes.parts {
        *name = name.replace('/', "\\");
        *xml = xml.replace("../notesSlides/", "..\\notesSlides\\");
    }
    assert_eq!(notes(&backslashes.bytes()), ["one"]);
}

#[test]
fn one_branch_of_alternate_content_is_read() {
    let branch = |name: &str, text: &str| format!("<mc:{name}>{}</mc:{name}>", paragraph(text));
    let choices = [branch("Choice", "new"), branch("Choice", "newer"), branch("Fallback", "old")];
    let shapes = body(&format!(
        "{}<mc:AlternateContent>{}</mc:AlternateContent>{}",
        paragraph("before"),
        choices.concat(),
        paragraph("after")
    ));
    let pptx = Pptx::new().slide(1, "", Some(&shapes));
    assert_eq!(notes(&pptx.bytes()), ["before\nnew\nafter"]);
}

#[test]
fn parts_that_unpack_to_too_much_are_left_out() {
    let mut pptx = Pptx::new().slide(1, "", Some(""));
    let part = pptx.parts.iter_mut().find(|(name, _)| name.contains("notesSlide1")).unwrap();
    part.1 = " ".repeat((8 << 20) + 1);
    assert_eq!(read_all(&pptx.bytes()).remarks.len(), 1);
}

#[test]
fn too_many_slides_are_rejected_before_the_conversion() {
    let pptx = (1..=1001).fold(Pptx::new(), |pptx, number| pptx.slide(number, "", None));
    let why = refusal(&pptx.bytes());
    assert!(why.contains("1001 slides") && why.contains("at most 1000"), "{why}");
}
