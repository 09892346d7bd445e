//! From the user's item to the model. The helper attributes are taken off the item on the way.

pub(crate) mod factories;
pub(crate) mod interface;
pub(crate) mod object;
pub(crate) mod part;
pub(crate) mod psom_type;
mod signature;
