//! The durable state that contents of every type have.

use std::{collections::BTreeMap, fmt};

use psom::DurableState;
use serde::{Deserialize, Serialize};

use crate::{server::durable, store::StoredFile, types::ContentVisibility};

/// The durable state of a content. Its place on the stage is not durable, because a presenter who
/// is not connected presents nothing.
#[derive(Debug)]
pub(super) struct ContentState {
    id: i64,
    properties: ContentProperties,
    files: ContentFiles,
}

/// The properties of a content as they are saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContentProperties {
    pub(super) title: String,
    /// The name of the content's type.
    pub(super) r#type: String,
    pub(super) owner: i64,
    #[serde(with = "visibility_number")]
    pub(super) visibility: ContentVisibility,
    pub(super) created: String,
    pub(super) last_used: String,
    pub(super) native_file: Option<StoredFile>,
    /// The URL of the original document, for clients of version 10.
    pub(super) original_file_url: Option<String>,
    /// The URL at which the content can be viewed, for clients of version 10.
    pub(super) viewing_url: Option<String>,
}

/// The saved form of a content: its properties and the number of its files. Each file is saved
/// under its own key, because a presentation has thousands of files, which arrive one by one.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedContent<P> {
    #[serde(flatten)]
    pub(super) properties: P,
    pub(super) files: usize,
}

/// Files of a content by their names on the file server.
pub(super) type ContentFiles = BTreeMap<String, ContentFile>;

/// A file of a content, with its name in the manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ContentFile {
    pub(super) name: String,
    pub(super) stored: StoredFile,
}

/// A change of a content.
#[derive(Debug)]
pub(super) enum ContentChange {
    Title(String),
    Visibility(ContentVisibility),
    LastUsed(String),
    NativeFile(StoredFile),
    OriginalFileUrl(String),
    ViewingUrl(String),
    AddFiles(ContentFiles),
    /// Removes files by their names on the file server.
    RemoveFiles(Vec<String>),
}

/// The key of a saved value of a content.
#[derive(Debug)]
pub(super) enum ContentKey {
    Properties(i64),
    File(i64, String),
}

impl fmt::Display for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Properties(content) => f.write_str(&durable::content_key(*content)),
            Self::File(content, name) => write!(f, "{}/{name}", durable::files_key(*content)),
        }
    }
}

impl ContentState {
    pub(super) fn new(id: i64, properties: ContentProperties, files: ContentFiles) -> Self {
        Self { id, properties, files }
    }

    pub(super) fn id(&self) -> i64 {
        self.id
    }

    pub(super) fn properties(&self) -> &ContentProperties {
        &self.properties
    }

    /// Returns the files that packages brought. They are removed with the content.
    pub(super) fn files(&self) -> &ContentFiles {
        &self.files
    }
}

impl DurableState for ContentState {
    type Change = ContentChange;
    type Key = ContentKey;
    type Effect = ();

    fn apply(&mut self, change: ContentChange, touched: &mut Vec<ContentKey>) {
        // Every change touches the properties, because they include the number of the files.
        touched.push(ContentKey::Properties(self.id));
        let properties = &mut self.properties;
        match change {
            ContentChange::Title(title) => properties.title = title,
            ContentChange::Visibility(visibility) => properties.visibility = visibility,
            ContentChange::LastUsed(time) => properties.last_used = time,
            ContentChange::NativeFile(file) => properties.native_file = Some(file),
            ContentChange::OriginalFileUrl(url) => properties.original_file_url = Some(url),
            ContentChange::ViewingUrl(url) => properties.viewing_url = Some(url),
            ContentChange::AddFiles(files) => {
                touched.extend(files.keys().map(|name| ContentKey::File(self.id, name.clone())));
                self.files.extend(files);
            }
            ContentChange::RemoveFiles(mut names) => {
                names.retain(|name| self.files.remove(name).is_some());
                touched.extend(names.into_iter().map(|name| ContentKey::File(self.id, name)));
            }
        }
    }

