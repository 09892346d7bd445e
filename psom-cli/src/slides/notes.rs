//! The speaker's notes of a PPTX, which is an OPC file like those of MS-PSOM itself.
//!
//! From the presentation a relationship leads to each slide, in the order of its list, and from a
//! slide one to its notes. In these, the placeholder of the type `body` has the text.

use std::{fs::File, io::BufReader, path::Path};

use psom_objects::package::{OpcReader, PackageError, PackageLimits};
use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
    name::QName,
};

use super::check_count;
use crate::failure::{Failure, Result, While};

/// The most bytes of one part.
const MAX_PART: u64 = 8 << 20;

/// The most bytes of all parts together that are read.
const MAX_TOTAL: u64 = 256 << 20;

/// Why a file is no presentation.
type Read<T> = Result<T, String>;

/// The notes of each slide that is shown, in their order; empty where a slide has none.
pub fn read(path: &Path) -> Result<Vec<String>> {
    let shown = path.display();
    let file = File::open(path).or_cannot(format_args!("read {shown}"))?;
    // A thousand slides have many thousand parts.
    let limits =
        PackageLimits { entries: 65_534, directory_bytes: 16 << 20, ..PackageLimits::default() };
    let broken = |why: String| {
        Failure::new(format!("{shown} is no intact PPTX ({why}); save it again, or export a PDF"))
    };
    let parts = OpcReader::open(BufReader::new(file), &limits);
    let parts = parts.map_err(|error| broken(error.to_string()))?;
    let mut presentation = Presentation { parts, left: MAX_TOTAL };
    let slides = presentation.slides().map_err(broken)?;
    check_count(path, slides.len())?;
    let notes = slides.iter().filter_map(|slide| presentation.notes(slide).transpose());
    notes.collect::<Read<_>>().map_err(broken)
}

struct Presentation {
    parts: OpcReader<BufReader<File>>,
    /// Bytes that may still be read.
    left: u64,
}

struct Relationship {
    id: String,
    /// The last segment of its type's URI: the part in front of it differs by the standard's
    /// edition.
    kind: String,
    part: String,
}

impl Presentation {
    /// The parts of all slides.
    fn slides(&mut self) -> Read<Vec<String>> {
        let main = self.related("", "officeDocument")?.ok_or("it has no presentation")?;
        let relationships = self.relationships(&main)?;
        let mut slides = Vec::new();
        each(&self.xml(&main)?, |event| {
            if let Event::Start(start) = event
                && start.local_name().as_ref() == "sldId"
                // The lists of sections have elements of this name too, with another `id` only.
                && let Some(id) = attribute(start, |key| is(key, "id") && key.prefix().is_some())
            {
                slides.push(id);
            }
        })?;
        let part = |id: String| {
            let found = relationships.iter().find(|relationship| relationship.id == id);
            found.map(|slide| slide.part.clone()).ok_or_else(|| format!("it has no slide {id:?}"))
        };
        slides.into_iter().map(part).collect()
    }

    /// The notes of a slide, or nothing where the slide is hidden.
    fn notes(&mut self, slide: &str) -> Read<Option<String>> {
        let mut hidden = None;
        each(&self.xml(slide)?, |event| {
            if let Event::Start(root) = event
                && hidden.is_none()
            {
                let show = attribute(root, |key| key.as_ref() == "show");
                hidden = Some(matches!(show.as_deref(), Some("0" | "false")));
            }
        })?;
        if hidden == Some(true) {
            return Ok(None);
        }
        match self.related(slide, "notesSlide")? {
            Some(notes) => Ok(Some(body(&self.xml(&notes)?)?)),
            None => Ok(Some(String::new())),
        }
    }

    /// The part to which a relationship of the kind leads from another; the file itself has no
    /// name.
    fn related(&mut self, part: &str, kind: &str) -> Read<Option<String>> {
        let relationships = self.relationships(part)?.into_iter();
        Ok(relationships.filter(|to| to.kind == kind).map(|to| to.part).next())
    }

