//! XML of third parties: an element that is kept unchanged.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use quick_xml::{
    events::{BytesStart, Event},
    name::{Namespace, NamespaceResolver, Prefix, QName, ResolveResult},
};

use super::{
    error::{ManifestError, Result, shown},
    limits::MAX_MANIFEST_BYTES,
    xml_read::{Cursor, Element, MAX_DEPTH, malformed, resolve},
};

/// A well-formed element of a namespace that the schemas do not define, with its content.
///
/// It is self-contained: it declares every prefix that its names use, even if the document declares
/// it in an outer element. Prefixes in values look like text, so a value of type `xs:QName` needs
/// its declaration inside the element.
///
/// [`attribute`](Self::attribute) returns attributes of the element. To read its content, parse
/// [`as_str`](Self::as_str). [`str::parse`] creates an element from text:
///
/// ```
/// # use psom_objects::package::{ManifestError, RawXml};
/// let quiz: RawXml = r#"<quiz xmlns="urn:example:quiz"><level>2</level></quiz>"#.parse()?;
/// # Ok::<(), ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawXml {
    xml: String,
    namespace: String,
    name: String,
}

impl RawXml {
    /// Returns the element as XML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.xml
    }

    /// Returns the namespace of the element; never empty.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the local name of the element.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the attributes of the element by their qualified names, in their order, without the
    /// namespace declarations.
    #[must_use]
    pub fn attributes(&self) -> Vec<(String, String)> {
        // This cannot fail, because the element was parsed before.
        let read = || {
            let mut cursor = Cursor::document(&self.xml, usize::MAX).ok()?;
            let root = cursor.take_any().ok()??;
            cursor.raw_attributes(&root.start).ok()
        };
        read().unwrap_or_default()
    }

    /// Returns the value of an attribute of the element.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Returns all attribute values, and the texts of the elements that have only text.
    ///
    /// Only the third party knows their meaning. The package may contain a file for the element
    /// only if one of the values names the file.
    pub(super) fn values(&self) -> BTreeSet<String> {
        let mut values = BTreeSet::new();
        // This cannot fail, because the element was parsed before. A failure would allow no file.
        if let Ok(mut cursor) = Cursor::document(&self.xml, usize::MAX) {
            let _ = collect(&mut cursor, &mut values);
        }
        values
    }

    /// Reads the next element. Returns `None` at the end of the parent.
    ///
    /// `target` is the namespace of the schema, whose own elements are rejected.
    pub(super) fn read(cursor: &mut Cursor<'_>, target: &str) -> Result<Option<Self>> {
        let Some(root) = cursor.take_any()? else { return Ok(None) };
        let name = root.start.local_name().as_ref().to_owned();
        let namespace = match cursor.reader.resolver().resolve_element(root.start.name()).0 {
            ResolveResult::Bound(Namespace(namespace)) => namespace.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => return Err(undeclared(cursor, &prefix)),
        };
        let scope = Scope::read(cursor, &root)?;
        // Check this last, so that an element that is not well-formed gets that error.
        if namespace.is_empty() {
            return Err(ManifestError::NoNamespace { at: cursor.at(), name: shown(&name) });
        }
        if namespace == target {
            return Err(ManifestError::Unexpected {
                at: cursor.at(),
                found: shown(&name),
                expected: "an element of another namespace".to_owned(),
            });
        }
        let to = usize::try_from(cursor.offset()).unwrap_or(usize::MAX);
        let xml = cursor.text.get(root.from..to).unwrap_or_default();
        Ok(Some(Self { xml: scope.complete(xml, &root.start), namespace, name }))
    }
}

impl FromStr for RawXml {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self> {
        let mut cursor = Cursor::document(text, MAX_MANIFEST_BYTES)?;
        let xml = Self::read(&mut cursor, "")?;
        cursor.finish()?;
        xml.ok_or_else(|| malformed(0, "it has no root element"))
    }
}

impl fmt::Display for RawXml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.xml)
    }
}

/// The namespace declarations that the names of an element need from outside of it.
struct Scope {
    /// The declarations inside the element.
    inner: NamespaceResolver,
    /// The default namespace outside.
    outer_default: String,
    /// Whether the element declares a default namespace itself.
    has_default: bool,
    /// The prefixes to declare, with their namespaces. The empty prefix is the default namespace.
    missing: BTreeMap<String, String>,
}

