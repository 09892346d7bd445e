//! The displayed location of a presentation.

use quick_xml::name::{Namespace, QName, ResolveResult};

use super::{
    error::{ManifestError, Result, shown},
    raw::RawXml,
    values::count,
    xml_read::{Cursor, LOCATION, malformed},
    xml_write::XmlWriter,
};

/// The text that a client may send to `sSetLocation` instead of a document: the first location of
/// the presentation (section 3.3.4.1.10.1).
pub const INITIAL_LOCATION: &str = "INITIAL_LOCATION";

/// A location in a presentation: the document `PptLocation` (section 3.1.4.1.11), which
/// `sSetLocation` and `cSetLocation` carry.
///
/// The slide must be below the presentation's number of slides. The parser does not know that
/// number, so its caller checks it. Elements and attributes of third parties are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// The slide, from 0; at most 2147483647.
    pub slide: u32,
    /// The number of the slide's animations that have run; at most 2147483647.
    pub click: u32,
    /// Elements of other namespaces, in the document's order.
    pub extensions: Vec<RawXml>,
    /// Attributes of other namespaces, in the document's order.
    pub attributes: Vec<ForeignAttribute>,
}

/// An attribute of a namespace that the schema does not define.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignAttribute {
    /// The namespace; not empty.
    pub namespace: String,
    /// The local name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The namespace of the prefix `xml`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Upper bound on the namespace of an attribute, which is copied for each attribute.
const MAX_NAMESPACE_BYTES: usize = 1024;

impl Location {
    /// Upper bound on a document in bytes: the capacity of a string of the protocol.
    pub const MAX_BYTES: usize = 65_535;

    /// Returns the location after `click` animations of a slide.
    #[must_use]
    pub fn new(slide: u32, click: u32) -> Self {
        Self { slide, click, ..Self::default() }
    }

    /// Parses the document and validates it against its schema.
    ///
    /// # Errors
    /// The document violates the schema, has a DOCTYPE, or is longer than
    /// [`MAX_BYTES`](Self::MAX_BYTES). [`INITIAL_LOCATION`] is not a document either.
    pub fn parse(xml: &str) -> Result<Self> {
        let mut cursor = Cursor::document(xml, Self::MAX_BYTES)?;
        let root = cursor.enter_root(LOCATION, "PptLocation")?;
        let mut attributes: Vec<ForeignAttribute> = Vec::new();
        for (key, value) in cursor.raw_attributes(&root.start)? {
            let (namespace, name) = cursor.reader.resolver().resolve_attribute(QName(&key));
            let ResolveResult::Bound(Namespace(namespace)) = namespace else {
                return Err(ManifestError::Attribute { at: cursor.at(), name: shown(&key) });
            };
            let name = name.as_ref();
            if namespace == LOCATION || namespace.len() > MAX_NAMESPACE_BYTES {
                return Err(ManifestError::Attribute { at: cursor.at(), name: shown(&key) });
            }
            if attributes.iter().any(|a| a.namespace == namespace && a.name == name) {
                return Err(malformed(cursor.offset(), "an element has an attribute twice"));
            }
            attributes.push(ForeignAttribute {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                value,
            });
        }
        let slide = cursor.value(LOCATION, "SlideNumber", count)?;
        let click = cursor.value(LOCATION, "Click", count)?;
        let mut extensions = Vec::new();
        let mut size = 0;
        while let Some(extension) = RawXml::read(&mut cursor, LOCATION)? {
            // Each element gets the declarations that it needs, so many small ones can grow large.
            size += extension.as_str().len();
            if size > Self::MAX_BYTES {
                return Err(ManifestError::TooLarge { size, limit: Self::MAX_BYTES });
            }
            extensions.push(extension);
        }
        cursor.end()?;
        cursor.finish()?;
        Ok(Self { slide, click, extensions, attributes })
    }

    /// Returns the document. [`parse`](Self::parse) reads it as the same value.
    ///
    /// # Errors
    /// A number is too large, or an attribute is not valid in XML.
    pub fn to_xml(&self) -> Result<String> {
        let mut out = XmlWriter::new("PptLocation", LOCATION);
        for (index, attribute) in self.attributes.iter().enumerate() {
            if attribute.namespace == XML {
                out.attr(&format!("xml:{}", attribute.name), &attribute.value);
            } else {
                out.attr(&format!("xmlns:a{index}"), &attribute.namespace);
                out.attr(&format!("a{index}:{}", attribute.name), &attribute.value);
            }
        }
        out.element("SlideNumber", &self.slide.to_string());
        out.element("Click", &self.click.to_string());
        self.extensions.iter().for_each(|extension| out.raw(extension.as_str()));
        let xml = out.finish();
        if Self::parse(&xml)? == *self { Ok(xml) } else { Err(ManifestError::Unwritable) }
    }
}
