//! Checks and repairs the store of a stopped server, and copies that of a running one.
//!
//! This folder knows both the rows of the store and their meaning to a meeting. A server does not
//! use it.

mod backup;
mod check;
mod repair;
mod state_check;
mod table_scan;
#[cfg(test)]
mod tests;

pub use backup::{Backup, backup};
pub use check::{Report, check, check_files};
pub use repair::{Repair, repair};
