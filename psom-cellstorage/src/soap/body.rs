//! Bodies: SOAP 1.1 with and without MTOM, and the elements alone inside WOPI.

use bytes::Bytes;

use super::{Requests, Responses};
use crate::{
    error::SoapError,
    mime::{self, Part},
    xml::Node,
};

/// The namespace of the protocol.
pub const NAMESPACE: &str = "http://schemas.microsoft.com/sharepoint/soap/";
/// The value of the header `SOAPAction`.
pub const SOAP_ACTION: &str =
    "http://schemas.microsoft.com/sharepoint/soap/ICellStorages/ExecuteCellStorageRequest";
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// An envelope with binary values in base64.
    Soap,
    /// An envelope with binary values as parts of a multipart body.
    Mtom,
    /// The elements without an envelope, inside WOPI.
    Bare,
}

impl Framing {
    /// Reads the XML and the parts of a body.
    fn open(content_type: &str, body: &Bytes) -> Result<(Self, Node, Vec<Part>), SoapError> {
        let (xml, parts, multipart) = if mime::is_multipart(content_type) {
            let parts = mime::read(content_type, body)?;
            (parts[0].body.clone(), parts, true)
        } else {
            (body.clone(), vec![], false)
        };
        let xml =
            std::str::from_utf8(&xml).map_err(|_| SoapError::Xml("it is not UTF-8".to_owned()))?;
        let root = Node::parse(xml)?;
        if root.name != "Envelope" {
            return Ok((Self::Bare, root, parts));
        }
        let inner = root.children.into_iter().find(|child| child.name == "Body");
        let framing = if multipart { Self::Mtom } else { Self::Soap };
        Ok((framing, inner.ok_or(SoapError::Absent("Body"))?, parts))
    }

    fn close(self, nodes: &[Node], parts: &[Part], unique: &str) -> (String, Vec<u8>) {
        let mut xml = String::new();
        if self == Self::Bare {
            xml.push('\u{feff}');
        } else {
            xml.push_str(&format!("<s:Envelope xmlns:s=\"{ENVELOPE}\"><s:Body>"));
        }
        for node in nodes {
            node.write(Some(NAMESPACE), &mut xml);
        }
        if self != Self::Bare {
            xml.push_str("</s:Body></s:Envelope>");
        }
        match self {
            Self::Mtom => mime::write(&xml, parts, unique),
            _ => ("text/xml; charset=utf-8".to_owned(), xml.into_bytes()),
        }
    }
}

impl Requests {
    /// Reads a body and reports its form.
    ///
    /// # Errors
    /// The body is malformed or lacks a required element. Mistakes inside a sub-request are errors
    /// of this sub-request only.
    pub fn read(content_type: &str, body: &Bytes) -> Result<(Self, Framing), SoapError> {
        let (framing, body, parts) = Framing::open(content_type, body)?;
        Ok((Self::from_xml(&body, &parts)?, framing))
    }
}

impl Responses {
    /// Reads a body.
    ///
    /// # Errors
    /// The body is malformed or lacks a required element.
    pub fn read(content_type: &str, body: &Bytes) -> Result<Self, SoapError> {
        let (_, body, parts) = Framing::open(content_type, body)?;
        Self::from_xml(&body, &parts)
    }

    /// Returns the Content-Type and the bytes of the body. The boundary of a multipart body contains
    /// `unique`, which has to be absent from all binary values.
    pub fn write(&self, framing: Framing, unique: &str) -> (String, Vec<u8>) {
        let mut parts = (framing == Framing::Mtom).then(Vec::new);
        let nodes = self.to_xml(&mut parts);
        framing.close(&nodes, &parts.unwrap_or_default(), unique)
    }
}

/// Writes a request of this crate's client. `request` is the complete element of the request for
/// one document.
pub(crate) fn write_request(request: &Node, binary: &[Part], unique: &str) -> (String, Vec<u8>) {
    let version = Node::new("RequestVersion").with("Version", "2").with("MinorVersion", "2");
    let collection = Node::new("RequestCollection").child(request.clone());
    Framing::Mtom.close(&[version, collection], binary, unique)
}
