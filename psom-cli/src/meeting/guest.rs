//! The secret by which servers recognize this user as the same guest in later commands.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use super::state;

/// The shortest secret that is accepted from the file. A shorter one is damaged.
const MIN_SECRET_CHARS: usize = 16;

/// Returns the secret of this user and creates it on first use. Servers combine it with the
/// invitation, so that the same user is another guest in every meeting. Returns `None` if the secret
/// cannot be saved; each command then joins as a new guest.
pub(super) fn secret() -> Option<String> {
    let file = state::directory()?.join("guest");
    match fs::read_to_string(&file) {
        Ok(secret) if secret.len() >= MIN_SECRET_CHARS => Some(secret),
        _ => create(&file),
    }
}

/// Returns the name that the user has last given with this invitation.
pub(crate) fn name(meeting: &str, invitation: &str) -> Option<String> {
    names().remove(&key(meeting, invitation))
}

/// Saves the name that the user has given with this invitation. Without a place to save it, the next
/// command has no name, and the server keeps the known one.
pub(crate) fn save_name(meeting: &str, invitation: &str, name: &str) {
    let mut names = names();
    if names.insert(key(meeting, invitation), name.to_owned()).is_some_and(|old| old == name) {
        return;
    }
    let write = || {
        let directory = state::directory()?;
        fs::create_dir_all(&directory).ok()?;
        let mut temporary = tempfile::NamedTempFile::new_in(&directory).ok()?;
        temporary.write_all(&serde_json::to_vec(&names).ok()?).ok()?;
        temporary.persist(directory.join(NAMES_FILE)).ok()
    };
    let _ = write();
}

/// The file with the names that the user has given.
const NAMES_FILE: &str = "names.json";

fn names() -> BTreeMap<String, String> {
    let file = state::directory().map(|directory| directory.join(NAMES_FILE));
    let text = file.and_then(|file| fs::read(file).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Returns the key of an invitation: enough of its secret to tell two apart, and not enough to use it.
fn key(meeting: &str, invitation: &str) -> String {
    let start: String = invitation.chars().take(8).collect();
    format!("{meeting}/{start}")
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
