//! Single files to and from browsers that can neither pack nor decrypt them (sections 3.3.4.3 and
//! 3.3.4.4). An address is its own permission, for one attempt: any POST to the one, any GET of
//! the other uses it up, whatever becomes of it. HEAD does not, and looks the same.

mod disposition;
mod download;
mod form;
mod upload;

pub(super) use download::download;
pub(super) use upload::upload;
