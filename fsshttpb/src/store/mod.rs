//! A document's storage: indexes, manifests, cells, revisions, knowledge and coherency
//! (MS-FSSHTTPB 2.2.1.12, 2.2.1.13, 3.1).

mod elements;
mod error;
mod fragment;
mod ids;
mod index;
mod put;
mod query;
mod receive;
mod select;
mod serve;
mod storage;

pub use elements::{DataElement, ObjectGroup, StoredData, StoredObject};
pub use error::StoreError;
pub use ids::Ids;
pub use index::{Index, Key, Mapping};
pub use put::{Applied, split};
pub use receive::Received;
pub use serve::Store;
pub use storage::Storage;
