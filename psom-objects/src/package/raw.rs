//! XML of third parties: one element that is kept as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceResolver, Prefix, QName, ResolveResult};

use super::error::{ManifestError, Result, shown};
use super::limits::MAX_MANIFEST_BYTES;
use super::xml_read::{Cursor, Element, MAX_DEPTH, malformed, resolve};

/// One well-formed element of a namespace that the schemas leave open, with all that is in it.
///
/// It is self-contained: every prefix that its names use is declared in it, even where the
/// document declared it further out. (Prefixes inside of values cannot be told from text, so a
/// value of type `xs:QName` needs its declaration within the element.) Its own attributes can be
/// read ([`attribute`](Self::attribute)); whoever puts more into it reads [`as_str`](Self::as_str)
/// with an XML parser. Made from text by [`str::parse`]:
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
    /// The element as XML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.xml
    }

    /// The namespace of the element; never empty.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name of the element.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The attributes of the element by the names that they stand under, in their order, without the
    /// declarations of namespaces.
    #[must_use]
    pub fn attributes(&self) -> Vec<(String, String)> {
        // It was parsed before, so none of this fails.
        let read = || {
            let mut cursor = Cursor::document(&self.xml, usize::MAX).ok()?;
            let root = cursor.take_any().ok()??;
            cursor.raw_attributes(&root.start).ok()
        };
        read().unwrap_or_default()
    }

    /// The value of one attribute of the element.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All attribute values, and the texts of the elements that have only text.
    ///
    /// What they mean, only the third party knows; but a file that the package may have for it
    /// must stand among them.
    pub(super) fn values(&self) -> BTreeSet<String> {
        let mut values = BTreeSet::new();
        // It was parsed before, so a failure cannot come; if it did, nothing would be allowed.
        if let Ok(mut cursor) = Cursor::document(&self.xml, usize::MAX) {
            let _ = collect(&mut cursor, &mut values);
        }
        values
    }

    /// Takes the element that comes next; `None` at the end of the parent.
    ///
    /// `target` is the namespace of the schema, whose own elements are not open.
    pub(super) fn read(cursor: &mut Cursor<'_>, target: &str) -> Result<Option<Self>> {
        let Some(root) = cursor.take_any()? else { return Ok(None) };
        let name = root.start.local_name().as_ref().to_owned();
        let namespace = match cursor.reader.resolver().resolve_element(root.start.name()).0 {
            ResolveResult::Bound(Namespace(namespace)) => namespace.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => return Err(undeclared(cursor, &prefix)),
        };
        let scope = Scope::read(cursor, &root)?;
        // Only now: what is not well-formed is that first of all.
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

/// What an element's names need of the declarations around it.
struct Scope {
    /// The declarations inside of the element alone.
    inner: NamespaceResolver,
    /// The default namespace outside.
    outer_default: String,
    /// Whether the element declares a default namespace itself.
    has_default: bool,
    /// Prefixes to declare, with their namespaces; the empty one for the default.
    missing: BTreeMap<String, String>,
}

impl Scope {
    /// Reads from behind the start tag of `root` to behind its end tag.
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

    /// The element's text with the missing declarations put into its start tag.
    fn complete(&self, xml: &str, start: &BytesStart<'_>) -> String {
        let after_name = 1 + start.name().as_ref().len();
        let Some((head, tail)) = xml.split_at_checked(after_name) else { return xml.to_owned() };
        let mut out = head.to_owned();
        for (prefix, namespace) in &self.missing {
            // The value stands as in the document, where it was in one kind of quotes.
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
