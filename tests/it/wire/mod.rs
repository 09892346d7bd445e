//! Encoding and decoding of values, records and interface descriptors.

mod notation;
mod properties;
mod records;
mod vectors;
