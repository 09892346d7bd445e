mod lines;
mod steps;

use std::{
    pin::{Pin, pin},
    time::Duration,
};

use clap::Args;
use psom_objects::client::{ContentModel, Event, Model};
use tokio::time::timeout;

use self::{
    lines::NotesBySlide,
    steps::{Digits, KeyAction, target},
};
use super::get::slides::notes_of;
#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::{
        rejoining::{REJOINING, join_again},
        session::{LinkArgs, Meeting},
    },
    render::names::user,
    signals::interrupted,
    terminal::{keys::Keys, out},
};

/// The exit status if another user takes the stage.
const TAKEN_STATUS: u8 = 3;

/// The exit status if the connection to the server ends, and the user cannot join again.
const GONE_STATUS: u8 = 4;

/// The time that a server may take to announce the next presenter after it has changed the stage.
const NEXT_PRESENTER_TIMEOUT: Duration = Duration::from_secs(2);

/// The keys, in a line.
const KEYS: &str = "Keys: right/left or space/backspace change the slide, a number and Enter go to one, \
                    Home and End to the first and last, q stops.";

/// Put a content on the stage and keep it there
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  psom present LINK Talk.pdf

At a terminal, the arrow keys, space, Page Up and Page Down change the slide, a number and Enter go
to a slide, and q or Ctrl-C stops. The command prints each slide with its notes, the people who come
and go, and the votes of polls as they arrive.

A user who leaves the meeting also leaves the stage. So this command runs until it is interrupted,
or until another user takes the stage. If the server restarts, the command joins again with the same
invitation, and takes the stage again if no other user has taken it.

Exit status: 0 if you leave the stage, 3 if another user takes it, 4 if the meeting ends or the server
does not come back, 1 for other errors.")]
pub(crate) struct Present {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
}

/// The content and the user on the stage.
type StageState = (Option<i64>, Option<i64>);

fn stage_of(model: &Model) -> StageState {
    (model.active_content, model.active_presenter)
}

impl Present {
    pub(crate) async fn run(self) -> Result {
        let mut meeting = self.link.enter().await?;
        let (id, content) = meeting.content(&self.title).await?;
        let notes = download_notes(&meeting, &content).await?;
        let mut stage = take_stage(&mut meeting, id).await?;
        // Signals are caught before the line is printed, so that a program that reads the line can
        // stop this one.
        let mut interrupted = pin!(interrupted()?);
        out::line(format_args!("Presenting \"{}\"; Ctrl-C stops.", out::printable(&self.title)))?;
        let mut keys = Keys::open()?;
        print_start(&meeting, id, &notes, keys.is_some()).await?;
        let mut digits = Digits::default();
        loop {
            let following = async {
                let on_stage = OnStage { id, stage, notes: &notes };
                on_stage.follow(&mut meeting, &mut keys, &mut digits, interrupted.as_mut()).await
            };
            let end = match following.await {
                Err(CommandError::Unreachable(why)) => End::Lost(why),
                end => end?,
            };
            let why = match end {
                End::Stopped => break,
                End::Over(end) => {
                    drop(keys);
                    end?;
                    break;
                }
                End::Lost(why) => why,
            };
            let again = async {
                if self.link.can_join_again()? { self.again(id, stage).await } else { Ok(None) }
            };
            let again = tokio::select! {
                again = again => again,
                () = &mut interrupted => return Ok(()),
                () = stop_key(&mut keys, &mut digits) => return Ok(()),
            };
            match again {
                Ok(Some((joined, taken))) => (meeting, stage) = (joined, taken),
                Ok(None) => return Err(gone(&why)),
                Err(CommandError::Message(why) | CommandError::Unreachable(why)) => {
                    return Err(gone(&why));
                }
                Err(error) => return Err(error),
            }
        }
        meeting.leave().await
    }

    /// Joins again, and takes the stage again unless another user has it. Returns `None` if the server
    /// answers that the user cannot join.
    async fn again(&self, id: i64, before: StageState) -> Result<Option<(Meeting, StageState)>> {
        let mut line = Some(REJOINING);
        loop {
            let joined = join_again(&mut line, async || self.link.join().await).await?;
            let Some(mut meeting) = joined else { return Ok(None) };
            match take_stage_again(&mut meeting, id, before).await {
                // The connection is lost again.
                Err(CommandError::Unreachable(_)) => {}
                stage => return Ok(Some((meeting, stage?))),
            }
        }
    }
}

