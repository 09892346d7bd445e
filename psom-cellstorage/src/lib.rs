//! Office's document service over HTTP: MS-FSSHTTP in SOAP, with and without MTOM, and in WOPI.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
