use std::collections::BTreeSet;

use psom_objects::{
    annotation::{Change, Constraint, ErrorCode, Kind, Properties, Property},
    client::{BoardEvent, BoardModel, ContentEvent, ContentModel, Event},
};

use crate::{
    drawing::slide_number::{new_local_id, slide_of},
    error::{CommandError, Result},
    meeting::{session::Meeting, texts},
    render::{names, refusal},
    terminal::out,
};

/// The requests of a command about a board. A command that is repeated, because the answers to its first run are
/// lost, recognizes the changes that the server has made.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// The local identifiers of new annotations, in their order.
    local_ids: Vec<String>,
    /// The annotations that were to be removed, and existed before the first run.
    removed: Option<BTreeSet<i32>>,
    /// Whether the board had annotations before the first run.
    had_annotations: Option<bool>,
}

/// A session on the board of a content.
pub(super) struct BoardSession<'a> {
    pub meeting: &'a mut Meeting,
    requests: &'a mut Requests,
    /// The number of annotations that this run has added.
    added: usize,
    pub content: i64,
    /// The slide of a presentation, from 0. Annotations are added to it.
    pub slide: Option<u32>,
}

impl<'a> BoardSession<'a> {
    /// Opens the board of a content. `slide` is a slide of a presentation, from 1; without it, the board is
    /// that of the current slide.
    pub(super) fn open(
        meeting: &'a mut Meeting,
        id: i64,
        content: &ContentModel,
        slide: Option<u32>,
        requests: &'a mut Requests,
    ) -> Result<Self> {
        let title = content.title.as_deref().unwrap_or_default();
        if content.board.is_none() {
            let why = format!("\"{title}\" has no board; choose a whiteboard or a presentation");
            return Err(CommandError::new(why));
        }
        let slide = match (&content.slides, slide) {
            (None, None) => None,
            (None, Some(_)) => {
                let why = format!("\"{title}\" is not a presentation; leave --slide out");
                return Err(CommandError::new(why));
            }
            (Some(slides), None) => Some(slides.location.as_ref().map_or(0, |at| at.slide)),
            (Some(slides), Some(number)) => {
                let count = slides.count.unwrap_or(0);
                if number > count {
                    let has = out::counted(count as usize, "slide", "slides");
                    let why = format!("there is no slide {number}; \"{title}\" has {has}");
                    return Err(CommandError::new(why));
                }
                Some(number - 1)
            }
        };
        Ok(Self { meeting, requests, added: 0, content: id, slide })
    }

    /// Returns the board as it is now.
    pub(super) async fn board(&self) -> Result<BoardModel> {
        let content = self.meeting.content_by_id(self.content).await?;
        Ok(content.and_then(|content| content.board).unwrap_or_default())
    }

    /// Returns the value of a limit that the server has announced.
    pub(super) async fn limit(&self, constraint: Constraint) -> Result<Option<u64>> {
        let content = self.content;
        let limit = self.meeting.read(move |model| {
            let board = model.contents.get(&content)?.board.as_ref()?;
            board.constraints.get(&constraint).copied()
        });
        Ok(limit.await?.and_then(|limit| u64::try_from(limit).ok()))
    }

    /// Rejects a text that exceeds a limit of the server.
    pub(super) async fn check_length(
        &self,
        text: &str,
        limit: Constraint,
        what: &str,
        remedy: &str,
    ) -> Result {
        let limit = self.limit(limit).await?.unwrap_or(u64::MAX);
        let length = text.encode_utf16().count();
        if length as u64 <= limit {
            return texts::check_length(what, text);
        }
        Err(CommandError::new(format!(
            "{what} has {length} characters, and the server accepts {limit}; {remedy}"
        )))
    }

    /// Returns the local identifier of the next annotation, which is the same in each run of the command, and the
    /// annotation's number, if an earlier run has added it.
    pub(super) async fn next_local_id(&mut self) -> Result<(String, Option<i32>)> {
        let known = self.requests.local_ids.get(self.added).cloned();
        self.added += 1;
        if let Some(local) = known {
            let id = self.find(&local).await?;
            return Ok((local, id));
        }
        let local = new_local_id(self.slide);
        self.requests.local_ids.push(local.clone());
        Ok((local, None))
    }

    /// Returns the number of the annotation with this local identifier.
    pub(super) async fn find(&self, local: &str) -> Result<Option<i32>> {
        let (content, local) = (self.content, local.to_owned());
        let found = self.meeting.read(move |model| {
            let board = model.contents.get(&content)?.board.as_ref()?;
            let mut all = board.annotations.iter();
            all.find(|(_, it)| it.get(Property::LocalId) == Some(&*local)).map(|(id, _)| id)
        });
        found.await
    }

    /// Adds an annotation, unless an earlier run of the command has done so, and returns the number that the
    /// server gave it.
    pub(super) async fn add(&mut self, kind: Kind, mut properties: Properties) -> Result<i32> {
        let content = self.content;
        let local = match self.next_local_id().await? {
            (_, Some(id)) => return Ok(id),
            (local, None) => local,
        };
        properties.insert(Property::LocalId, local.clone());
        self.meeting
            .act(move |conference, cx| conference.add_annotation(cx, content, kind, properties))
            .await?;
        self.until("whether it accepts the annotation", |event| match event {
            BoardEvent::Changed { change: Change::Add { id, annotation }, .. }
                if annotation.get(Property::LocalId) == Some(&local) =>
            {
                Some(Ok(*id))
            }
            // This is the only request of this client, so the refusal is the answer to it.
            BoardEvent::AddRefused { code, .. } => Some(Err(refused(code))),
            _ => None,
        })
        .await
    }

