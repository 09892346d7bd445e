//! Presentations: resources, errors and locations.

mod annotations;
mod common;
mod errors;
mod first_package;
mod later;
mod leaving;
mod location;
mod markup;
mod mirror;
mod native;
mod refusals;
mod replacing;
mod versions;
