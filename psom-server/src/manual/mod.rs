//! The manual: what the reference says in pieces, told from the beginning to the end.
//!
//! - [`custom_content`]: a type of content of your own.

#[doc = include_str!("custom_content.md")]
pub mod custom_content {}