    fn relationships(&mut self, part: &str) -> Read<Vec<Relationship>> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let slash = if folder.is_empty() { "" } else { "/" };
        let Some(xml) = self.optional_xml(&format!("{folder}{slash}_rels/{name}.rels"))? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        each(&xml, |event| {
            if let Event::Start(start) = event
                && start.local_name().as_ref() == "Relationship"
                && let Some(id) = attribute(start, |key| key.as_ref() == "Id")
                && let Some(kind) = attribute(start, |key| key.as_ref() == "Type")
                && let Some(target) = attribute(start, |key| key.as_ref() == "Target")
            {
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.push(Relationship { id, kind, part: resolve(folder, &target) });
            }
        })?;
        Ok(found)
    }

    fn xml(&mut self, part: &str) -> Read<String> {
        self.optional_xml(part)?.ok_or_else(|| format!("it has no part {part:?}"))
    }

    fn optional_xml(&mut self, part: &str) -> Read<Option<String>> {
        let bytes = match self.parts.part(part, MAX_PART.min(self.left)) {
            Ok(bytes) => bytes,
            Err(PackageError::NoSuchFile { .. }) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        self.left -= bytes.len() as u64;
        let text = String::from_utf8(bytes).map_err(|_| format!("{part:?} is not in UTF-8"))?;
        Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
    }
}

/// The part that a target means, seen from a folder.
fn resolve(folder: &str, target: &str) -> String {
    let (from, target) = match target.strip_prefix('/') {
        Some(target) => ("", target),
        None => (folder, target),
    };
    let mut path = Vec::new();
    for segment in from.split('/').chain(target.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(path.pop()),
            segment => path.push(segment),
        }
    }
    path.join("/")
}

/// The text of the placeholders of the type `body`, a line for each paragraph.
fn body(xml: &str) -> Read<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let (mut is_body, mut in_body, mut in_run) = (false, false, false);
    each(xml, |event| {
        let text = match event {
            Event::Start(start) => {
                match start.local_name().as_ref() {
                    "sp" => is_body = false,
                    "ph" => {
                        let kind = attribute(start, |key| key.as_ref() == "type");
                        is_body = kind.as_deref() == Some("body");
                    }
                    "txBody" => in_body = is_body,
                    "p" if in_body => paragraphs.push(String::new()),
                    "t" => in_run = in_body,
                    "br" if in_body => paragraphs.last_mut().into_iter().for_each(|p| p.push('\n')),
                    _ => {}
                }
                return;
            }
            Event::End(end) => {
                match end.local_name().as_ref() {
                    "txBody" => (in_body, in_run) = (false, false),
                    "t" => in_run = false,
                    _ => {}
                }
                return;
            }
            Event::Text(text) => text.xml10_content(),
            Event::CData(text) => text.xml10_content(),
            Event::GeneralRef(reference) => character(reference).into(),
            _ => return,
        };
        if in_run && let Some(paragraph) = paragraphs.last_mut() {
            paragraph.push_str(&text);
        }
    })?;
    Ok(paragraphs.join("\n").trim_end().to_owned())
}

/// The character behind a reference; nothing where it is none.
fn character(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        _ => resolve_predefined_entity(reference).unwrap_or_default().to_owned(),
    }
}

/// Hands on each event of a document. An element without content has a start and an end, too.
fn each(xml: &str, mut event: impl FnMut(&Event<'_>)) -> Read<()> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return Ok(()),
            Ok(next) => event(&next),
            Err(error) => return Err(format!("its XML is broken: {error}")),
        }
    }
}

/// The first attribute with the key.
fn attribute(start: &BytesStart<'_>, key: impl Fn(QName<'_>) -> bool) -> Option<String> {
    // The check for attributes that come twice takes long where there are many.
    let mut attributes = start.attributes();
    attributes.with_checks(false);
    let attribute = attributes.flatten().find(|attribute| key(attribute.key))?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

fn is(key: QName<'_>, local: &str) -> bool {
    key.local_name().as_ref() == local
}
