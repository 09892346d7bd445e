//! The errors of a storage.

use thiserror::Error;

use crate::{
    atom::ExtendedGuid,
    error::DecodeError,
    message::{CellCode, Failure},
};

/// A storage is incomplete or contradicts itself, or the other side answered with an error.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// The other side answered with an error.
    #[error("the other side answered with an error")]
    Answer(#[source] Failure),
    /// The response has no answer to a query.
    #[error("the response contains no answer to a QueryChanges request")]
    NoAnswer,
    /// The partition has no file.
    #[error("the partition contains no file")]
    NoFile,
    /// A data element is absent.
    #[error("the data element {0} is absent")]
    ElementAbsent(ExtendedGuid),
    /// A data element has another type than its reference requires.
    #[error("the data element {id} is not of the type {expected}")]
    ElementType {
        /// The data element.
        id: ExtendedGuid,
        /// The required type.
        expected: &'static str,
    },
    /// A revision is absent.
    #[error("the revision {0} is absent")]
    RevisionAbsent(ExtendedGuid),
    /// An object is absent.
    #[error("the object {0} is absent")]
    ObjectAbsent(ExtendedGuid),
    /// The data of an object are absent, because they were left out of the answer.
    #[error("the data of the object {0} are absent")]
    DataAbsent(ExtendedGuid),
    /// References form a cycle.
    #[error("the references from {0} form a cycle")]
    Cycle(ExtendedGuid),
    /// The bytes of an object break a rule.
    #[error("the object {id} is invalid")]
    Object {
        /// The object.
        id: ExtendedGuid,
        /// The rule and the offset inside the object.
        #[source]
        source: DecodeError,
    },
    /// A node has another number of bytes than its size says.
    #[error("the node {id} has {found} bytes, and its size is {size}")]
    Size {
        /// The node.
        id: ExtendedGuid,
        /// The size in the node.
        size: u64,
        /// The number of bytes.
        found: u64,
    },
    /// The fragments of a data element contradict each other.
    #[error("the fragments of the data element {0} do not fit together")]
    Fragments(ExtendedGuid),
}

impl StoreError {
    /// Returns the error that a server answers.
    pub fn to_failure(&self) -> Failure {
        let code = match self {
            Self::Answer(failure) => return failure.clone(),
            Self::NoAnswer | Self::NoFile => CellCode::STORAGE,
            Self::ElementAbsent(_) => CellCode::REFERENCED_NOT_FOUND,
            Self::ElementType { .. } | Self::Object { .. } | Self::Size { .. } => {
                CellCode::INVALID_OBJECT
            }
            Self::RevisionAbsent(_) => CellCode::REVISION_NOT_FOUND,
            Self::ObjectAbsent(_) | Self::DataAbsent(_) => CellCode::OBJECT_NOT_IN_REVISION,
            Self::Cycle(_) => CellCode::CYCLE,
            Self::Fragments(_) => CellCode::FRAGMENT_INVALID,
        };
        Failure::cell(code, self.to_string())
    }
}
