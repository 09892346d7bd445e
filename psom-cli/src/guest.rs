//! Who this user is to meetings that they join as a guest: the same with each command.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// A secret of this user, made when it is first asked for. Servers tell a guest by it, together with
/// the invitation, so the same user is another guest in every meeting. Nothing where it cannot be
/// kept: then each command joins as somebody new.
pub fn secret() -> Option<String> {
    let file = state_directory()?.join("guest");
    match fs::read_to_string(&file) {
        Ok(secret) if secret.len() >= 16 => Some(secret),
        _ => make(&file),
    }
}

fn state_directory() -> Option<PathBuf> {
    let from = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")));
    Some(state?.join("psom"))
}

/// Writes a new secret where nobody else reads it. Of two commands at once one is the first.
fn make(file: &Path) -> Option<String> {
    let directory = file.parent()?;
    fs::create_dir_all(directory).ok()?;
    let secret = format!("{:032x}", rand::random::<u128>());
    let mut made = tempfile::NamedTempFile::new_in(directory).ok()?;
    made.write_all(secret.as_bytes()).ok()?;
    match made.persist_noclobber(file) {
        Ok(_) => Some(secret),
        Err(_) => fs::read_to_string(file).ok().filter(|secret| secret.len() >= 16),
    }
}
