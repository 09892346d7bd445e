//! The protocol of one connection, byte by byte.
