//! Small XML documents as trees, without namespaces: names are compared by their local part.

use std::fmt::Write as _;

use quick_xml::{
    Reader, XmlVersion,
    escape::{escape, resolve_predefined_entity},
    events::{BytesStart, Event},
};

use crate::error::SoapError;

/// Upper bound on the depth of elements. The schemas of MS-FSSHTTP need eight levels.
const MAX_DEPTH: usize = 32;
/// The maximum number of elements and attributes of a document. A request of Office has about a hundred; the
/// limit keeps the tree small in relation to a body of many megabytes.
const MAX_NODES: usize = 20_000;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The local name.
    pub name: String,
    /// The attributes without namespace declarations, by their local names.
    pub attributes: Vec<(String, String)>,
    /// The child elements.
    pub children: Vec<Self>,
    /// The text directly inside the element.
    pub text: String,
}

impl Node {
    /// Creates an element.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Sets the text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Returns an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the first child with a name.
    pub fn first(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the children with a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Reads a document.
    pub(crate) fn parse(text: &str) -> Result<Self, SoapError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = vec![Self::default()];
        let mut nodes = 0;
        loop {
            let error = |error: quick_xml::Error| SoapError::Xml(error.to_string());
            match reader.read_event().map_err(error)? {
                Event::Start(start) => {
                    let node = read_start(&start, &mut nodes)?;
                    if open.len() > MAX_DEPTH {
                        return Err(SoapError::Limit("its elements are nested too deep"));
                    }
                    open.push(node);
                }
                Event::Empty(start) => {
                    let node = read_start(&start, &mut nodes)?;
                    last(&mut open)?.children.push(node);
                }
                Event::End(_) => {
                    let node = open.pop().ok_or(SoapError::Limit("an element is not open"))?;
                    last(&mut open)?.children.push(node);
                }
                Event::Text(text) => last(&mut open)?.text.push_str(&text.xml10_content()),
                Event::CData(text) => last(&mut open)?.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let unknown = || SoapError::Xml("an entity is unknown".to_owned());
                    let number = reference.resolve_char_ref().map_err(error)?;
                    let node = last(&mut open)?;
                    if let Some(character) = number {
                        node.text.push(character);
                    } else {
                        let text = resolve_predefined_entity(&reference).ok_or_else(unknown)?;
                        node.text.push_str(text);
                    }
                }
                Event::DocType(_) => return Err(SoapError::Limit("it has a DOCTYPE")),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if open.len() > 1 {
            return Err(SoapError::Xml("an element has no end".to_owned()));
        }
        let mut roots = open.pop().unwrap_or_default().children;
        match roots.len() {
            1 => Ok(roots.remove(0)),
            // WOPI carries the elements of the body without an element around them.
            _ => Ok(Self { children: roots, ..Self::default() }),
        }
    }

    /// Appends the element. `namespace` is declared on it.
    pub(crate) fn write(&self, namespace: Option<&str>, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        if let Some(namespace) = namespace {
            // Writing to a string cannot fail.
            let _ = write!(out, " xmlns=\"{}\"", escape(namespace));
        }
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"{}\"", escape(value));
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        out.push_str(&escape(&self.text));
        for child in &self.children {
            child.write(None, out);
        }
        let _ = write!(out, "</{}>", self.name);
    }
}

fn last(open: &mut [Node]) -> Result<&mut Node, SoapError> {
    open.last_mut().ok_or(SoapError::Limit("an end has no start"))
}

fn read_start(start: &BytesStart<'_>, nodes: &mut usize) -> Result<Node, SoapError> {
    let mut count = || {
        *nodes += 1;
        if *nodes > MAX_NODES { Err(SoapError::Limit("it has too many elements")) } else { Ok(()) }
    };
    count()?;
    let mut node = Node::new(start.local_name().as_ref());
    // The check for duplicates takes quadratic time. Of two attributes with one name, the first one
    // counts.
    for attribute in start.attributes().with_checks(false) {
        count()?;
        let attribute = attribute.map_err(|error| SoapError::Xml(error.to_string()))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| SoapError::Xml(error.to_string()))?;
        let key = attribute.key.local_name().as_ref().to_owned();
        node.attributes.push((key, value.into_owned()));
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Node;

    #[test]
    fn of_two_attributes_with_one_name_the_first_counts() {
        // A check for duplicates would compare each of them with all others.
        let many: String = (0..19_000).map(|number| format!(" a{number}=\"{number}\"")).collect();
        let text = format!("<r Url=\"first\"{many} Url=\"second\"/>");
        let node = Node::parse(&text).unwrap();
        assert_eq!((node.get("Url"), node.get("a18999")), (Some("first"), Some("18999")));
        let error = Node::parse(&format!("<r{}/>", " a=\"1\"".repeat(20_001))).unwrap_err();
        assert!(error.to_string().contains("too many elements"), "{error}");
    }
}
