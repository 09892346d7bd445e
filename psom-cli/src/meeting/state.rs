//! The directory in which the program keeps its state.

use std::{env, path::PathBuf};

/// Returns the directory, which may not exist yet. Returns `None` if the environment names no home.
pub(crate) fn directory() -> Option<PathBuf> {
    let from = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")));
    Some(state?.join("psom"))
}
