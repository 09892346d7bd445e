//! A meeting as it was when its server stopped.

use std::collections::{BTreeMap, BTreeSet};

use psom::{Handle, Scope};

use super::{
    content::{Content, ContentFile, ContentFiles, SavedContent},
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
        let files = files(state, id, &saved)?;
        if let Some(content) = content(scope, room, manager, (state, id), (saved, files))? {
            contents.insert(id, content);
        }
    }
    erase_orphans(scope, state);
    Ok(Restored { contents, numbers: numbers.unwrap_or_default() })
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
    room: &Room,
    manager: Handle<ContentManager>,
    (state, id): (&SavedState, i64),
    (saved, files): (SavedContent, ContentFiles),
) -> Result<Option<Handle<Content>>, RestoreError> {
    let key = durable::content_key(id);
    let Some((kind, how)) = room.shared.config.content_types.get(&saved.r#type) else {
        return Err(RestoreError::UnknownType { content: id, kind: saved.r#type });
    };
    let stored: Vec<_> = files.values().map(|file| file.stored.clone()).collect();
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
        files,
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
            scope.erase(durable::files_key(id));
            return Ok(None);
        }
        Err(Refusal { why, .. }) => {
            return Err(RestoreError::Unreadable { key, why: why.into_owned() });
        }
    };
    for file in stored {
        room.files().adopt(&file).map_err(|why| RestoreError::File {
            content: id,
            file: file.name,
            why,
        })?;
    }
    let _ = scope.tell(content, move |content, _| content.extended = Some(extended));
    Ok(Some(content))
}
