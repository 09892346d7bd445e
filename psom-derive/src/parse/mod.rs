//! Parses the user's item into the model and removes the helper attributes from the item.

mod args;
mod attrs;
pub(crate) mod factories;
pub(crate) mod interface;
mod key_value;
pub(crate) mod manifest;
mod names;
pub(crate) mod object;
mod part;
pub(crate) mod psom_type;
mod signature;
mod versions;
