//! Restoring the contents of a meeting from its saved state.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::ParseIntError,
};

use psom::{Durable, Handle, Memory, SavedValues, Scope};

use super::{
    content::{Content, ContentRequest},
    numbers::{ContentNumbers, NUMBERS_KEY},
    state::{ContentFile, ContentFiles, ContentProperties, ContentState, SavedContent},
};
use crate::server::{
    content_type::{ContentTypes, OldContent, Refusal},
    context::MeetingContext,
    durable::{self, RestoreError, SavedState, SetAsideContent, UnreadableValue},
    mailbox::Mailbox,
};

/// The restored state of a content manager.
#[derive(Default)]
pub(super) struct Restored {
    pub(super) contents: BTreeMap<i64, Handle<Content>>,
    pub(super) numbers: ContentNumbers,
    pub(super) aside: Vec<SetAsideContent>,
}

/// The outcome of restoring one content.
enum Outcome {
    Restored(Handle<Content>),
    SetAside(SetAsideContent),
    Forgotten,
}

/// Restores all saved contents. Erases those that their type forgets, with their files.
pub(super) fn contents(
    scope: &mut Scope,
    meeting: &MeetingContext,
    types: &ContentTypes,
    manager: Mailbox<ContentRequest>,
    state: &SavedState,
) -> Result<Restored, RestoreError> {
    let mut restored = Restored::default();
    if let Some(text) = state.get(NUMBERS_KEY) {
        restored.numbers = durable::read(NUMBERS_KEY, text)?;
    }
    let below = state.range("content/".to_owned()..);
    for (key, text) in below.take_while(|(key, _)| key.starts_with("content/")) {
        let name = &key["content/".len()..];
        // The keys below a content belong to its content type.
        if name.contains('/') {
            continue;
        }
        let id: i64 = name.parse().map_err(|error: ParseIntError| RestoreError::Unreadable {
            key: key.clone(),
            source: error.into(),
        })?;
        let saved: SavedContent<ContentProperties> = durable::read(key, text)?;
        // A repair can lose the last identifier. No identifier may be assigned twice, not even that
        // of a content that is set aside, because a new content would get its saved state.
        restored.numbers.last_id = restored.numbers.last_id.max(id);
        let files = files(state, id, saved.files)?;
        let stored: Vec<_> = files.values().map(|file| file.stored.clone()).collect();
        // All files are adopted, also those of a content that is set aside, so that they stay.
        let adopted = stored.iter().map(|file| (file, meeting.files().adopt(file)));
        let missing = adopted.filter_map(|(file, adopted)| Some((file, adopted.err()?)));
        let outcome = match missing.collect::<Vec<_>>().into_iter().next() {
            Some((file, error)) => Outcome::SetAside(SetAsideContent::MissingFile {
                content: id,
                file: file.name.clone(),
                why: error.to_string(),
            }),
            None => content(
                scope,
                (meeting, types),
                manager.clone(),
                (state, id),
                (saved.properties, files),
            ),
        };
        match outcome {
            Outcome::Restored(content) => drop(restored.contents.insert(id, content)),
            Outcome::SetAside(content) => restored.aside.push(content),
            Outcome::Forgotten => {
                scope.erase(key.as_str());
                scope.erase(durable::files_key(id));
                stored.iter().for_each(|file| meeting.files().remove(&file.name));
            }
        }
    }
    erase_orphans(scope, state);
    Ok(restored)
}

/// Reads the files of a content. All of them must be saved.
fn files(state: &SavedState, id: i64, expected: usize) -> Result<ContentFiles, RestoreError> {
    let prefix = format!("{}/", durable::files_key(id));
    let below = state.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    let files = below.map(|(key, text)| durable::read::<ContentFile>(key, text));
    let named = files.map(|file| file.map(|file| (file.stored.name.clone(), file)));
    let files = named.collect::<Result<ContentFiles, _>>()?;
    let found = files.len();
    if found == expected {
        return Ok(files);
    }
    let source = UnreadableValue::Files { expected, found };
    Err(RestoreError::Unreadable { key: durable::content_key(id), source })
}

/// Erases the saved files of contents that a repair has removed, because their identifiers may be
/// assigned again.
fn erase_orphans(scope: &mut Scope, state: &SavedState) {
    let below = state.range("file/".to_owned()..).map(|(key, _)| key.as_str());
    let contents = below.map_while(|key| key.strip_prefix("file/")?.split('/').next());
    let distinct: BTreeSet<_> = contents.collect();
    for content in distinct {
        if !state.contains_key(&format!("content/{content}")) {
            scope.erase(format!("file/{content}"));
        }
    }
}

/// Restores one content.
fn content(
    scope: &mut Scope,
    (meeting, types): (&MeetingContext, &ContentTypes),
    manager: Mailbox<ContentRequest>,
    (state, id): (&SavedState, i64),
    (properties, files): (ContentProperties, ContentFiles),
) -> Outcome {
    let Some((kind, constructors)) = types.get(&properties.r#type) else {
        return Outcome::SetAside(SetAsideContent::UnknownType {
            content: id,
            kind: properties.r#type,
        });
    };
    let restored: Result<_, Refusal> = scope.try_add_with(|scope, content| {
        let old = OldContent {
            id,
            owner: properties.owner,
            saved: SavedValues::new(state, durable::content_key(id)),
            content: Content::reference(content),
            meeting: meeting.clone(),
            memory: Memory::new(durable::content_key(id)),
        };
        let extended = (constructors.restore)(scope, old)?;
        let state = Durable::restored("", ContentState::new(id, properties, files));
        Ok(Content::new(meeting.clone(), manager, kind, state, extended))
    });
    match restored {
        Ok(content) => Outcome::Restored(content),
        Err(refusal) => {
            if refusal.forget {
                tracing::info!(
                    content = id,
                    kind,
                    "removed a content that its type does not restore"
                );
                return Outcome::Forgotten;
            }
            let (kind, why) = (kind.to_owned(), refusal.why.into_owned());
            Outcome::SetAside(SetAsideContent::Refused { content: id, kind, why })
        }
    }
}
