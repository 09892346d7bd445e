//! A pull reader for documents with a schema: the caller asks for the element that is due, and
//! whatever else stands there is an error that names the place.
//!
//! It knows elements, attributes, text and namespaces; which of them may stand where, the callers
//! know. No DOCTYPE, no entities but the five of XML itself, bounded depth and attribute count.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::error::{ManifestError, Result, shown};
use super::names;
use super::values::Attributes;
use super::xml_chars::{is_blank, is_name, is_spaced, is_xml_char};

/// The namespace of the manifest.
pub(super) const OCP: &str = "http://schemas.microsoft.com/2008/12/ocp";
/// The namespace of the content details.
pub(super) const DETAIL: &str = "http://schemas.microsoft.com/2008/12/ocp-content-detail";
/// The namespace of a presentation's location.
pub(super) const LOCATION: &str = "http://schemas.microsoft.com/2008/08/datamcu-content";
/// Its `schemaLocation` may stand on any element of a document with a schema.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The deepest element, counted from the root: the schemas need seven levels, and the details of
/// third parties have the rest.
pub(super) const MAX_DEPTH: usize = 32;
/// The most attributes of one element; with it, comparing each with each stays cheap.
const MAX_ATTRIBUTES: usize = 64;

/// A start tag that was read but not yet entered.
pub(super) struct Element<'x> {
    pub(super) start: BytesStart<'x>,
    /// The position of its `<`.
    pub(super) from: usize,
}

/// The next item inside the current element.
enum Node<'x> {
    Start(Element<'x>),
    End,
}

/// A position in a document, and the path of elements that leads to it.
pub(super) struct Cursor<'x> {
    pub(super) text: &'x str,
    pub(super) reader: NsReader<&'x [u8]>,
    path: Vec<&'static str>,
    peeked: Option<Node<'x>>,
}

impl<'x> Cursor<'x> {
    /// Opens a document of at most `limit` bytes, and reads up to its root's start tag.
    pub(super) fn document(text: &'x str, limit: usize) -> Result<Self> {
        if text.len() > limit {
            return Err(ManifestError::TooLarge { size: text.len(), limit });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some((offset, _)) = text.char_indices().find(|&(_, c)| !is_xml_char(c)) {
            return Err(malformed(offset as u64, "it has a character that XML does not allow"));
        }
        let mut reader = NsReader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        let mut cursor = Self { text, reader, path: Vec::new(), peeked: None };
        cursor.peek()?;
        Ok(cursor)
    }

    /// Enters the root element, which must be `name` in `namespace`.
    pub(super) fn enter_root(
        &mut self,
        namespace: &'static str,
        name: &'static str,
    ) -> Result<Element<'x>> {
        if let Some(root) = self.take(namespace, name)? {
            return Ok(root);
        }
        let (found, namespace_found) = match self.peek()? {
            Node::Start(root) => (shown(root.start.local_name().as_ref()), self.peeked_namespace()),
            Node::End => (String::new(), String::new()),
        };
        Err(ManifestError::Root {
            found,
            namespace: shown(&namespace_found),
            expected: format!("`{name}` in the namespace `{namespace}`"),
        })
    }

