//! The object types, in the files of the sections that define them.

mod access;
mod data;
mod knowledge;
mod node;
mod request;
mod response;

pub use access::*;
pub use data::*;
pub use knowledge::*;
pub use node::*;
pub use request::*;
pub use response::*;
