//! A node of a file: its signature and its size (MS-FSSHTTPD 2.2).

use crate::{
    atom::{BinaryItem, Blob},
    error::{DecodeError, Rule},
    object::{Element, StreamObject as _, types},
};

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Whether the node refers to data. Otherwise it refers to nodes.
    pub leaf: bool,
    /// The signature.
    pub signature: Blob,
    /// The number of bytes of the node's data, or of all nodes below it.
    pub size: u64,
    /// The hash of the data.
    pub hash: Option<Blob>,
}

impl Node {
    /// Reads the data of a node object.
    ///
    /// # Errors
    /// The bytes are not a node.
    pub fn read(bytes: &Blob) -> Result<Self, DecodeError> {
        let (element, len) = Element::read(bytes)?;
        if len < bytes.len() {
            return Err(DecodeError::new(len, Rule::Trailing(bytes.len() - len)));
        }
        let leaf = element.get::<types::LeafNode>().is_some();
        if !leaf && element.get::<types::IntermediateNode>().is_none() {
            let (expected, found) = (types::LeafNode::NUMBER, element.info().number);
            return Err(DecodeError::new(0, Rule::Expected { expected, found }));
        }
        let signature = element.first().map(|part: &types::NodeSignature| part.signature.0.clone());
        let size = element.first().map(|part: &types::NodeDataSize| part.size);
        let hash = element.first().map(|part: &types::NodeDataHash| part.hash.0.clone());
        let absent = DecodeError::new(0, Rule::Absent(types::NodeDataSize::NAME));
        Ok(Self { leaf, signature: signature.unwrap_or_default(), size: size.ok_or(absent)?, hash })
    }

    /// Returns the data of the node object.
    pub fn to_bytes(&self) -> Vec<u8> {
        let signature = types::NodeSignature { signature: BinaryItem(self.signature.clone()) };
        let mut parts =
            vec![Element::new(signature), Element::new(types::NodeDataSize { size: self.size })];
        parts.extend(
            self.hash
                .iter()
                .map(|hash| Element::new(types::NodeDataHash { hash: BinaryItem(hash.clone()) })),
        );
        let element = if self.leaf {
            Element::with(types::LeafNode {}, parts)
        } else {
            Element::with(types::IntermediateNode {}, parts)
        };
        element.to_bytes()
    }
}
