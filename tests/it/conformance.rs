//! docs/conformance.md names tests; every one of them has to exist.
