//! The speaker's notes of a PPTX, which is an OPC file.
//!
//! The presentation has a relationship to each slide, and a slide has one to its notes. In the
//! notes, the placeholder of the type `body` has the text.

use std::{fs::File, io::BufReader, path::Path};

use psom_objects::package::{OpcReader, PackageError, PackageLimits};
use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
    name::QName,
};

use super::deck::check_count;
use crate::error::{CommandError, OrCannot, Result};

/// Upper bound on one part.
const MAX_PART_BYTES: u64 = 8 << 20;

/// Upper bound on all parts together.
const MAX_TOTAL_BYTES: u64 = 256 << 20;

/// The result of reading the file. An error says why the file is not a presentation.
type Read<T> = Result<T, String>;

/// Reads the notes of each visible slide, in their order; empty for a slide without notes.
pub fn read(path: &Path) -> Result<Vec<String>> {
    let shown = path.display();
    let file = File::open(path).or_cannot(format_args!("read {shown}"))?;
    // A presentation of a thousand slides has many thousand parts.
    let limits =
        PackageLimits { entries: 65_534, directory_bytes: 16 << 20, ..PackageLimits::default() };
    let broken = |why: String| {
        CommandError::new(format!(
            "{shown} is not an intact PPTX ({why}); save it again, or export a PDF"
        ))
    };
    let parts = OpcReader::open(BufReader::new(file), &limits);
    let parts = parts.map_err(|error| broken(error.to_string()))?;
    let mut presentation = Presentation { parts, left_bytes: MAX_TOTAL_BYTES };
    let slides = presentation.slides().map_err(broken)?;
    check_count(path, slides.len())?;
    let notes = slides.iter().filter_map(|slide| presentation.notes(slide).transpose());
    notes.collect::<Read<_>>().map_err(broken)
}

struct Presentation {
    parts: OpcReader<BufReader<File>>,
    /// The bytes that may still be read.
    left_bytes: u64,
}

struct Relationship {
    id: String,
    /// The last segment of the type's URI. The part before it depends on the edition of the
    /// standard.
    kind: String,
    part: String,
}

impl Presentation {
    /// Returns the parts of all slides.
    fn slides(&mut self) -> Read<Vec<String>> {
        let main = self.related("", "officeDocument")?.ok_or("it has no presentation")?;
        let relationships = self.relationships(&main)?;
        let mut slides = Vec::new();
        each(&self.xml(&main)?, |event| {
            if let Event::Start(start) = event
                && start.local_name().as_ref() == "sldId"
                // Lists of sections have elements of the same name, but without a prefixed `id`.
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

    /// Returns the notes of a slide, or `None` if the slide is hidden.
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

    /// Returns the target of a part's relationship of a kind. The file itself is the part without a
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
        let bytes = match self.parts.part(part, MAX_PART_BYTES.min(self.left_bytes)) {
            Ok(bytes) => bytes,
            Err(PackageError::NoSuchFile { .. }) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        self.left_bytes -= bytes.len() as u64;
        let text = String::from_utf8(bytes).map_err(|_| format!("{part:?} is not in UTF-8"))?;
        Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
    }
}

/// Resolves the target of a relationship, relative to a folder.
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

/// Returns the text of the placeholders of the type `body`, a line for each paragraph.
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

/// Resolves a character reference; empty if it is unknown.
fn character(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        _ => resolve_predefined_entity(reference).unwrap_or_default().to_owned(),
    }
}

/// Calls a function for each event of a document. Empty elements have a start and an end, too.
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

/// Returns the first attribute whose key matches.
fn attribute(start: &BytesStart<'_>, key: impl Fn(QName<'_>) -> bool) -> Option<String> {
    // The check for duplicate attributes takes quadratic time.
    let mut attributes = start.attributes();
    attributes.with_checks(false);
    let attribute = attributes.flatten().find(|attribute| key(attribute.key))?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

fn is(key: QName<'_>, local: &str) -> bool {
    key.local_name().as_ref() == local
}
