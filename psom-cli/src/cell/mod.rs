//! Files of the cell storage protocol: messages, bodies of HTTP requests with messages inside, and
//! OneNote packages.

mod body;
mod document;
mod mime;
mod xml;

pub(crate) use document::Document;
