//! The nodes of a file (MS-FSSHTTPD 2.2).

use serde::{Deserialize, Serialize};

use crate::atom::BinaryItem;
use fsshttpb_derive::StreamObject;

/// A leaf node: a part of the file's bytes (D 2.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x1F, compound, children(NodeSignature, NodeDataSize, NodeDataHash))]
pub struct LeafNode {}

/// An intermediate node: a sequence of nodes (D 2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x20, compound, children(NodeSignature, NodeDataSize, NodeDataHash))]
pub struct IntermediateNode {}

/// The signature of a node's bytes (D 2.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x21, print = "signature{signature}")]
pub struct NodeSignature {
    /// The signature.
    pub signature: BinaryItem,
}

/// The number of bytes of a node (D 2.2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x22, print = "size {size}")]
pub struct NodeDataSize {
    /// The number of bytes.
    pub size: u64,
}

/// The hash of a node's bytes (D 2.2.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x2F, print = "hash{hash}")]
pub struct NodeDataHash {
    /// The hash.
    pub hash: BinaryItem,
}