impl Scope {
    /// Reads the content of `root` and its end tag.
    fn read(cursor: &mut Cursor<'_>, root: &Element<'_>) -> Result<Self> {
        let default = cursor.reader.resolver().resolve_prefix(None, true);
        let mut scope = Self {
            inner: NamespaceResolver::default(),
            outer_default: match default {
                ResolveResult::Bound(Namespace(namespace)) => namespace.to_owned(),
                _ => String::new(),
            },
            has_default: declares_default(&root.start),
            missing: BTreeMap::new(),
        };
        scope.enter(cursor, &root.start)?;
        let mut depth = 1;
        while depth > 0 {
            match cursor.event()? {
                (_, Event::Start(start)) => {
                    depth += 1;
                    if cursor.depth() + depth > MAX_DEPTH {
                        return Err(ManifestError::TooDeep { at: cursor.at(), limit: MAX_DEPTH });
                    }
                    scope.enter(cursor, &start)?;
                }
                (_, Event::End(_)) => {
                    depth -= 1;
                    scope.inner.pop();
                }
                (from, Event::GeneralRef(reference)) => {
                    resolve(&reference, from)?;
                }
                (from, Event::Eof) => {
                    return Err(malformed(from as u64, "it ends inside an element"));
                }
                _ => {}
            }
        }
        Ok(scope)
    }

    fn enter(&mut self, cursor: &Cursor<'_>, start: &BytesStart<'_>) -> Result<()> {
        self.inner.push(start).map_err(|e| malformed(cursor.offset(), &e.to_string()))?;
        match start.name().prefix() {
            Some(prefix) => self.require(cursor, prefix)?,
            None => {
                let unbound =
                    matches!(self.inner.resolve_prefix(None, true), ResolveResult::Unbound);
                if unbound && !self.has_default && !self.missing.contains_key("") {
                    self.missing.insert(String::new(), self.outer_default.clone());
                }
            }
        }
        for (key, _) in cursor.raw_attributes(start)? {
            if let Some(prefix) = QName(&key).prefix() {
                self.require(cursor, prefix)?;
            }
        }
        Ok(())
    }

    fn require(&mut self, cursor: &Cursor<'_>, prefix: Prefix<'_>) -> Result<()> {
        if !matches!(self.inner.resolve_prefix(Some(prefix), false), ResolveResult::Unknown(_)) {
            return Ok(());
        }
        let name = prefix.into_inner();
        match cursor.reader.resolver().resolve_prefix(Some(prefix), false) {
            ResolveResult::Bound(Namespace(namespace)) => {
                if !self.missing.contains_key(name) {
                    self.missing.insert(name.to_owned(), namespace.to_owned());
                }
                Ok(())
            }
            _ => Err(undeclared(cursor, name)),
        }
    }

    /// Returns the element's text with the missing declarations in its start tag.
    fn complete(&self, xml: &str, start: &BytesStart<'_>) -> String {
        let after_name = 1 + start.name().as_ref().len();
        let Some((head, tail)) = xml.split_at_checked(after_name) else { return xml.to_owned() };
        let mut out = head.to_owned();
        for (prefix, namespace) in &self.missing {
            // The value is still escaped as in the document, so it has at most one kind of quote.
            let quote = if namespace.contains('"') { '\'' } else { '"' };
            out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            out.push_str(prefix);
            out.push('=');
            out.push(quote);
            out.push_str(namespace);
            out.push(quote);
        }
        out.push_str(tail);
        out
    }
}

fn declares_default(start: &BytesStart<'_>) -> bool {
    start.attributes().with_checks(false).flatten().any(|a| a.key.as_ref() == "xmlns")
}

fn undeclared(cursor: &Cursor<'_>, prefix: &str) -> ManifestError {
    malformed(cursor.offset(), &format!("the prefix `{}` is not declared", shown(prefix)))
}

fn collect(cursor: &mut Cursor<'_>, values: &mut BTreeSet<String>) -> Result<()> {
    let Some(root) = cursor.take_any()? else { return Ok(()) };
    values.extend(cursor.raw_attributes(&root.start)?.into_iter().map(|(_, value)| value));
    let mut text = String::new();
    loop {
        match cursor.event()? {
            (_, Event::Start(start)) => {
                text.clear();
                values.extend(cursor.raw_attributes(&start)?.into_iter().map(|(_, value)| value));
            }
            (_, Event::Text(part)) => text.push_str(&part.xml10_content()),
            (_, Event::CData(part)) => text.push_str(&part.xml10_content()),
            (from, Event::GeneralRef(part)) => text.push_str(&resolve(&part, from)?),
            (_, Event::End(_)) => {
                let value = text.trim();
                if !value.is_empty() {
                    values.insert(value.to_owned());
                }
                text.clear();
            }
            _ => return Ok(()),
        }
    }
}
