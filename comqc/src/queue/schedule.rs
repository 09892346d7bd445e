use std::{fmt, str::FromStr};

/// The number of retry queues.
const RETRY_QUEUES: u8 = 5;
/// The tries in each retry queue.
const TRIES_PER_QUEUE: u32 = 3;
/// The delay of the first retry queue. Each further one doubles it: 1, 2, 4, 8 and 16 minutes.
const FIRST_DELAY_SECONDS: u64 = 60;

/// One of an application's seven queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The input queue, with the application's name.
    Input,
    /// A retry queue, 0 to 4, with the application's name, an underscore and the number.
    Retry(u8),
    /// The queue of messages that could not be played, with `_DeadQueue` after the name.
    Dead,
}

/// The text is not the name of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a queue is `input`, `0` to `4`, or `dead`")]
pub struct NotAStage;

impl Stage {
    /// The seven queues in the order in which a failing message passes them.
    pub const ALL: [Self; 7] = [
        Self::Input,
        Self::Retry(0),
        Self::Retry(1),
        Self::Retry(2),
        Self::Retry(3),
        Self::Retry(4),
        Self::Dead,
    ];

    /// Returns the name of the queue of an application.
    #[must_use]
    pub fn queue_name(self, application: &str) -> String {
        match self {
            Self::Input => application.to_owned(),
            Self::Retry(number) => format!("{application}_{number}"),
            Self::Dead => format!("{application}_DeadQueue"),
        }
    }

    /// Reports whether the queue can be removed to shorten the schedule.
    #[must_use]
    pub fn is_removable(self) -> bool {
        matches!(self, Self::Retry(_))
    }

    /// Returns the position in [`Self::ALL`].
    #[cfg(feature = "sqlite")]
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Input => 0,
            Self::Retry(number) => number + 1,
            Self::Dead => RETRY_QUEUES + 1,
        }
    }

    /// Returns the stage with this position, the inverse of [`Self::number`].
    #[cfg(feature = "sqlite")]
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => f.write_str("input"),
            Self::Retry(number) => number.fmt(f),
            Self::Dead => f.write_str("dead"),
        }
    }
}

impl FromStr for Stage {
    type Err = NotAStage;

    fn from_str(text: &str) -> Result<Self, NotAStage> {
        match text {
            "input" => Ok(Self::Input),
            "dead" => Ok(Self::Dead),
            number => match number.parse() {
                Ok(number) if number < RETRY_QUEUES => Ok(Self::Retry(number)),
                _ => Err(NotAStage),
            },
        }
    }
}

/// The queue of a message, and the time of its next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The queue.
    pub stage: Stage,
    /// The failed tries in this queue.
    pub tries: u32,
    /// The time of the next try in seconds since 1970. Ignored in the dead queue.
    pub due: u64,
}

/// Returns the next step of a message whose try failed at `now`. `stages` are the queues that exist, in
/// the order of [`Stage::ALL`].
///
/// A message is tried once in the input queue and three times in each retry queue. The delay before
/// each try depends on the position of the queue among the retry queues that exist, so removing a
/// queue shortens the schedule.
#[must_use]
pub fn after_failure(step: Step, stages: &[Stage], now: u64) -> Step {
    let retries: Vec<_> = stages.iter().copied().filter(|stage| stage.is_removable()).collect();
    let tries = step.tries + 1;
    let stays = step.stage.is_removable() && tries < TRIES_PER_QUEUE;
    let position = retries
        .iter()
        .position(|stage| if stays { *stage >= step.stage } else { *stage > step.stage });
    match position {
        Some(position) => Step {
            stage: retries[position],
            tries: if retries[position] == step.stage { tries } else { 0 },
            due: now + (FIRST_DELAY_SECONDS << position),
        },
        None => Step { stage: Stage::Dead, tries: 0, due: now },
    }
}
