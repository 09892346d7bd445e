//! Bytes to values and back.

mod notation;
mod properties;
mod records;
mod vectors;
