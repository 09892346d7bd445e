//! Answers (MS-FSSHTTP 2.2.3).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;

use crate::{
    error::{ErrorName, SoapError},
    mime::Part,
    xml::Node,
};

/// The protocol version of the answers: 2.3 is the newest one with a published schema.
const VERSION: (u16, u16) = (2, 3);

/// A body: answers to the requests for one or more documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responses {
    /// The version and minor version of the protocol.
    pub version: (u16, u16),
    /// The address of the site.
    pub web_url: String,
    /// The error of a body that is refused as a whole.
    pub error: Option<(ErrorName, String)>,
    /// The answers.
    pub responses: Vec<DocumentResponse>,
}

/// The answer to a request for one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentResponse {
    /// The document's address.
    pub url: Option<String>,
    /// The token of the request.
    pub token: String,
    /// The error of a request that is refused as a whole.
    pub error: Option<(ErrorName, String)>,
    /// The file's name.
    pub suggested_file_name: Option<String>,
    /// The document's identifier.
    pub resource_id: Option<String>,
    /// The answers to the sub-requests.
    pub sub_responses: Vec<SubResponse>,
}

/// The answer to a sub-request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubResponse {
    /// The token of the sub-request.
    pub token: String,
    /// The error, or `Success`.
    pub error: ErrorName,
    /// The reason for people.
    pub message: Option<String>,
    /// The element `SubResponseData`: attributes and child elements.
    pub data: Node,
    /// The message of MS-FSSHTTPB inside `SubResponseData`.
    pub binary: Option<Bytes>,
    /// Elements beside `SubResponseData`, such as `GetVersionsResponse`.
    pub beside: Vec<Node>,
}

impl SubResponse {
    /// Creates an answer without data.
    pub fn new(token: &str, error: ErrorName) -> Self {
        Self {
            token: token.to_owned(),
            error,
            message: None,
            data: Node::new("SubResponseData"),
            binary: None,
            beside: vec![],
        }
    }

    /// Adds an attribute of `SubResponseData`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.data = self.data.with(name, value);
        self
    }

    /// Returns an attribute of `SubResponseData`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.data.get(name)
    }

    fn to_xml(&self, parts: &mut Option<Vec<Part>>) -> Node {
        let mut node = Node::new("SubResponse")
            .with("SubRequestToken", &self.token)
            .with("ErrorCode", self.error.as_str())
            .with("HResult", self.error.hresult().to_string());
        if let Some(message) = &self.message {
            node = node.with("ErrorMessage", message);
        }
        let mut data = self.data.clone();
        match (&self.binary, parts) {
            (Some(binary), Some(parts)) => {
                let id = format!("http://tempuri.org/{}", parts.len() + 1);
                let include = Node::new("xop:Include")
                    .with("href", format!("cid:{id}"))
                    .with("xmlns:xop", "http://www.w3.org/2004/08/xop/include");
                parts.push(Part { id, body: binary.clone() });
                data = data.child(include);
            }
            (Some(binary), None) => data = data.text(BASE64_STANDARD.encode(binary)),
            (None, _) => {}
        }
        node = node.child(data);
        node.children.extend(self.beside.iter().cloned());
        node
    }

    fn from_xml(node: &Node, parts: &[Part]) -> Result<Self, SoapError> {
        let token = node.get("SubRequestToken").ok_or(SoapError::Absent("SubRequestToken"))?;
        let error = node.get("ErrorCode").ok_or(SoapError::Absent("ErrorCode"))?;
        let mut this = Self::new(token, error.parse().unwrap_or(ErrorName::Unknown));
        this.message = node.get("ErrorMessage").map(str::to_owned);
        for child in &node.children {
            if child.name != "SubResponseData" {
                this.beside.push(child.clone());
                continue;
            }
            this.data = child.clone();
            this.binary = match child.first("Include") {
                Some(include) => {
                    let href = include.get("href").and_then(|href| href.strip_prefix("cid:"));
                    let href = href.ok_or(SoapError::Value("href"))?;
                    let href = percent_encoding::percent_decode_str(href).decode_utf8_lossy();
                    let part = parts.iter().find(|part| part.id == href);
                    Some(part.ok_or(SoapError::Value("href"))?.body.clone())
                }
                None => {
                    let text: String = child.text.split_ascii_whitespace().collect();
                    let bytes = BASE64_STANDARD.decode(text);
                    bytes.ok().filter(|bytes| !bytes.is_empty()).map(Bytes::from)
                }
            };
        }
        Ok(this)
    }
}