    /// Enters the child `name` where it comes next; `allowed` are its attributes.
    pub(super) fn child(
        &mut self,
        namespace: &'static str,
        name: &'static str,
        allowed: &[&'static str],
    ) -> Result<Option<Attributes>> {
        let Some(element) = self.take(namespace, name)? else { return Ok(None) };
        Ok(Some(self.attributes(&element, allowed)?))
    }

    /// Enters the child `name`, which must come next.
    pub(super) fn required(
        &mut self,
        namespace: &'static str,
        name: &'static str,
        allowed: &[&'static str],
    ) -> Result<Attributes> {
        match self.child(namespace, name, allowed)? {
            Some(attributes) => Ok(attributes),
            None => Err(self.not(name)?),
        }
    }

    /// The text of the child `name` where it comes next, read by `parse`.
    pub(super) fn optional<T>(
        &mut self,
        namespace: &'static str,
        name: &'static str,
        parse: fn(&str) -> std::result::Result<T, &'static str>,
    ) -> Result<Option<T>> {
        if self.child(namespace, name, &[])?.is_none() {
            return Ok(None);
        }
        let at = self.at();
        let text = self.text_to_end()?;
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(expected) => Err(ManifestError::Value { at, value: shown(&text), expected }),
        }
    }

    /// As [`optional`](Self::optional), for a child that must come next.
    pub(super) fn value<T>(
        &mut self,
        namespace: &'static str,
        name: &'static str,
        parse: fn(&str) -> std::result::Result<T, &'static str>,
    ) -> Result<T> {
        match self.optional(namespace, name, parse)? {
            Some(value) => Ok(value),
            None => Err(self.not(name)?),
        }
    }

    /// The child `name` where it comes next, whose text is a file at the package's root.
    pub(super) fn file(
        &mut self,
        namespace: &'static str,
        name: &'static str,
    ) -> Result<Option<String>> {
        if self.child(namespace, name, &[])?.is_none() {
            return Ok(None);
        }
        let at = self.at();
        let file = self.text_to_end()?;
        match names::check_reference(&file) {
            Ok(()) => Ok(Some(file)),
            Err(reason) => Err(ManifestError::FileName { at, name: shown(&file), reason }),
        }
    }

    /// Leaves the current element, which must have no more children.
    pub(super) fn end(&mut self) -> Result<()> {
        if !matches!(self.peek()?, Node::End) {
            return Err(self.not("the end")?);
        }
        self.peeked = None;
        self.path.pop();
        Ok(())
    }

    /// Ends the document: after the root come only comments and white space.
    pub(super) fn finish(mut self) -> Result<()> {
        match self.event()? {
            (_, Event::Eof) => Ok(()),
            (from, _) => Err(malformed(from as u64, "something follows the root element")),
        }
    }

    /// The local name of the next child, where it is in `namespace`.
    pub(super) fn next_in(&mut self, namespace: &'static str) -> Result<Option<String>> {
        self.peek()?;
        if self.peeked_namespace() != namespace {
            return Ok(None);
        }
        self.next_name()
    }

    /// The local name of the next child, whatever its namespace.
    pub(super) fn next_name(&mut self) -> Result<Option<String>> {
        Ok(match self.peek()? {
            Node::Start(next) => Some(shown(next.start.local_name().as_ref())),
            Node::End => None,
        })
    }

    /// The error for what comes next, where `expected` was due.
    pub(super) fn not(&mut self, expected: &str) -> Result<ManifestError> {
        let at = self.at();
        let expected = expected.to_owned();
        Ok(match self.next_name()? {
            Some(name) if name == expected => {
                ManifestError::Namespace { at, name, found: shown(&self.peeked_namespace()) }
            }
            Some(found) => ManifestError::Unexpected { at, found, expected },
            None => ManifestError::Missing { at, expected },
        })
    }

    /// The path of the current element.
    pub(super) fn at(&self) -> String {
        if self.path.is_empty() { "the document".to_owned() } else { self.path.join("/") }
    }

    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }

    pub(super) fn offset(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// Takes the start tag that comes next, without entering it.
    pub(super) fn take_any(&mut self) -> Result<Option<Element<'x>>> {
        self.peek()?;
        match self.peeked.take() {
            Some(Node::Start(element)) => Ok(Some(element)),
            end => {
                self.peeked = end;
                Ok(None)
            }
        }
    }

    /// The next event that is not a comment or a processing instruction, and where it starts.
    pub(super) fn event(&mut self) -> Result<(usize, Event<'x>)> {
        loop {
            let from = self.reader.buffer_position();
            let event = self.reader.read_event();
            let event =
                event.map_err(|e| malformed(self.reader.error_position(), &e.to_string()))?;
            match event {
                Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(ManifestError::Doctype { offset: from }),
                Event::Decl(declaration) => check_declaration(&declaration, from)?,
                // Between the document's parts, white space means nothing.
                Event::Text(text) if self.path.is_empty() && is_blank(&text) => {}
                // The reader leaves these two rules of well-formedness to us.
                Event::Text(text) if text.contains("]]>") => {
                    return Err(malformed(from, "a text contains `]]>`"));
                }
                Event::Start(start) if !is_name(start.name().as_ref()) => {
                    return Err(malformed(from, "an element has no proper name"));
                }
                event => return Ok((usize::try_from(from).unwrap_or(usize::MAX), event)),
            }
        }
    }

