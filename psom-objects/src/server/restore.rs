//! A meeting as it was when its server stopped.

use std::collections::BTreeMap;

use psom::{Handle, Scope};

use super::{
    content::{Content, SavedContent},
    contents::{ContentManager, SavedContents},
    durable::{self, Memory, Recollection, RestoreError, SavedState},
    kinds::{OldContent, Refusal},
    room::{ContentRef, Room},
};

/// What a content manager had when it was last saved.
pub(super) struct Restored {
    pub(super) contents: BTreeMap<i64, Handle<Content>>,
    pub(super) numbers: SavedContents,
}

/// Makes the contents again that were saved. Those whose type does not outlive the server are
/// forgotten, and their files with them.
pub(super) fn contents(
    scope: &mut Scope,
    room: &Room,
    manager: Handle<ContentManager>,
    state: &SavedState,
) -> Result<Restored, RestoreError> {
    let numbers = state.get("contents").map(|text| durable::read("contents", text)).transpose()?;
    let mut contents = BTreeMap::new();
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
        let id = name.parse().map_err(unreadable)?;
        let saved = durable::read(key, text)?;
        if let Some(content) = content(scope, room, manager, (state, id), saved)? {
            contents.insert(id, content);
        }
    }
    Ok(Restored { contents, numbers: numbers.unwrap_or_default() })
}

fn content(
    scope: &mut Scope,
    room: &Room,
    manager: Handle<ContentManager>,
    (state, id): (&SavedState, i64),
    saved: SavedContent,
) -> Result<Option<Handle<Content>>, RestoreError> {
    let key = format!("content/{id}");
    let Some((kind, how)) = room.shared.config.content_types.get(&saved.r#type) else {
        return Err(RestoreError::UnknownType { content: id, kind: saved.r#type });
    };
    let files = saved.files;
    let content = scope.add(Content {
        id,
        room: room.clone(),
        manager,
        title: saved.title,
        kind,
        owner: saved.owner,
        visibility: saved.visibility.into(),
        created: saved.created,
        last_used: saved.last_used,
        presenter: None,
        order: 0,
        native_file: saved.native_file,
        original_file_url: saved.original_file_url,
        viewing_url: saved.viewing_url,
        extended: None,
        files: files.iter().map(|file| (file.stored.name.clone(), file.clone())).collect(),
    });
    let old = OldContent {
        id,
        owner: saved.owner,
        saved: Recollection::new(state, id),
        content: ContentRef(content),
        room: room.clone(),
        memory: Memory::new(id),
    };
    let extended = match (how.restore)(scope, old) {
        Ok(extended) => extended,
        Err(refusal) if refusal == Refusal::forgotten() => {
            tracing::info!(content = id, kind, "Forgot a content that does not outlive a server");
            scope.remove(content);
            scope.erase(key);
            return Ok(None);
        }
        Err(Refusal { why, .. }) => {
            return Err(RestoreError::Unreadable { key, why: why.into_owned() });
        }
    };
    for file in files {
        room.files().adopt(&file.stored).map_err(|why| {
            let file = file.stored.name.clone();
            RestoreError::File { content: id, file, why }
        })?;
    }
    let _ = scope.tell(content, move |content, _| content.extended = Some(extended));
    Ok(Some(content))
}
