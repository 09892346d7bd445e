//! Files as trees of nodes (MS-FSSHTTPD): reading, chunking, signatures, the data hash and edits.

mod chunk;
mod content_defined;
mod divide;
mod edit;
mod hash;
mod node;
mod read;
mod zip;

pub use chunk::{Chunk, Chunking, SignatureRule};
pub use divide::chunks;
pub use edit::EDITORS_TABLE_HEADER;
pub use hash::xor_hash;
pub use node::Node;
