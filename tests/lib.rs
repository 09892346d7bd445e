//! Cross-crate tests of the PSOM framework live in `it/`.
