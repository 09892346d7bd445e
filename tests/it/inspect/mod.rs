//! Captured bytes and interface definitions in readable form.

mod common;
mod differences;
mod dumps;
mod inference;
mod robust;
mod section_4;
mod text;