    /// Lists the annotations: number, type, anchor, owner, the slide of a presentation, and text, separated
    /// by tabs.
    pub(super) async fn list(&self) -> Result<Option<String>> {
        let (content, has_slides) = (self.content, self.slide.is_some());
        let lines = self.meeting.read(move |model| {
            let board = model.contents.get(&content)?.board.as_ref()?;
            let lines = board.annotations.iter().map(|(id, annotation)| {
                let owner = names::user(model, annotation.owner);
                let anchor = annotation.get(Property::Anchor).unwrap_or("0,0");
                let mut fields = vec![
                    id.to_string(),
                    annotation.kind.name().to_owned(),
                    out::printable(anchor),
                    out::printable(&owner),
                ];
                if has_slides {
                    let number =
                        slide_of(annotation).map(|slide| format!("slide {}", u64::from(slide) + 1));
                    fields.push(number.unwrap_or_else(|| "every slide".to_owned()));
                }
                fields.extend(annotation.get(Property::Text).map(out::printable));
                fields.join("\t")
            });
            Some(lines.collect::<Vec<_>>().join("\n"))
        });
        Ok(lines.await?.filter(|lines| !lines.is_empty()))
    }

    pub(super) async fn remove(&mut self, ids: Vec<i32>) -> Result<String> {
        let content = self.content;
        let wanted: BTreeSet<_> = ids.iter().copied().collect();
        let all = self.board().await?.annotations;
        let there: BTreeSet<i32> = all.iter().map(|(id, _)| id).collect();
        let before = || wanted.intersection(&there).copied().collect();
        let before = self.requests.removed.get_or_insert_with(before).clone();
        let request = self
            .meeting
            .act(move |conference, cx| conference.remove_annotations(cx, content, ids))
            .await?;
        let removed = self
            .until("which annotations it removes", |event| match event {
                BoardEvent::Changed {
                    change: Change::Remove { ids, .. },
                    cookie: Some(cookie),
                } if *cookie == request => Some(Ok(ids.clone())),
                BoardEvent::RemovalRefused { cookie: Some(cookie), code, .. }
                    if *cookie == request =>
                {
                    // An earlier run has removed all of them.
                    let is_done =
                        !before.is_empty() && code.parse() == Ok(ErrorCode::NothingToRemove);
                    Some(if is_done { Ok(Vec::new()) } else { Err(refused(code)) })
                }
                _ => None,
            })
            .await?;
        // An earlier run may have removed some of them.
        let earlier = before.into_iter().filter(|id| !there.contains(id));
        let removed: Vec<_> = removed.into_iter().chain(earlier).collect();
        let missing: Vec<_> = wanted.into_iter().filter(|id| !removed.contains(id)).collect();
        let removed = annotations(&removed);
        Ok(match missing.len() {
            0 => format!("Removed {removed}."),
            1 => format!("Removed {removed}; there is no {}.", annotations(&missing)),
            _ => format!("Removed {removed}; there are no {}.", annotations(&missing)),
        })
    }

    pub(super) async fn clear(&mut self, title: &str) -> Result<String> {
        let content = self.content;
        let is_empty = self.board().await?.annotations.iter().next().is_none();
        let had_annotations = *self.requests.had_annotations.get_or_insert(!is_empty);
        self.meeting.act(move |conference, cx| conference.clear_annotations(cx, content)).await?;
        self.until("whether it clears the board", |event| match event {
            BoardEvent::Changed { change: Change::Clear { .. }, .. } => Some(Ok(())),
            // An earlier run has cleared the board.
            BoardEvent::ClearRefused { code }
                if had_annotations && code.parse() == Ok(ErrorCode::NothingToClear) =>
            {
                Some(Ok(()))
            }
            BoardEvent::ClearRefused { code } => Some(Err(refused(code))),
            _ => None,
        })
        .await?;
        Ok(format!("Removed all annotations from \"{}\".", out::printable(title)))
    }

    /// Waits for an event of this board.
    async fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&BoardEvent) -> Option<Result<T>>,
    ) -> Result<T> {
        let content = self.content;
        let answer = self.meeting.until(what, |event| match event {
            Event::Content { id, event } if *id == content => match event {
                ContentEvent::Board(event) => find(event),
                ContentEvent::Removed => {
                    Some(Err(CommandError::new("the board was deleted meanwhile")))
                }
                _ => None,
            },
            _ => None,
        });
        answer.await?
    }
}

fn refused(code: &str) -> CommandError {
    CommandError::from_sentence(&refusal::annotation(code))
}

/// Names annotations by their numbers: `annotations 1, 2`.
pub(super) fn annotations(ids: &[i32]) -> String {
    let all: Vec<_> = ids.iter().map(i32::to_string).collect();
    let noun = if ids.len() == 1 { "annotation" } else { "annotations" };
    format!("{noun} {}", all.join(", "))
}
