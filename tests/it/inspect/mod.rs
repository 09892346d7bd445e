//! Captured bytes and interface definitions, told to people.

mod common;
mod differences;
mod dumps;
mod guessing;
mod robust;
mod story;
mod text;
