//! A pull parser for documents with a schema. The caller requests the element that the schema
//! requires next. Any other element is an error that names its position.
//!
//! The parser handles elements, attributes, text and namespaces. It accepts no DOCTYPE and only the
//! five predefined entities, and it limits the depth and the number of attributes.

use quick_xml::{
    XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesDecl, BytesRef, BytesStart, Event},
    name::{Namespace, ResolveResult},
    reader::NsReader,
};

use super::{
    error::{ManifestError, Result, shown},
    names,
    values::Attributes,
    xml_chars::{is_blank, is_name, is_spaced, is_xml_char},
};

/// The namespace of the manifest.
pub(super) const OCP: &str = "http://schemas.microsoft.com/2008/12/ocp";
/// The namespace of the content details.
pub(super) const DETAIL: &str = "http://schemas.microsoft.com/2008/12/ocp-content-detail";
/// The namespace of a presentation's location.
pub(super) const LOCATION: &str = "http://schemas.microsoft.com/2008/08/datamcu-content";
/// The namespace of `schemaLocation`, which any element of a document with a schema may have.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Upper bound on the depth of elements, including the root. The schemas need seven levels. The
/// others are for the details of third parties.
pub(super) const MAX_DEPTH: usize = 32;
/// Upper bound on the attributes of an element. It limits the cost of finding duplicates, which
/// compares each pair.
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
    /// Opens a document of at most `limit` bytes and reads it up to the start tag of its root.
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

    /// Enters the next child if it is `name`. It may have the attributes `allowed`.
    pub(super) fn child(
        &mut self,
        namespace: &'static str,
        name: &'static str,
        allowed: &[&'static str],
    ) -> Result<Option<Attributes>> {
        let Some(element) = self.take(namespace, name)? else { return Ok(None) };
        Ok(Some(self.attributes(&element, allowed)?))
    }

    /// Enters the next child, which must be `name`.
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

    /// Parses the text of the next child if it is `name`.
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

    /// Parses the text of the next child, which must be `name`.
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

    /// Returns the text of the next child if it is `name`. The text must name a file at the root of
    /// the package.
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

    /// Ends the document. Only comments and white space may follow the root.
    pub(super) fn finish(mut self) -> Result<()> {
        match self.event()? {
            (_, Event::Eof) => Ok(()),
            (from, _) => Err(malformed(from as u64, "something follows the root element")),
        }
    }

    /// Returns the local name of the next child if it is in `namespace`.
    pub(super) fn next_in(&mut self, namespace: &'static str) -> Result<Option<String>> {
        self.peek()?;
        if self.peeked_namespace() != namespace {
            return Ok(None);
        }
        self.next_name()
    }

    /// Returns the local name of the next child in any namespace.
    pub(super) fn next_name(&mut self) -> Result<Option<String>> {
        Ok(match self.peek()? {
            Node::Start(next) => Some(shown(next.start.local_name().as_ref())),
            Node::End => None,
        })
    }

    /// Returns the error for the next item, which is not the expected one.
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

    /// Returns the path of the current element.
    pub(super) fn at(&self) -> String {
        if self.path.is_empty() { "the document".to_owned() } else { self.path.join("/") }
    }

    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }

    pub(super) fn offset(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// Takes the next start tag without entering its element.
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

    /// Returns the next event that is not a comment or a processing instruction, with its position.
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
                // White space outside the root has no meaning.
                Event::Text(text) if self.path.is_empty() && is_blank(&text) => {}
                // `quick_xml` does not check these two rules of well-formedness.
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

    /// Returns the attributes of an element. All of them must be in `allowed`.
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

    /// Returns all attributes except namespace declarations, by their qualified names.
    pub(super) fn raw_attributes(&self, start: &BytesStart<'_>) -> Result<Vec<(String, String)>> {
        let mut keys = Vec::new();
        let mut found = Vec::new();
        if !is_spaced(start.attributes_raw()) {
            return Err(malformed(self.offset(), "two attributes have no space between them"));
        }
        // The check for duplicates of `quick_xml` has no limit on the number of attributes.
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
                return Err(malformed(self.offset(), "an attribute has an invalid character"));
            }
            if attribute.key.as_namespace_binding().is_none() {
                found.push((key.clone(), value.into_owned()));
            }
            keys.push(key);
        }
        Ok(found)
    }

    /// Returns the text up to the end of the current element, which must have no children.
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

    /// Enters the next element if it is `name` in `namespace`.
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

    /// Returns the namespace of the peeked start tag; empty for none.
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

/// Truncates a namespace that is longer than any known one. The namespace is copied for each
/// element, so a long one would be expensive.
fn shown_namespace(namespace: &str) -> String {
    if namespace.len() <= 256 { namespace.to_owned() } else { shown(namespace) }
}

/// Returns the character of a reference: one of the five predefined entities, or a number.
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

/// Truncates a long reason, because `quick_xml` may quote the document in it.
fn shown_reason(reason: &str) -> String {
    if reason.len() <= 160 { reason.to_owned() } else { shown(reason) }
}

/// Checks the XML declaration. The text is already UTF-8, so the declared encoding only has to be
/// one of the two that a manifest may have.
fn check_declaration(declaration: &BytesDecl<'_>, from: u64) -> Result<()> {
    if from != 0 {
        return Err(malformed(from, "an XML declaration is allowed only at the start"));
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
