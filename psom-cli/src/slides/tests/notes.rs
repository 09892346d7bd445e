//! The notes of a PPTX.

use super::{file, pptx_file::*, said};
use crate::slides::notes::read;

fn notes(bytes: &[u8]) -> Vec<String> {
    let (_directory, path) = file("Plan.pptx", bytes);
    read(&path).unwrap_or_else(|failure| panic!("{failure:?}"))
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
fn damaged_pptx_files_are_rejected() {
    for bytes in [&b""[..], b"PK\x03\x04", &[7; 1000]] {
        assert!(refusal(bytes).contains("is not an intact PPTX ("));
    }
    let why = refusal(&zip(&[("word/document.xml".to_owned(), "<d/>".to_owned())]));
    assert!(why.contains("it has no presentation"), "{why}");
    assert!(refusal(&Pptx::new().bytes()).ends_with("has no slides"));

    let broken = |name: &str, xml: Option<&str>| {
        let mut pptx = Pptx::new().slide(1, "", Some(&body(&paragraph("x"))));
        let at = pptx.parts.iter().position(|(part, _)| part == name).unwrap();
        match xml {
            Some(xml) => pptx.parts[at].1 = xml.to_owned(),
            None => drop(pptx.parts.remove(at)),
        }
        refusal(&pptx.bytes())
    };
    assert!(broken("ppt/slides/slide1.xml", None).contains("it has no part"));
    assert!(broken("ppt/notesSlides/notesSlide1.xml", None).contains("it has no part"));
    let why = broken("ppt/notesSlides/notesSlide1.xml", Some("<a><b></a>"));
    assert!(why.contains("its XML is broken"), "{why}");
}

#[test]
fn parts_that_unpack_to_too_much_are_rejected() {
    let bomb = format!("<p:notes>{}</p:notes>", " ".repeat(2 << 20));
    let mut pptx = Pptx::new().slide(1, "", Some(""));
    let part = pptx.parts.iter_mut().find(|(name, _)| name.contains("notesSlide1")).unwrap();
    part.1 = bomb;
    let why = refusal(&pptx.bytes());
    assert!(why.contains("more than 250 times its packed size"), "{why}");

    let mut pptx = Pptx::new().slide(1, "", Some(""));
    let part = pptx.parts.iter_mut().find(|(name, _)| name.contains("notesSlide1")).unwrap();
    part.1 = " ".repeat((8 << 20) + 1);
    let why = refusal(&pptx.bytes());
    assert!(why.contains("at most 8388608 are allowed"), "{why}");
}

#[test]
fn too_many_slides_are_rejected_before_the_conversion() {
    let pptx = (1..=1001).fold(Pptx::new(), |pptx, number| pptx.slide(number, "", None));
    let why = refusal(&pptx.bytes());
    assert!(why.contains("1001 slides") && why.contains("at most 1000"), "{why}");
}
