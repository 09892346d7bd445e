//! The sender of each action with the sender's rights, and the marks by which the effects of
//! actions are recognized.

use std::collections::BTreeMap;

use psom_objects::types::Role;

/// The rights of the users in the course of a run.
#[derive(Default)]
pub(super) struct Rights {
    users: BTreeMap<i64, Standing>,
    /// The sender of each action. The number of an action is its place, counted from 1.
    senders: Vec<Sender>,
}

#[derive(Default, Clone, Copy)]
struct Standing {
    is_presenter: bool,
    /// The number of times that the user became a presenter.
    promotions: u32,
}

/// A user at the time of an action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    pub(super) user: i64,
    pub(super) is_presenter: bool,
    pub(super) promotions: u32,
}

/// The prefix of each title that a user without rights sends.
const FORBIDDEN: &str = "forbidden";

impl Rights {
    pub(super) fn set(&mut self, user: i64, role: Role) {
        let standing = self.users.entry(user).or_default();
        let is_presenter = role != Role::Attendee;
        standing.promotions += u32::from(is_presenter && !standing.is_presenter);
        standing.is_presenter = is_presenter;
    }

    pub(super) fn sender(&self, user: i64) -> Sender {
        let Standing { is_presenter, promotions } =
            self.users.get(&user).copied().unwrap_or_default();
        Sender { user, is_presenter, promotions }
    }

    /// Numbers an action.
    pub(super) fn number(&mut self, sender: Sender) -> u64 {
        self.senders.push(sender);
        self.senders.len() as u64
    }

    /// Reports whether an action that this user sent may have an effect: the user was a presenter,
    /// or has become one since.
    pub(super) fn allow(&self, sender: Sender) -> bool {
        sender.is_presenter || self.sender(sender.user).promotions > sender.promotions
    }

    /// Checks the effect of an action with this number.
    pub(super) fn check_number(&self, number: u64, what: &str) -> Result<(), String> {
        let index = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
        match self.senders.get(index) {
            Some(sender) if !self.allow(*sender) => Err(format!(
                "user {}, who had no right to it, {what} (action {number})",
                sender.user
            )),
            _ => Ok(()),
        }
    }

    /// Checks the effect of an action without a number.
    pub(super) fn check_user(&self, user: i64, what: &str) -> Result<(), String> {
        if user == 0 || self.sender(user).promotions > 0 {
            return Ok(());
        }
        Err(format!("user {user}, who was never a presenter, {what}"))
    }

    /// Checks a title or a question.
    pub(super) fn check_text(&self, content: i64, text: &str) -> Result<(), String> {
        let mut words = text.strip_prefix(FORBIDDEN).unwrap_or_default().split_whitespace();
        let (Some(Ok(user)), Some(Ok(promotions))) =
            (words.next().map(str::parse), words.next().map(str::parse))
        else {
            return Ok(());
        };
        if self.allow(Sender { user, is_presenter: false, promotions }) {
            return Ok(());
        }
        Err(format!(
            "content {content} has the text {text:?} of user {user}, who had no right to it"
        ))
    }
}

impl Sender {
    /// Returns the beginning of the titles that the user sends.
    pub(super) fn title_prefix(&self) -> String {
        match self.is_presenter {
            true => "title".to_owned(),
            false => format!("{FORBIDDEN} {} {}", self.user, self.promotions),
        }
    }
}

/// Returns the text by which the effect of an action is recognized in the journal and at the
/// clients.
pub(super) fn mark(number: u64) -> String {
    format!("~{number}~")
}

/// Returns the numbers of the actions whose marks are in a text.
pub(super) fn marks(text: &str) -> impl Iterator<Item = u64> {
    let is_number =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // A number is between two tildes.
    let mut parts = text.split('~');
    parts.next();
    parts.next_back();
    parts.filter(is_number).filter_map(|part| part.parse().ok())
}
