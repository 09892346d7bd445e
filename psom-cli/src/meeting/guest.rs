//! The secret by which servers recognize this user as the same guest in later commands.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The shortest secret that is accepted from the file. A shorter one is damaged.
const MIN_SECRET_CHARS: usize = 16;

/// Returns the secret of this user and creates it on first use. Servers combine it with the
/// invitation, so that the same user is another guest in every meeting. Returns `None` if the secret
/// cannot be saved; each command then joins as a new guest.
pub(super) fn secret() -> Option<String> {
    let file = state_directory()?.join("guest");
    match fs::read_to_string(&file) {
        Ok(secret) if secret.len() >= MIN_SECRET_CHARS => Some(secret),
        _ => create(&file),
    }
}

fn state_directory() -> Option<PathBuf> {
    let from = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")));
    Some(state?.join("psom"))
}

/// Writes a new secret that no other user can read. If two commands run at once, both return the
/// secret of the first.
fn create(file: &Path) -> Option<String> {
    let directory = file.parent()?;
    fs::create_dir_all(directory).ok()?;
    let secret = format!("{:032x}", rand::random::<u128>());
    let mut temporary = tempfile::NamedTempFile::new_in(directory).ok()?;
    temporary.write_all(secret.as_bytes()).ok()?;
    match temporary.persist_noclobber(file) {
        Ok(_) => Some(secret),
        Err(_) => fs::read_to_string(file).ok().filter(|secret| secret.len() >= MIN_SECRET_CHARS),
    }
}
