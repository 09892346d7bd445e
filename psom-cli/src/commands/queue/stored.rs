use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use comqc::{
    Message,
    queue::{Entry, FolderQueue, Queue, SqliteQueue, Stage, Step, body_of},
};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    terminal::out,
};

/// A queue as users name it.
#[derive(Debug, Args)]
struct Place {
    /// The folder of the queues, or the SQLite database with them.
    queue: PathBuf,
    /// The application, if the folder contains the queues of several.
    #[arg(long, value_name = "NAME")]
    application: Option<String>,
}

/// The end of the dead queue's folder, after the name of the application.
const DEAD_QUEUE: &str = "_DeadQueue";

/// Print the messages in an application's queues
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom queue list shop
  psom queue list shop.db

Each line shows the number of a message, its queue (`input`, `0` to `4` for the retry queues, or
`dead`), the failed tries in this queue, the seconds until the next try, the size, and the calls.")]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
}

/// Move all messages of one queue to another, as the message mover does
#[derive(Debug, Args)]
pub(super) struct Move {
    #[command(flatten)]
    place: Place,
    /// The queue to empty: `input`, `0` to `4`, or `dead`.
    from: Stage,
    /// The queue to fill.
    to: Stage,
}

/// Move dead messages back to the input queue
#[derive(Debug, Args)]
pub(super) struct Retry {
    #[command(flatten)]
    place: Place,
    /// The numbers of the messages; all dead messages if none is given.
    ids: Vec<u64>,
}

/// The action of a command on a queue of either kind.
enum QueueAction<'a> {
    List,
    Move(Stage, Stage),
    Retry(&'a [u64]),
}

impl List {
    pub(super) fn run(self) -> Result {
        self.place.with(&QueueAction::List)
    }
}

impl Move {
    pub(super) fn run(self) -> Result {
        if self.from == self.to {
            return Err(CommandError::new("the two queues are the same; name two different ones"));
        }
        self.place.with(&QueueAction::Move(self.from, self.to))
    }
}

impl Retry {
    pub(super) fn run(self) -> Result {
        self.place.with(&QueueAction::Retry(&self.ids))
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl Place {
    fn with(&self, action: &QueueAction<'_>) -> Result {
        let path = &self.queue;
        let opening = format!("open the queue {}", path.display());
        if path.is_file() {
            return act(SqliteQueue::open(path).map_err(chain).or_cannot(opening)?, action);
        }
        let application = match &self.application {
            Some(application) => application.clone(),
            None => application_in(path)?,
        };
        if !path.join(&application).is_dir() {
            return Err(no_queue(path));
        }
        act(FolderQueue::open(path, &application).map_err(chain).or_cannot(opening)?, action)
    }
}

/// Writes an error with its causes.
fn chain(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn no_queue(path: &Path) -> CommandError {
    CommandError::new(format!(
        "{} contains no queues; name their folder or database",
        path.display()
    ))
}

/// Finds the only application in a folder, by its dead queue, which is never removed.
fn application_in(path: &Path) -> Result<String> {
    let Ok(entries) = path.read_dir() else { return Err(no_queue(path)) };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names = names.filter_map(|name| name.strip_suffix(DEAD_QUEUE).map(str::to_owned));
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        (None, _) => Err(no_queue(path)),
        _ => Err(CommandError::new(format!(
            "{} contains the queues of several applications; choose one with --application",
            path.display()
        ))),
    }
}

fn act<Q: Queue>(mut queue: Q, action: &QueueAction<'_>) -> Result {
    match action {
        QueueAction::List => list(&queue),
        QueueAction::Move(from, to) => {
            let stages = queue.stages().map_err(chain).or_cannot("read the queue")?;
            if let Some(missing) = [from, to].into_iter().find(|stage| !stages.contains(stage)) {
                return Err(CommandError::new(format!(
                    "the queue {missing} was removed; choose one that exists"
                )));
            }
            let moved = queue.move_messages(*from, *to, now()).map_err(chain);
            moved_line(moved.or_cannot("move the messages")?)
        }
        QueueAction::Retry(ids) => retry(&mut queue, ids),
    }
}

fn moved_line(moved: usize) -> Result {
    let plural = if moved == 1 { "message" } else { "messages" };
    out::line(format!("{moved} {plural} moved"))
}

fn retry<Q: Queue>(queue: &mut Q, ids: &[u64]) -> Result {
    if ids.is_empty() {
        let moved = queue.move_messages(Stage::Dead, Stage::Input, now()).map_err(chain);
        return moved_line(moved.or_cannot("move the messages")?);
    }
    let entries = queue.list().map_err(chain).or_cannot("read the queue")?;
    // All numbers are checked before the first message is moved.
    for id in ids {
        let is_dead = |entry: &Entry| entry.id == *id && entry.step.stage == Stage::Dead;
        if !entries.iter().any(is_dead) {
            return Err(CommandError::new(format!(
                "message {id} is not in the dead queue; see `psom queue list`"
            )));
        }
    }
    for id in ids {
        let step = Step { stage: Stage::Input, tries: 0, due: now() };
        queue.put_back(*id, step).map_err(chain).or_cannot(format_args!("move message {id}"))?;
    }
    moved_line(ids.len())
}

fn list<Q: Queue>(queue: &Q) -> Result {
    let now = now();
    for entry in queue.list().map_err(chain).or_cannot("read the queue")? {
        let Entry { id, step: Step { stage, tries, due }, size_bytes } = entry;
        let body = queue.body(id).map_err(chain).or_cannot(format_args!("read message {id}"))?;
        let body = body.unwrap_or_default();
        let calls = match body_of(&body).and_then(Message::read) {
            Ok(message) => {
                let count = message.call_count();
                let plural = if count == 1 { "call" } else { "calls" };
                let caller = message.calls().next().and_then(|call| call.security.caller());
                format!(
                    "{count} {plural} by {}",
                    caller.unwrap_or_else(|| "an unknown caller".into())
                )
            }
            Err(error) => error.to_string(),
        };
        let wait = match stage {
            Stage::Dead => "-".to_owned(),
            _ => format!("{} s", due.saturating_sub(now)),
        };
        let stage = stage.to_string();
        let line =
            format!("{id:>6}  {stage:<5}  {tries}  {wait:>6}  {size_bytes:>8} bytes  {calls}");
        out::line(out::printable(&line))?;
    }
    Ok(())
}
