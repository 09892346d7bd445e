//! PPTX files, made by hand.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The parts of a presentation.
pub(super) struct Pptx {
    pub parts: Vec<(String, String)>,
    ids: String,
    relationships: String,
}

impl Pptx {
    pub(super) fn new() -> Self {
        let root = relationships(&[("rId1", "officeDocument", "/ppt/presentation.xml")]);
        let parts = vec![("_rels/.rels".to_owned(), root)];
        Self { parts, ids: String::new(), relationships: String::new() }
    }

    /// Adds the slide with this number in its file name at the end. `notes` is the XML of the
    /// notes' shapes.
    pub(super) fn slide(mut self, number: usize, attributes: &str, notes: Option<&str>) -> Self {
        let slide = format!("ppt/slides/slide{number}.xml");
        self.add(&slide, format!("<p:sld xmlns:p='p' {attributes}><p:cSld show='0'/></p:sld>"));
        if let Some(shapes) = notes {
            let target = format!("../notesSlides/notesSlide{number}.xml");
            let to = [("rId1", "slideLayout", "../slideLayouts/slideLayout1.xml")];
            let to = relationships(&[to[0], ("rId2", "notesSlide", &target)]);
            self.add(&format!("ppt/slides/_rels/slide{number}.xml.rels"), to);
            let notes = format!("<?xml version='1.0'?><p:notes xmlns:p='p'>{shapes}</p:notes>");
            self.add(&format!("ppt/notesSlides/notesSlide{number}.xml"), notes);
        }
        self.ids += &format!("<p:sldId id='{}' r:id='rId{number}'/>", 256 + number);
        let target = format!("slides/slide{number}.xml");
        self.relationships += &relationship(&format!("rId{number}"), "slide", &target);
        self
    }

    fn add(&mut self, name: &str, xml: String) {
        self.parts.push((name.to_owned(), xml));
    }

    pub(super) fn bytes(mut self) -> Vec<u8> {
        let main = format!(
            "<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst>{}</p:sldIdLst><p:extLst><p:ext>\
             <p14:sldIdLst xmlns:p14='q'><p14:sldId id='999'/></p14:sldIdLst></p:ext></p:extLst>\
             </p:presentation>",
            self.ids
        );
        let to = format!("<Relationships>{}</Relationships>", self.relationships);
        self.add("ppt/presentation.xml", main);
        self.add("ppt/_rels/presentation.xml.rels", to);
        zip(&self.parts)
    }
}

pub(super) fn zip(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, xml) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(xml.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A shape with a placeholder and these paragraphs.
pub(super) fn shape(placeholder: &str, paragraphs: &str) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>\
         <p:txBody xmlns:a='a'>{paragraphs}</p:txBody></p:sp>"
    )
}

/// The notes' own shape with these paragraphs.
pub(super) fn body(paragraphs: &str) -> String {
    shape("<p:ph type='body' idx='1'/>", paragraphs)
}

/// A paragraph.
pub(super) fn paragraph(text: &str) -> String {
    format!("<a:p><a:pPr/><a:r><a:rPr lang='en'/><a:t>{text}</a:t></a:r><a:endParaRPr/></a:p>")
}

fn relationships(all: &[(&str, &str, &str)]) -> String {
    let all: String = all.iter().map(|(id, kind, target)| relationship(id, kind, target)).collect();
    format!("<Relationships>{all}</Relationships>")
}

fn relationship(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id='{id}' Type='{TYPES}/{kind}' Target='{target}'/>")
}
