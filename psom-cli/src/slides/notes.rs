//! The speaker's notes of a PPTX, which is an OPC file.
//!
//! The presentation has a relationship to each slide, and a slide has one to its notes. In the
//! notes, the placeholder of the type `body` has the text.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, Read as _},
    path::Path,
};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
    name::QName,
};
use zip::ZipArchive;

use super::{archive::part_name, deck::check_count};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    terminal::out,
    xml::decode,
};

/// Upper bound on one part.
const MAX_PART_BYTES: u64 = 8 << 20;

/// Upper bound on all parts together.
const MAX_TOTAL_BYTES: u64 = 256 << 20;

/// The result of reading a part. The error is the defect of the file.
type Read<T> = Result<T, String>;

/// The notes of a presentation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// The notes of each visible slide, in their order; empty for a slide without notes.
    pub slides: Vec<String>,
    /// A sentence for each part that could not be read.
    pub remarks: Vec<String>,
}

/// Reads the notes. Notes that cannot be read give a remark and no error, because slides can be shown
/// without notes.
///
/// # Errors
/// The file is not a zip archive, all slides are hidden, or there are too many of them.
pub(super) fn read(path: &Path) -> Result<Notes> {
    let shown = path.display();
    let file = File::open(path).or_cannot(format_args!("read {shown}"))?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
        let why =
            format!("{shown} is not an intact PPTX ({error}); save it again, or export a PDF");
        CommandError::new(why)
    })?;
    let mut presentation = Presentation::new(archive);
    let all = match presentation.slides() {
        Ok(slides) => slides,
        Err(why) => {
            let remarks = vec![format!("the notes of {shown} are left out: {why}")];
            return Ok(Notes { slides: Vec::new(), remarks });
        }
    };
    check_count(path, all.len())?;
    let visible: Vec<_> = all.iter().filter(|slide| !presentation.is_hidden(slide)).collect();
    if visible.is_empty() {
        let why = format!("all slides of {shown} are hidden; show at least one of them");
        return Err(CommandError::new(why));
    }
    let (mut slides, mut unreadable) = (Vec::new(), Vec::new());
    for (number, slide) in (1..).zip(visible) {
        slides.push(presentation.notes(slide).unwrap_or_else(|_| {
            unreadable.push(number);
            String::new()
        }));
    }
    let mut remarks = Vec::new();
    if !unreadable.is_empty() {
        let noun = if unreadable.len() == 1 { "slide" } else { "slides" };
        let numbers = out::ranges(&unreadable);
        remarks.push(format!("the notes of {noun} {numbers} of {shown} are damaged and left out"));
    }
    Ok(Notes { slides, remarks })
}

struct Presentation {
    archive: ZipArchive<BufReader<File>>,
    /// The index of each part, by its normalized name.
    index_by_name: HashMap<String, usize>,
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

/// Returns the form of a part's name in which names are compared.
fn normalized(name: &str) -> String {
    part_name(name).to_ascii_lowercase()
}

impl Presentation {
    fn new(archive: ZipArchive<BufReader<File>>) -> Self {
        let names = archive.file_names().enumerate();
        let index_by_name =
            names.filter_map(|(index, name)| Some((normalized(&name.ok()?), index))).collect();
        Self { archive, index_by_name, left_bytes: MAX_TOTAL_BYTES }
    }

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

    /// Reports whether a slide is hidden. A slide that cannot be read counts as visible.
    fn is_hidden(&mut self, slide: &str) -> bool {
        let mut hidden = None;
        let Ok(xml) = self.xml(slide) else { return false };
        let read = each(&xml, |event| {
            if let Event::Start(root) = event
                && hidden.is_none()
            {
                let show = attribute(root, |key| key.as_ref() == "show");
                hidden = Some(matches!(show.as_deref(), Some("0" | "false")));
            }
        });
        read.is_ok() && hidden == Some(true)
    }

    /// Returns the notes of a slide.
    fn notes(&mut self, slide: &str) -> Read<String> {
        match self.related(slide, "notesSlide")? {
            Some(notes) => body(&self.xml(&notes)?),
            None => Ok(String::new()),
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
        let Some(index) = self.index_by_name.get(&normalized(part)) else { return Ok(None) };
        let file = self.archive.by_index(*index).map_err(|error| error.to_string())?;
        let limit = MAX_PART_BYTES.min(self.left_bytes);
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > limit {
            return Err(format!("its part {part:?} is too large"));
        }
        self.left_bytes -= bytes.len() as u64;
        let text = decode(&bytes).ok_or_else(|| format!("its part {part:?} is not text"))?;
        Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
    }
}

/// Resolves the target of a relationship, relative to a folder.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let (from, target) = match target.strip_prefix('/') {
        Some(target) => ("", target),
        None => (folder, target.as_str()),
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
    let (mut is_notes, mut in_body, mut in_run) = (false, false, false);
    let mut alternatives = Alternatives::default();
    each(xml, |event| {
        if alternatives.skips(event) {
            return;
        }
        let text = match event {
            Event::Start(start) => {
                match start.local_name().as_ref() {
                    "sp" => is_notes = false,
                    "ph" => {
                        let kind = attribute(start, |key| key.as_ref() == "type");
                        is_notes = kind.as_deref() == Some("body");
                    }
                    "txBody" => in_body = is_notes,
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

/// Selects the first branch of each `AlternateContent`. The branches have the same text for programs
/// of different abilities.
#[derive(Default)]
struct Alternatives {
    /// For each open `AlternateContent`, whether a branch was selected.
    selected: Vec<bool>,
    /// The number of open elements of a skipped branch.
    skipped_depth: usize,
}

impl Alternatives {
    /// Reports whether an event belongs to a branch that is skipped.
    fn skips(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(_) if self.skipped_depth > 0 => self.skipped_depth += 1,
            Event::End(_) if self.skipped_depth > 0 => self.skipped_depth -= 1,
            Event::Start(start) => match start.local_name().as_ref() {
                "AlternateContent" => self.selected.push(false),
                "Choice" | "Fallback" => {
                    if let Some(selected) = self.selected.last_mut()
                        && std::mem::replace(selected, true)
                    {
                        self.skipped_depth = 1;
                    }
                }
                _ => return false,
            },
            Event::End(end) if end.local_name().as_ref() == "AlternateContent" => {
                self.selected.pop();
            }
            _ => return self.skipped_depth > 0,
        }
        true
    }
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
