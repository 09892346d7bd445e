//! The bottom layer: constants, names and small helpers that several folders use. A module in here
//! knows nothing of meetings, files, the store or HTTP.

pub(crate) mod host_port;
pub(crate) mod identifiers;
pub(crate) mod limits;
pub(crate) mod lock;
pub(crate) mod metrics;
pub(crate) mod named_locks;
pub(crate) mod permissions;
pub(crate) mod private_files;