/// The reason why this command no longer presents.
enum End {
    /// The user has left the stage.
    Stopped,
    /// The content is no longer on the stage, or another user is.
    Over(Result),
    /// The connection to the server is lost, for this reason.
    Lost(String),
}

/// A content that this user presents.
struct OnStage<'a> {
    id: i64,
    stage: StageState,
    notes: &'a NotesBySlide,
}

impl OnStage<'_> {
    /// Prints events and handles keys until this user leaves the stage.
    async fn follow(
        &self,
        meeting: &mut Meeting,
        keys: &mut Option<Keys>,
        digits: &mut Digits,
        mut interrupted: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<End> {
        let Self { id, stage, notes } = *self;
        loop {
            let step = tokio::select! {
                event = meeting.next() => match event {
                    Ok(Some(event)) => {
                        if let Some(end) = on_event(meeting, &event, id, stage, notes).await? {
                            return Ok(End::Over(end));
                        }
                        None
                    }
                    Ok(None) => {
                        let why = "the meeting has ended, or the server has stopped";
                        return Ok(End::Lost(why.to_owned()));
                    }
                    Err(CommandError::Message(why)) => return Ok(End::Over(Err(gone(&why)))),
                    Err(error) => return Err(error),
                },
                () = &mut interrupted => Some(KeyAction::Stop),
                key = next_key(keys) => digits.step(&key),
            };
            match step {
                None => {}
                Some(KeyAction::Help) => out::line(KEYS)?,
                Some(KeyAction::Stop) => {
                    let leaving =
                        meeting.act(move |conference, cx| conference.stop_presenting(cx, Some(id)));
                    let left = match leaving.await {
                        Ok(()) => meeting.settle().await,
                        Err(error) => Err(error),
                    };
                    return match left {
                        // The server removes a user who is gone from the stage.
                        Ok(()) | Err(CommandError::Unreachable(_)) => Ok(End::Stopped),
                        Err(error) => Err(error),
                    };
                }
                Some(step) => go(meeting, id, step).await?,
            }
        }
    }
}

/// Waits for the key that stops the command.
async fn stop_key(keys: &mut Option<Keys>, digits: &mut Digits) {
    while digits.step(&next_key(keys).await) != Some(KeyAction::Stop) {}
}