impl Responses {
    /// Creates a body.
    pub fn new(web_url: String, responses: Vec<DocumentResponse>) -> Self {
        Self { version: VERSION, web_url, error: None, responses }
    }

    /// Creates the answer to a body that is refused as a whole.
    pub fn refused(error: ErrorName, message: impl Into<String>) -> Self {
        let error = Some((error, message.into()));
        Self { version: VERSION, web_url: String::new(), error, responses: vec![] }
    }

    /// Returns the two elements of a body. `parts` receives binary values; without it, they become
    /// base64.
    pub(super) fn to_xml(&self, parts: &mut Option<Vec<Part>>) -> [Node; 2] {
        let mut version = Node::new("ResponseVersion")
            .with("Version", self.version.0.to_string())
            .with("MinorVersion", self.version.1.to_string());
        if let Some((error, message)) = &self.error {
            version = version.with("ErrorCode", error.as_str()).with("ErrorMessage", message);
        }
        let mut collection = Node::new("ResponseCollection");
        if !self.web_url.is_empty() {
            collection = collection.with("WebUrl", &self.web_url).with("WebUrlIsEncoded", "True");
        }
        for response in &self.responses {
            let mut node = Node::new("Response");
            if let Some(url) = &response.url {
                node = node.with("Url", url).with("UrlIsEncoded", "True");
            }
            node = node.with("RequestToken", &response.token).with("HealthScore", "0");
            if let Some((error, message)) = &response.error {
                node = node.with("ErrorCode", error.as_str()).with("ErrorMessage", message);
            }
            if let Some(name) = &response.suggested_file_name {
                node = node.with("SuggestedFileName", name);
            }
            if let Some(id) = &response.resource_id {
                node = node.with("ResourceID", id);
            }
            node.children = response.sub_responses.iter().map(|sub| sub.to_xml(parts)).collect();
            collection = collection.child(node);
        }
        [version, collection]
    }

    /// Reads the elements of a body.
    pub(super) fn from_xml(body: &Node, parts: &[Part]) -> Result<Self, SoapError> {
        let version = body.first("ResponseVersion").ok_or(SoapError::Absent("ResponseVersion"))?;
        let number = |name| {
            let text = version.get(name).unwrap_or("0");
            text.parse().map_err(|_| SoapError::Value("ResponseVersion"))
        };
        let error = |node: &Node| {
            let message = node.get("ErrorMessage").unwrap_or_default().to_owned();
            node.get("ErrorCode").map(|code| (code.parse().unwrap_or(ErrorName::Unknown), message))
        };
        let none = Node::default();
        let collection = body.first("ResponseCollection").unwrap_or(&none);
        let read = |node: &Node| {
            let subs = node.all("SubResponse").map(|sub| SubResponse::from_xml(sub, parts));
            Ok(DocumentResponse {
                url: node.get("Url").map(str::to_owned),
                token: node.get("RequestToken").unwrap_or_default().to_owned(),
                error: error(node),
                suggested_file_name: node.get("SuggestedFileName").map(str::to_owned),
                resource_id: node.get("ResourceID").map(str::to_owned),
                sub_responses: subs.collect::<Result<_, SoapError>>()?,
            })
        };
        Ok(Self {
            version: (number("Version")?, number("MinorVersion")?),
            web_url: collection.get("WebUrl").unwrap_or_default().to_owned(),
            error: error(version),
            responses: collection.all("Response").map(read).collect::<Result<_, SoapError>>()?,
        })
    }
}
