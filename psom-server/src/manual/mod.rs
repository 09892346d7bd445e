//! The manual: guides that each explain one task from beginning to end.
//!
//! - [`office_documents`]: documents that several people edit with Office.
//! - [`from_trait_to_browser`]: an object of your own in a web page.
//! - [`queued_calls`]: calls that are recorded without a network and played later.
//! - [`durable_objects`]: a server of your own whose state survives a crash, requests, and clients that
//!   connect again.
//! - [`custom_content`]: a type of content of your own.

/// Explains how to write a content type of your own.
#[cfg_attr(doc, doc = "", doc = include_str!("custom_content.md"))]
pub mod custom_content {}

/// Explains how several people edit documents with Office.
#[cfg_attr(doc, doc = "", doc = include_str!("office_documents.md"))]
pub mod office_documents {}

/// Explains how an object of your own survives a crash, answers requests, and is used by clients
/// that reconnect.
#[cfg_attr(doc, doc = "", doc = include_str!("durable_objects.md"))]
pub mod durable_objects {}

/// Explains how a web page uses an object of your own.
#[cfg_attr(doc, doc = "", doc = include_str!("from_trait_to_browser.md"))]
pub mod from_trait_to_browser {}

/// Explains how calls are recorded without a network and played later.
#[cfg_attr(doc, doc = "", doc = include_str!("queued_calls.md"))]
pub mod queued_calls {}
