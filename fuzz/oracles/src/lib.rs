//! The properties that the fuzz targets check, one module for each library. A property is a function
//! that panics if arbitrary bytes break it, so that a found input can be checked in a debugger or a
//! test without the fuzzer.
//!
//! [`ORACLES`] lists all of them. A [reader](Oracle::reader) is also checked for its memory: at its
//! peak at most 16 times the input and 64 KiB.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cellstorage;
pub mod comqc;
pub mod corpus;
#[expect(dead_code, reason = "the code is a part of the program `psom`, which is not a library")]
mod drawing;
/// The functions of the program's other parts that its drawing part calls.
mod error {
    use std::fmt::Display;

    #[derive(Debug)]
    pub(crate) struct CommandError(#[expect(dead_code, reason = "for debugging")] String);

    pub(crate) type Result<T = (), E = CommandError> = std::result::Result<T, E>;

    impl CommandError {
        pub(crate) fn new(message: impl Into<String>) -> Self {
            Self(message.into())
        }
    }

    pub(crate) trait OrCannot<T> {
        fn or_cannot(self, what: impl Display) -> Result<T>;
    }

    impl<T, E: Display> OrCannot<T> for std::result::Result<T, E> {
        fn or_cannot(self, what: impl Display) -> Result<T> {
            self.map_err(|error| CommandError::new(format!("cannot {what}: {error}")))
        }
    }
}
mod files {
    use std::path::Path;

    use crate::error::{OrCannot as _, Result};

    pub(crate) fn read(path: &Path, _: u64) -> Result<Vec<u8>> {
        std::fs::read(path).or_cannot("read")
    }
}
pub mod fsshttpb;
pub mod harness;
pub mod inspect;
pub mod objects;
pub mod render;
pub mod server;
pub mod session;
pub mod svg;
pub mod wire;
#[path = "../../../psom-cli/src/xml.rs"]
mod xml;

/// A property of a function that reads untrusted bytes.
#[derive(Debug, Clone, Copy)]
pub struct Oracle {
    /// The name of the fuzz target.
    pub name: &'static str,
    /// Checks the property. Panics if it does not hold.
    pub check: fn(&[u8]),
    /// Reads the bytes and does nothing else, so that its memory can be measured. Absent if the memory
    /// depends on more than the input, for example on the objects of a meeting.
    pub reader: Option<fn(&[u8])>,
}

/// The memory that a reader can take: this many bytes for each byte of its input.
pub const MAX_BYTES_PER_INPUT_BYTE: u64 = 16;

/// The memory that a reader can take for any input.
pub const MAX_BASE_BYTES: u64 = 64 << 10;

const fn oracle(name: &'static str, check: fn(&[u8]), reader: Option<fn(&[u8])>) -> Oracle {
    Oracle { name, check, reader }
}

/// All properties.
pub const ORACLES: &[Oracle] = &[
    oracle("wire_records", wire::records, Some(wire::records)),
    oracle("wire_operation", wire::operation, Some(wire::operation)),
    oracle("wire_integers", wire::integers, Some(wire::integers)),
    oracle("wire_strings", wire::strings, Some(wire::strings)),
    oracle("wire_arrays", wire::arrays, Some(wire::arrays)),
    oracle("wire_authentication", wire::authentication, Some(wire::authentication)),
    oracle("session_negotiation", session::negotiation, None),
    oracle("session_server", session::server, None),
    oracle("session_client", session::client, None),
    oracle("session_dispatch", session::dispatch, None),
    oracle("session_responding_peer", session::responding_peer, None),
    oracle("websocket", server::websocket, Some(server::websocket)),
    oracle("form", server::form, Some(server::form)),
    oracle("join_link", server::join_link, Some(server::join_link)),
    oracle("package", objects::package, None),
    oracle("manifest", objects::manifest, Some(objects::read_manifest)),
    oracle("raw_xml", objects::raw_xml, Some(objects::raw_xml)),
    oracle("location", objects::location, Some(objects::location)),
    oracle("opc", objects::opc, None),
    oracle("journal_rows", objects::journal_rows, None),
    oracle("hex_dump", inspect::hex_dump, Some(inspect::hex_dump)),
    oracle("capture", inspect::capture, None),
    oracle("idl", inspect::idl, None),
    oracle("render_frame", render::frame, Some(render::read_frame)),
    oracle("svg_import", svg::import, None),
    oracle("svg_path", svg::path, None),
    oracle("svg_export", svg::export, None),
    oracle("comqc_message", comqc::message, None),
    oracle("comqc_oaut", comqc::automation, None),
    oracle("comqc_carrier", comqc::carrier, None),
    oracle("fsshttpb_message", fsshttpb::message, None),
    oracle("fsshttpb_package", fsshttpb::package, None),
    oracle("fsshttpb_node", fsshttpb::node, None),
    oracle("fsshttpb_file", fsshttpb::file, None),
    oracle("cellstorage_requests", cellstorage::requests, None),
];
