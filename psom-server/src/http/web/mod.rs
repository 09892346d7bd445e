//! Transfers of single files by browsers, which can neither create packages nor decrypt files
//! (sections 3.3.4.3 and 3.3.4.4). Each address is a secret that permits one attempt: a POST to an
//! upload address or a GET of a download address uses it up, whether or not it succeeds. A HEAD request
//! has the same headers and does not use up the address.

mod disposition;
mod download;
mod form;
mod refusal;
mod upload;

pub(super) use download::download;
pub(super) use upload::upload;
