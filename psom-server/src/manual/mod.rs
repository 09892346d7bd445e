//! The manual: what the reference says in pieces, told from the beginning to the end.
//!
//! - [`office_documents`]: documents that several people edit with Office.
//! - [`from_trait_to_browser`]: an object of your own in a web page.
//! - [`queued_calls`]: calls that are recorded without a network and played later.
//! - [`custom_content`]: a type of content of your own.

#[doc = include_str!("custom_content.md")]
pub mod custom_content {}

#[doc = include_str!("office_documents.md")]
pub mod office_documents {}

#[doc = include_str!("from_trait_to_browser.md")]
pub mod from_trait_to_browser {}

#[doc = include_str!("queued_calls.md")]
pub mod queued_calls {}
