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

/// Returns the secret of a person whom the user has separated from themselves with `--as-new`.
pub(super) fn other_secret(meeting: &str, invitation: &str, name: &str) -> Option<String> {
    read_map(OTHERS_FILE).remove(&other_key(meeting, invitation, name))
}

/// Returns the secret of the person with this name, who is not the user of other commands, and creates
/// it on first use. Returns `None` if it cannot be saved.
pub(super) fn new_secret(meeting: &str, invitation: &str, name: &str) -> Option<String> {
    if let Some(known) = other_secret(meeting, invitation, name) {
        return Some(known);
    }
    let mut others = read_map(OTHERS_FILE);
    let secret = random_secret();
    others.insert(other_key(meeting, invitation, name), secret.clone());
    write_map(OTHERS_FILE, &others)?;
    Some(secret)
}

/// Returns the name that the user has last given with this invitation.
pub(super) fn name(meeting: &str, invitation: &str) -> Option<String> {
    read_map(NAMES_FILE).remove(&key(meeting, invitation))
}

/// Saves the name that the user has given with this invitation. Without a place to save it, the next
/// command has no name, and the server keeps the known one.
pub(super) fn save_name(meeting: &str, invitation: &str, name: &str) {
    let mut names = read_map(NAMES_FILE);
    let before = names.insert(key(meeting, invitation), name.to_owned());
    if before.is_none_or(|before| before != name) {
        let _ = write_map(NAMES_FILE, &names);
    }
}

/// Forgets the name that the user has given with this invitation, and the person with that name whom `--as-new`
/// has separated.
pub(super) fn forget(meeting: &str, invitation: &str, name: Option<&str>) {
    let mut names = read_map(NAMES_FILE);
    if names.remove(&key(meeting, invitation)).is_some() {
        let _ = write_map(NAMES_FILE, &names);
    }
    let mut others = read_map(OTHERS_FILE);
    let other = name.and_then(|name| others.remove(&other_key(meeting, invitation, name)));
    if other.is_some() {
        let _ = write_map(OTHERS_FILE, &others);
    }
}

/// The file with the names that the user has given.
const NAMES_FILE: &str = "names.json";

/// The file with the secrets of the persons of `--as-new`.
const OTHERS_FILE: &str = "others.json";

fn read_map(file: &str) -> BTreeMap<String, String> {
    let file = state::directory().map(|directory| directory.join(file));
    let text = file.and_then(|file| fs::read(file).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Writes a file that no other user can read. Returns `None` if that is not possible.
fn write_map(file: &str, map: &BTreeMap<String, String>) -> Option<()> {
    let directory = state::directory()?;
    fs::create_dir_all(&directory).ok()?;
    let mut temporary = tempfile::NamedTempFile::new_in(&directory).ok()?;
    temporary.write_all(&serde_json::to_vec(map).ok()?).ok()?;
    temporary.persist(directory.join(file)).ok().map(drop)
}

/// Returns the key of an invitation. It contains a part of the secret that distinguishes invitations but
/// is too short to use one.
fn key(meeting: &str, invitation: &str) -> String {
    let start: String = invitation.chars().take(8).collect();
    format!("{meeting}/{start}")
}

fn other_key(meeting: &str, invitation: &str, name: &str) -> String {
    format!("{}/{name}", key(meeting, invitation))
}

pub(super) fn random_secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Writes a new secret that no other user can read. If two commands run at once, both return the
/// secret of the first.
fn create(file: &Path) -> Option<String> {
    let directory = file.parent()?;
    fs::create_dir_all(directory).ok()?;
    let secret = random_secret();
    let mut temporary = tempfile::NamedTempFile::new_in(directory).ok()?;
    temporary.write_all(secret.as_bytes()).ok()?;
    match temporary.persist_noclobber(file) {
        Ok(_) => Some(secret),
        Err(_) => fs::read_to_string(file).ok().filter(|secret| secret.len() >= MIN_SECRET_CHARS),
    }
}