async fn next_key(keys: &mut Option<Keys>) -> crossterm::event::KeyEvent {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

fn gone(why: &str) -> CommandError {
    CommandError::Status { status: GONE_STATUS, message: format!("you no longer present: {why}") }
}

/// Takes the stage, also from another user, and returns the new stage.
async fn take_stage(meeting: &mut Meeting, id: i64) -> Result<StageState> {
    let before = meeting.read(stage_of).await?;
    meeting.act(move |conference, cx| conference.present(cx, Some(id))).await?;
    let may_present = meeting.may_share().await?;
    let stage = meeting.read(stage_of).await?;
    // A user who may present takes the stage from anybody. If another user already presented this
    // content, the stage shows a change of the presenter only if the server has accepted the request.
    if stage.0 != Some(id) || !(may_present || stage != before) {
        let why = "you may not present this content; join as a presenter";
        return Err(CommandError::new(why));
    }
    Ok(stage)
}

/// Takes the stage in a new connection, unless another user has it now.
async fn take_stage_again(
    meeting: &mut Meeting,
    id: i64,
    before: StageState,
) -> Result<StageState> {
    if let Some(other) = taken_by(meeting.read(stage_of).await?, before) {
        return Err(taken(meeting, other).await?);
    }
    if meeting.content_by_id(id).await?.is_none() {
        return Err(CommandError::new("the content was deleted"));
    }
    take_stage(meeting, id).await
}

/// Returns the other user who is on the stage now.
fn taken_by(now: StageState, before: StageState) -> Option<i64> {
    now.1.filter(|presenter| Some(*presenter) != before.1)
}

/// The error for a stage that another user has taken.
async fn taken(meeting: &Meeting, other: i64) -> Result<CommandError> {
    let name = meeting.read(move |model| user(model, other)).await?;
    let message = format!("{} has taken the stage", out::printable(&name));
    Ok(CommandError::Status { status: TAKEN_STATUS, message })
}

/// Downloads the notes of a presentation. A presentation without them, or any other content, has none.
async fn download_notes(meeting: &Meeting, content: &ContentModel) -> Result<NotesBySlide> {
    let Some(slides) = &content.slides else { return Ok(NotesBySlide::new()) };
    let base = meeting.read(|model| model.url_base.clone()).await?;
    let directory = tempfile::tempdir().or_cannot("make a temporary directory")?;
    let mut all = NotesBySlide::new();
    for notes in &slides.notes {
        let texts = notes_of(meeting.http(), base.as_deref(), notes, directory.path()).await?;
        let text =
            |(slide, text): (u32, Vec<u8>)| (slide, String::from_utf8_lossy(&text).into_owned());
        all.extend(texts.into_iter().map(text));
    }
    Ok(all)
}

/// Prints the people, the first slide, and the votes so far.
async fn print_start(meeting: &Meeting, id: i64, notes: &NotesBySlide, has_keys: bool) -> Result {
    let notes = notes.clone();
    let start = meeting.read(move |model| {
        let mut all = vec![lines::people(model)];
        all.extend(model.contents.keys().filter_map(|poll| lines::votes(model, *poll)));
        if has_keys && lines::slides(model, id).is_some() {
            all.push(KEYS.to_owned());
        }
        all.extend(lines::slide(model, id, &notes));
        all
    });
    start.await?.into_iter().try_for_each(out::line)
}

/// Prints the lines about an event. Returns the result of the command if this user has lost the stage.
async fn on_event(
    meeting: &mut Meeting,
    event: &Event,
    id: i64,
    stage: StageState,
    notes: &NotesBySlide,
) -> Result<Option<Result>> {
    let taken_by = match event {
        Event::ActivePresenter { id: Some(other) } if Some(*other) != stage.1 => Some(*other),
        Event::ActivePresenter { .. } | Event::ActiveContent { .. } => {
            if meeting.read(stage_of).await? == stage {
                return Ok(None);
            }
            // A server announces a new stage in several calls, and may clear it first.
            let presenter = next_presenter(meeting).await?;
            if presenter.is_none() || presenter == stage.1 {
                if meeting.read(stage_of).await? == stage {
                    return Ok(None);
                }
                return Ok(Some(out::line("The content is no longer on the stage.")));
            }
            presenter
        }
        _ => None,
    };
    if let Some(other) = taken_by {
        return Ok(Some(Err(taken(meeting, other).await?)));
    }
    let (event, notes) = (event.clone(), notes.clone());
    let lines = meeting.read(move |model| lines::lines(&event, model, id, &notes)).await?;
    lines.into_iter().try_for_each(out::line)?;
    Ok(None)
}

/// Returns the next user on the stage, if there is one soon.
async fn next_presenter(meeting: &mut Meeting) -> Result<Option<i64>> {
    let next = meeting.until("the next presenter", |event| match event {
        Event::ActivePresenter { id: Some(presenter) } => Some(*presenter),
        _ => None,
    });
    timeout(NEXT_PRESENTER_TIMEOUT, next).await.ok().transpose()
}

/// Goes to another slide, for everybody.
async fn go(meeting: &Meeting, id: i64, step: KeyAction) -> Result {
    let place = meeting.read(move |model| {
        let slides = lines::slides(model, id)?;
        let now = slides.location.as_ref().map_or((0, 0), |now| (now.slide, now.click));
        let clicks = |slide| slides.markup.get(&slide).map_or(0, |markup| markup.clicks);
        target(step, now, slides.count.unwrap_or(0), clicks)
    });
    let Some((slide, click)) = place.await? else { return Ok(()) };
    meeting.act(move |conference, cx| conference.go_to(cx, id, slide, click)).await
}

#[cfg(feature = "queue")]
impl Recordable for Present {
    fn record(&self, actions: &mut Actions) -> Result {
        recorded(actions.s_present(&self.title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_is_taken_again_unless_another_user_has_it() {
        let (content, ours, other) = (Some(7), Some(1), Some(2));
        for (now, expected) in
            [((None, None), None), ((content, ours), None), ((Some(8), other), other)]
        {
            assert_eq!(taken_by(now, (content, ours)), expected, "{now:?}");
        }
    }
}