    fn keys(&self) -> Vec<ContentKey> {
        let files = self.files.keys().map(|name| ContentKey::File(self.id, name.clone()));
        std::iter::once(ContentKey::Properties(self.id)).chain(files).collect()
    }

    fn value(&self, key: &ContentKey) -> Option<String> {
        match key {
            ContentKey::Properties(_) => {
                let (properties, files) = (&self.properties, self.files.len());
                Some(durable::json(&SavedContent { properties, files }))
            }
            ContentKey::File(_, name) => self.files.get(name).map(durable::json),
        }
    }
}

/// Saves a visibility as its number.
mod visibility_number {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::types::ContentVisibility;

    pub(super) fn serialize<S: Serializer>(
        visibility: &ContentVisibility,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32((*visibility).into())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ContentVisibility, D::Error> {
        i32::deserialize(deserializer).map(Into::into)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn stored(name: &str) -> StoredFile {
        let (key, iv, hash) = Default::default();
        StoredFile { name: name.to_owned(), key, iv, hash, size: 1 }
    }

    fn files(names: &[&str]) -> ContentFiles {
        let file = |name: &&str| {
            ((*name).to_owned(), ContentFile { name: format!("{name}.png"), stored: stored(name) })
        };
        names.iter().map(file).collect()
    }

    fn state() -> ContentState {
        let properties = ContentProperties {
            title: "Plan".to_owned(),
            r#type: "Content.Ppt".to_owned(),
            owner: 2,
            visibility: ContentVisibility::Presenters,
            created: "2026-11-22T13:05:00".to_owned(),
            last_used: "2026-11-22T13:05:00".to_owned(),
            native_file: None,
            original_file_url: None,
            viewing_url: None,
        };
        ContentState::new(7, properties, files(&["a", "b"]))
    }

    /// Returns the values of some keys.
    fn values(state: &ContentState, keys: Vec<ContentKey>) -> BTreeMap<String, Option<String>> {
        keys.into_iter().map(|key| (key.to_string(), state.value(&key))).collect()
    }

    #[test]
    fn saved_content_keeps_its_form() {
        let all = values(&state(), state().keys());
        let expected = concat!(
            r#"{"title":"Plan","type":"Content.Ppt","owner":2,"visibility":1,"#,
            r#""created":"2026-11-22T13:05:00","lastUsed":"2026-11-22T13:05:00","#,
            r#""nativeFile":null,"originalFileUrl":null,"viewingUrl":null,"files":2}"#
        );
        assert_eq!(all["content/7"].as_deref(), Some(expected));
        assert_eq!(all.keys().collect::<Vec<_>>(), ["content/7", "file/7/a", "file/7/b"]);
        let saved: SavedContent<ContentProperties> = serde_json::from_str(expected).unwrap();
        assert_eq!(saved.files, 2);
        assert_eq!(saved.properties.visibility, ContentVisibility::Presenters);
    }

    #[test]
    fn every_change_adds_all_keys_that_it_touches() {
        let mut state = state();
        let mut saved = values(&state, state.keys());
        for change in [
            ContentChange::Title("Budget".to_owned()),
            ContentChange::Visibility(ContentVisibility::Everyone),
            ContentChange::LastUsed("2026-11-22T14:00:00".to_owned()),
            ContentChange::NativeFile(stored("n")),
            ContentChange::OriginalFileUrl("http://a/".to_owned()),
            ContentChange::ViewingUrl("http://b/".to_owned()),
            ContentChange::AddFiles(files(&["b", "c"])),
            ContentChange::RemoveFiles(vec!["a".to_owned(), "unknown".to_owned()]),
            ContentChange::AddFiles(ContentFiles::new()),
        ] {
            let shown = format!("{change:?}");
            let mut touched = Vec::new();
            state.apply(change, &mut touched);
            saved.extend(values(&state, touched));
            saved.retain(|_, value| value.is_some());
            assert_eq!(saved, values(&state, state.keys()), "{shown}");
        }
    }
}
