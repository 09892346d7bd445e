//! A meeting as it was when its server stopped.

use std::collections::{BTreeMap, BTreeSet};

use psom::{Handle, Scope};
use serde::{Deserialize, Serialize};

use super::content::{Content, ContentFile, ContentFiles, ContentRequest, SavedContent};
use crate::server::{
    content_type::{ContentTypes, Memory, OldContent, Recollection, Refusal},
    context::MeetingContext,
    durable::{self, RestoreError, SavedState, SetAside},
    mailbox::Mailbox,
};

/// The content manager's saved state: the last numbers, which are never assigned again.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedContents {
    pub(super) last_id: i64,
    pub(super) last_order: i64,
}

/// What a content manager had when it was last saved.
#[derive(Default)]
pub(super) struct Restored {
    pub(super) contents: BTreeMap<i64, Handle<Content>>,
    pub(super) numbers: SavedContents,
    pub(super) aside: Vec<SetAside>,
}

/// What becomes of a content.
enum Outcome {
    Made(Handle<Content>),
    Aside(SetAside),
    Forgotten,
}

/// Makes the contents again that were saved. Those whose type does not outlive the server are
/// forgotten, and their files with them.
pub(super) fn contents(
    scope: &mut Scope,
    meeting: &MeetingContext,
    types: &ContentTypes,
    manager: Mailbox<ContentRequest>,
    state: &SavedState,
) -> Result<Restored, RestoreError> {
    let mut restored = Restored::default();
    if let Some(text) = state.get("contents") {
        restored.numbers = durable::read("contents", text)?;
    }
    let below = state.range("content/".to_owned()..);
    for (key, text) in below.take_while(|(key, _)| key.starts_with("content/")) {
        let name = &key["content/".len()..];
        // What is below a content is its extended content's.
        if name.contains('/') {
            continue;
        }
        let unreadable = |why: std::num::ParseIntError| RestoreError::Unreadable {
            key: key.clone(),
            why: why.to_string(),
        };
        let id: i64 = name.parse().map_err(unreadable)?;
        let saved: SavedContent = durable::read(key, text)?;
        // After a repair the last number may be lost. None is given again for all that, nor that of
        // a content that is set aside: whoever got it would get what that has saved, too.
        restored.numbers.last_id = restored.numbers.last_id.max(id);
        let files = files(state, id, &saved)?;
        let stored: Vec<_> = files.values().map(|file| file.stored.clone()).collect();
        match content(scope, (meeting, types), manager.clone(), (state, id), (saved, files)) {
            Outcome::Made(content) => drop(restored.contents.insert(id, content)),
            Outcome::Aside(aside) => restored.aside.push(aside),
            Outcome::Forgotten => {
                scope.erase(key.as_str());
                scope.erase(durable::files_key(id));
                continue;
            }
        }
        for file in stored {
            meeting.files().adopt(&file).map_err(|why| {
                let file = file.name.clone();
                RestoreError::File { content: id, file, why }
            })?;
        }
    }
    erase_orphans(scope, state);
    Ok(restored)
}

/// The files of a content: all, or it is not what it was.
fn files(state: &SavedState, id: i64, saved: &SavedContent) -> Result<ContentFiles, RestoreError> {
    let prefix = format!("{}/", durable::files_key(id));
    let below = state.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    let files = below.map(|(key, text)| durable::read::<ContentFile>(key, text));
    let named = files.map(|file| file.map(|file| (file.stored.name.clone(), file)));
    let files = named.collect::<Result<ContentFiles, _>>()?;
    match files.len() {
        found if found == saved.files => Ok(files),
        found => Err(RestoreError::Unreadable {
            key: durable::content_key(id),
            why: format!("it has {} files, of which {found} are there", saved.files),
        }),
    }
}

/// Forgets the files of contents that a repair has taken out: their numbers may be given again.
fn erase_orphans(scope: &mut Scope, state: &SavedState) {
    let below = state.range("file/".to_owned()..).map(|(key, _)| key.as_str());
    let contents = below.map_while(|key| key.strip_prefix("file/")?.split('/').next());
    for content in contents.collect::<BTreeSet<_>>() {
        if !state.contains_key(&format!("content/{content}")) {
            scope.erase(format!("file/{content}"));
        }
    }
}

fn content(
    scope: &mut Scope,
    (meeting, types): (&MeetingContext, &ContentTypes),
    manager: Mailbox<ContentRequest>,
    (state, id): (&SavedState, i64),
    (saved, files): (SavedContent, ContentFiles),
) -> Outcome {
    let Some((kind, constructors)) = types.get(&saved.r#type) else {
        return Outcome::Aside(SetAside::UnknownType { content: id, kind: saved.r#type });
    };
    let restored: Result<_, Refusal> = scope.try_add_with(|scope, content| {
        let old = OldContent {
            id,
            owner: saved.owner,
            saved: Recollection::new(state, id),
            content: Content::reference(content),
            meeting: meeting.clone(),
            memory: Memory::new(id),
        };
        let extended = (constructors.restore)(scope, old)?;
        Ok(Content::new(id, meeting.clone(), manager, kind, saved, files, extended))
    });
    match restored {
        Ok(content) => Outcome::Made(content),
        Err(refusal) => {
            if refusal.forget {
                tracing::info!(
                    content = id,
                    kind,
                    "Forgot a content that does not outlive a server"
                );
                return Outcome::Forgotten;
            }
            let (kind, why) = (kind.to_owned(), refusal.why.into_owned());
            Outcome::Aside(SetAside::Refused { content: id, kind, why })
        }
    }
}
