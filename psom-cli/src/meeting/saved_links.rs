//! The join links that the user has saved with `psom use`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::state;
use crate::error::{CommandError, OrCannot as _, Result};

/// The saved links by name. The file is readable by its user only, because a link is a secret.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SavedLinks {
    /// The name of the current link.
    current: Option<String>,
    links: BTreeMap<String, String>,
    /// A link that takes precedence over the current one: that of the environment.
    #[serde(skip)]
    from_environment: Option<String>,
}

/// The variable with the link of commands that name none.
const LINK_VARIABLE: &str = "PSOM_LINK";

/// The name of a link that is saved without a name.
pub(crate) const DEFAULT_NAME: &str = "default";

fn file() -> Option<PathBuf> {
    Some(state::directory()?.join("links.json"))
}

impl SavedLinks {
    /// Reads the saved links. If the file is missing or damaged, there are none.
    pub(crate) fn load() -> Self {
        let text = file().and_then(|file| fs::read_to_string(file).ok());
        let saved = text.and_then(|text| serde_json::from_str(&text).ok());
        let from_environment = env::var(LINK_VARIABLE).ok().filter(|link| !link.is_empty());
        Self { from_environment, ..saved.unwrap_or_default() }
    }

    /// Writes the links.
    ///
    /// # Errors
    /// There is no directory for the state of programs, or the file cannot be written.
    pub(crate) fn store(&self) -> Result {
        let file = file().ok_or_else(|| {
            CommandError::new("links cannot be saved without a home directory; set HOME")
        })?;
        let writing = format!("write {}", file.display());
        let directory = file.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(directory).or_cannot(&writing)?;
        // A new temporary file is readable by its user only.
        let mut temporary = tempfile::NamedTempFile::new_in(directory).or_cannot(&writing)?;
        let text = serde_json::to_string_pretty(self).or_cannot(&writing)?;
        temporary.write_all(text.as_bytes()).or_cannot(&writing)?;
        temporary.persist(&file).map(drop).or_cannot(&writing)
    }

    /// Saves a link under a name, and makes it the current one.
    pub(crate) fn save(&mut self, name: &str, link: &str) {
        self.links.insert(name.to_owned(), link.to_owned());
        self.current = Some(name.to_owned());
    }

    /// Makes the link with this name the current one.
    ///
    /// # Errors
    /// There is no such link.
    pub(crate) fn select(&mut self, name: &str) -> Result {
        self.named(name)?;
        self.current = Some(name.to_owned());
        Ok(())
    }

    /// Removes a link.
    ///
    /// # Errors
    /// There is no such link.
    pub(crate) fn forget(&mut self, name: &str) -> Result {
        self.named(name)?;
        self.links.remove(name);
        self.current.take_if(|current| current == name);
        Ok(())
    }

    /// Removes a link under all its names. Reports whether it was saved.
    pub(crate) fn forget_link(&mut self, link: &str) -> bool {
        let before = self.links.len();
        self.links.retain(|_, saved| saved != link);
        self.current.take_if(|current| !self.links.contains_key(current));
        self.links.len() < before
    }

    /// Returns the link with this name.
    ///
    /// # Errors
    /// There is no such link.
    pub(crate) fn named(&self, name: &str) -> Result<&str> {
        self.links.get(name).map(String::as_str).ok_or_else(|| {
            let names: Vec<_> = self.links.keys().map(|name| format!("@{name}")).collect();
            let known = match &names[..] {
                [] => "none is saved".to_owned(),
                names => format!("choose from {}", names.join(", ")),
            };
            CommandError::new(format!("no join link is saved as @{name}; {known}"))
        })
    }

    /// Returns the link of commands that name none.
    pub(crate) fn current(&self) -> Option<&str> {
        let saved = || self.links.get(self.current.as_ref()?).map(String::as_str);
        self.from_environment.as_deref().or_else(saved)
    }

    /// Returns the names with their links, and whether a link is the current one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let is_current = |name: &String| self.current.as_ref() == Some(name);
        self.links.iter().map(move |(name, link)| (&**name, &**link, is_current(name)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_link_saved_last_is_current_until_another_is_selected() {
        let mut saved = SavedLinks::default();
        assert_eq!(saved.current(), None);
        saved.save("lesson", "psom://a");
        saved.save("team", "psom://b");
        assert_eq!(saved.current(), Some("psom://b"));
        saved.select("lesson").unwrap();
        assert_eq!(saved.current(), Some("psom://a"));
        let text = serde_json::to_string(&saved).unwrap();
        assert_eq!(serde_json::from_str::<SavedLinks>(&text).unwrap(), saved);
        saved.forget("lesson").unwrap();
        assert_eq!(saved.current(), None);
        assert!(saved.select("lesson").is_err() && saved.forget("lesson").is_err());
    }

    #[test]
    fn a_link_is_forgotten_under_all_its_names() {
        let mut saved = SavedLinks::default();
        for (name, link) in [("a", "psom://a"), ("b", "psom://b"), ("default", "psom://a")] {
            saved.save(name, link);
        }
        assert!(saved.forget_link("psom://a") && !saved.forget_link("psom://a"));
        assert_eq!(saved.current(), None);
        assert_eq!(saved.iter().map(|(name, ..)| name).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn the_link_of_the_environment_comes_first() {
        let mut saved =
            SavedLinks { from_environment: Some("psom://e".into()), ..SavedLinks::default() };
        saved.save("team", "psom://b");
        assert_eq!(saved.current(), Some("psom://e"));
    }
}