    /// The attributes of an element, which must all be among `allowed`.
    pub(super) fn attributes(
        &self,
        element: &Element<'x>,
        allowed: &[&'static str],
    ) -> Result<Attributes> {
        let mut known = Attributes::new(self.at());
        for (key, value) in self.raw_attributes(&element.start)? {
            if let Some(name) = allowed.iter().find(|name| **name == key) {
                known.push(name, value);
            } else if !self.is_schema_hint(&key) {
                return Err(ManifestError::Attribute { at: self.at(), name: shown(&key) });
            }
        }
        Ok(known)
    }

    /// All attributes but namespace declarations, by their qualified names.
    pub(super) fn raw_attributes(&self, start: &BytesStart<'_>) -> Result<Vec<(String, String)>> {
        let mut keys = Vec::new();
        let mut found = Vec::new();
        if !is_spaced(start.attributes_raw()) {
            return Err(malformed(self.offset(), "two attributes have no space between them"));
        }
        // The reader's own check for duplicates comes before the count could be bounded.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|e| malformed(self.offset(), &e.to_string()))?;
            let key = attribute.key.as_ref().to_owned();
            if keys.len() == MAX_ATTRIBUTES {
                return Err(malformed(self.offset(), "an element has more than 64 attributes"));
            }
            if !is_name(&key) {
                return Err(malformed(self.offset(), "an attribute has no proper name"));
            }
            if keys.contains(&key) {
                return Err(malformed(self.offset(), "an element has an attribute twice"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|e| malformed(self.offset(), &e.to_string()))?;
            if attribute.value.contains('<') || !value.chars().all(is_xml_char) {
                return Err(malformed(self.offset(), "an attribute has a character it may not"));
            }
            if attribute.key.as_namespace_binding().is_none() {
                found.push((key.clone(), value.into_owned()));
            }
            keys.push(key);
        }
        Ok(found)
    }

    /// The text up to the end of the current element, which must have no children.
    fn text_to_end(&mut self) -> Result<String> {
        let mut text = String::new();
        loop {
            match self.event()? {
                (_, Event::Text(part)) => text.push_str(&part.xml10_content()),
                (_, Event::CData(part)) => text.push_str(&part.xml10_content()),
                (from, Event::GeneralRef(part)) => text.push_str(&resolve(&part, from)?),
                (_, Event::Start(child)) => {
                    return Err(ManifestError::Unexpected {
                        at: self.at(),
                        found: shown(child.local_name().as_ref()),
                        expected: "text".to_owned(),
                    });
                }
                (_, Event::End(_)) => break,
                (from, _) => return Err(malformed(from as u64, "it ends inside an element")),
            }
        }
        self.path.pop();
        Ok(text)
    }

    fn peek(&mut self) -> Result<&Node<'x>> {
        while self.peeked.is_none() {
            self.peeked = Some(match self.event()? {
                (from, Event::Start(start)) => {
                    if self.path.len() >= MAX_DEPTH {
                        return Err(ManifestError::TooDeep { at: self.at(), limit: MAX_DEPTH });
                    }
                    Node::Start(Element { start, from })
                }
                (_, Event::End(_)) => Node::End,
                (_, Event::Text(text)) if is_blank(&text) => continue,
                (from, Event::Eof) => {
                    let reason = if self.path.is_empty() {
                        "it has no root element"
                    } else {
                        "it ends inside an element"
                    };
                    return Err(malformed(from as u64, reason));
                }
                _ => return Err(ManifestError::Text { at: self.at() }),
            });
        }
        Ok(self.peeked.as_ref().unwrap_or(&Node::End))
    }

    /// Enters the next element, where it is `name` in `namespace`.
    fn take(&mut self, namespace: &'static str, name: &'static str) -> Result<Option<Element<'x>>> {
        let matches = match self.peek()? {
            Node::Start(next) => next.start.local_name().as_ref() == name,
            Node::End => false,
        };
        if !matches || self.peeked_namespace() != namespace {
            return Ok(None);
        }
        let element = self.take_any()?;
        self.path.push(name);
        Ok(element)
    }

    /// The namespace of the start tag that was peeked at; empty for none.
    fn peeked_namespace(&self) -> String {
        let Some(Node::Start(next)) = &self.peeked else { return String::new() };
        match self.reader.resolver().resolve_element(next.start.name()).0 {
            ResolveResult::Bound(Namespace(namespace)) => shown_namespace(namespace),
            _ => String::new(),
        }
    }

    fn is_schema_hint(&self, key: &str) -> bool {
        let Some((_, local)) = key.split_once(':') else { return false };
        matches!(local, "schemaLocation" | "noNamespaceSchemaLocation")
            && matches!(
                self.reader.resolver().resolve_attribute(quick_xml::name::QName(key)).0,
                ResolveResult::Bound(Namespace(XSI))
            )
    }
}

/// A namespace, cut where it is longer than any that is compared with: it is copied for each
/// element, so a long one must not cost its length each time.
fn shown_namespace(namespace: &str) -> String {
    if namespace.len() <= 256 { namespace.to_owned() } else { shown(namespace) }
}

/// The character behind a reference: one of XML's own five entities, or a number.
pub(super) fn resolve(reference: &BytesRef<'_>, from: usize) -> Result<String> {
    let from = from as u64;
    match reference.resolve_char_ref() {
        Ok(Some(c)) if is_xml_char(c) => Ok(c.to_string()),
        Ok(None) => match resolve_predefined_entity(reference) {
            Some(text) => Ok(text.to_owned()),
            None => Err(malformed(from, &format!("`&{};` is not defined", shown(reference)))),
        },
        _ => Err(malformed(from, &format!("`&{};` is no character", shown(reference)))),
    }
}

pub(super) fn malformed(offset: u64, reason: &str) -> ManifestError {
    ManifestError::Malformed { offset, reason: shown_reason(reason) }
}

/// A reader's reason may quote the document at length.
fn shown_reason(reason: &str) -> String {
    if reason.len() <= 160 { reason.to_owned() } else { shown(reason) }
}

/// The text is at hand as UTF-8 already; what it says of itself must not contradict the two
/// encodings that a manifest may have.
fn check_declaration(declaration: &BytesDecl<'_>, from: u64) -> Result<()> {
    if from != 0 {
        return Err(malformed(from, "an XML declaration may stand only at the start"));
    }
    let version = declaration.version().map_err(|e| malformed(from, &e.to_string()))?;
    if version != "1.0" {
        return Err(malformed(from, "only XML 1.0 is read"));
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name))
            if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf-16") =>
        {
            Ok(())
        }
        Some(Ok(name)) => Err(ManifestError::Encoding { found: shown(&name) }),
        Some(Err(e)) => Err(malformed(from, &e.to_string())),
    }
}
