pub(in crate::commands) mod csv;

use clap::{Args, Subcommand};
use psom::{CallError, Context};
use psom_client::ActionError;
use psom_objects::{
    client::{Conference, PollModel, Upload},
    package::{ContentDetail, CreateContent, PollDetail},
    texts::{has_visible, look_alike},
    types::ContentVisibility,
};

use self::csv::Csv;
use super::args;
#[cfg(feature = "queue")]
use super::recordable::{self, Actions, Recordable, recorded};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::{
        answers::action_failed,
        finding::Creation,
        session::{LinkArgs, Meeting},
        texts,
    },
    terminal::out,
};

/// Ask a question with choices, vote, and count the votes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom poll LINK create Lunch --question \"When do we eat?\" --choice now --choice later
  psom poll LINK vote Lunch 2
  psom poll LINK vote Lunch later
  psom poll LINK show Lunch
  psom poll LINK results Lunch --csv=excel > lunch.csv

A new poll is open, and its results are visible to presenters only until they are shown to everybody.
Organizers and presenters run polls. Each person has one vote. It stays when the person leaves, and a
later vote replaces it. With an open link, all commands on one machine act as the same person, also with
different names (--as). Use --as-new for another person with another vote:
  psom poll LINK vote Lunch 2 --as-new Bea")]
pub(crate) struct Poll {
    #[command(flatten)]
    link: LinkArgs,
    #[command(subcommand)]
    action: PollAction,
}

#[derive(Debug, Subcommand)]
enum PollAction {
    /// Ask a question
    Create {
        /// The poll's title, without any of \ / : * ? " < > |.
        title: String,
        #[command(flatten)]
        question: Question,
        /// The users who see the poll at first.
        #[arg(long, value_name = "WHO", value_parser = args::visibility())]
        visibility: Option<ContentVisibility>,
    },
    /// Let users vote
    Open {
        /// The poll's title.
        title: String,
    },
    /// Close the poll for votes
    Close {
        /// The poll's title.
        title: String,
    },
    /// Show the results to everybody
    Show {
        /// The poll's title.
        title: String,
    },
    /// Show the results to presenters only
    Hide {
        /// The poll's title.
        title: String,
    },
    /// Delete all votes
    Clear {
        /// The poll's title.
        title: String,
    },
    /// Replace the question and its choices. Votes count for the choice with the same number
    Modify {
        /// The poll's title.
        title: String,
        #[command(flatten)]
        question: Question,
    },
    /// Vote
    Vote {
        /// The poll's title.
        title: String,
        /// The text or the number of a choice; `none` withdraws the vote. A number with `#`, such as
        /// `#2`, is never taken for a text.
        #[arg(allow_hyphen_values = true)]
        choice: String,
    },
    /// Print the votes for each choice
    Results {
        /// The poll's title.
        title: String,
        /// Print a CSV table with the columns `choice` and `votes`. A choice that a spreadsheet could
        /// take for a formula gets an apostrophe in front.
        #[arg(long, value_name = "PROGRAM", num_args = 0..=1, require_equals = true)]
        #[arg(default_missing_value = "plain")]
        csv: Option<Csv>,
    },
}

#[derive(Debug, Args)]
struct Question {
    /// The question.
    #[arg(long, allow_hyphen_values = true)]
    question: String,
    /// A choice. A poll has two to seven.
    #[arg(long = "choice", value_name = "CHOICE", required = true, allow_hyphen_values = true)]
    choices: Vec<String>,
}

impl Poll {
    fn check(&self) -> Result {
        match &self.action {
            PollAction::Create { question, .. } | PollAction::Modify { question, .. } => {
                question.check()
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn run(self) -> Result {
        self.check()?;
        let mut creation = Creation::default();
        // The votes before an earlier run has asked the server to delete them.
        let mut votes_before = None;
        // The other actions set a state, and have the same effect when they are repeated.
        let run = async |meeting: &mut Meeting| match &self.action {
            PollAction::Create { title, question, visibility } => {
                meeting.check_visibility(*visibility)?;
                create(meeting, &mut creation, title, question, *visibility).await
            }
            PollAction::Open { title } => set_open(meeting, title, true).await,
            PollAction::Close { title } => set_open(meeting, title, false).await,
            PollAction::Show { title } => show(meeting, title, true).await,
            PollAction::Hide { title } => show(meeting, title, false).await,
            PollAction::Clear { title } => clear(meeting, title, &mut votes_before).await,
            PollAction::Modify { title, question } => modify(meeting, title, question).await,
            PollAction::Vote { title, choice } => vote(meeting, title, choice).await,
            PollAction::Results { title, csv } => results(meeting, title, *csv).await,
        };
        self.link.in_meeting(run).await
    }
}

impl Question {
    /// Checks the rules whose violation a server does not explain (section 3.1.4.1.14).
    fn check(&self) -> Result {
        let mut texts = self.choices.iter().chain([&self.question]);
        let why = if !(2..=7).contains(&self.choices.len()) {
            "a poll has two to seven choices; give each with --choice"
        } else if texts.any(|text| !has_visible(text)) {
            "the question or a choice is empty; write something"
        } else if self.choices.iter().any(|choice| choice.contains(char::is_control))
            || self.question.contains(|c: char| c.is_control() && c != '\n')
        {
            "the question or a choice has a control character; leave it out"
        } else if (1..self.choices.len()).any(|at| {
            self.choices[..at].iter().any(|earlier| look_alike(earlier, &self.choices[at]))
        }) {
            "two choices are the same or look alike; change one of them"
        } else {
            texts::check_direction("the question", &self.question)?;
            texts::check_length("the question", &self.question)?;
            for (number, choice) in (1..).zip(&self.choices) {
                let what = format!("choice {number}");
                texts::check_direction(&what, choice)?;
                texts::check_length(&what, choice)?;
            }
            return Ok(());
        };
        Err(CommandError::new(why))
    }
}

fn results_are_hidden() -> CommandError {
    CommandError::new("the results are not visible to you; ask a presenter to show them")
}

fn may_not_run() -> CommandError {
    CommandError::new("you may not run this poll; join as a presenter")
}

async fn find(meeting: &Meeting, title: &str) -> Result<(i64, PollModel)> {
    let (id, content) = meeting.content(title).await?;
    let poll = content.poll;
    poll.map(|poll| (id, poll))
        .ok_or_else(|| CommandError::new(format!("\"{title}\" is not a poll; see `psom list`")))
}

/// Changes a poll, and returns it as the server has left it.
async fn change(
    meeting: &mut Meeting,
    id: i64,
    act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<(), CallError>
    + Send
    + 'static,
) -> Result<PollModel> {
    meeting.act(act).await?;
    meeting.settle().await?;
    let poll = meeting.content_by_id(id).await?.and_then(|content| content.poll);
    poll.ok_or_else(|| CommandError::new("the poll was deleted meanwhile"))
}

/// Describes a new poll.
fn package(
    title: &str,
    question: &Question,
    visibility: Option<ContentVisibility>,
) -> Result<CreateContent> {
    let Question { question, choices } = question;
    let detail = ContentDetail::Poll(PollDetail::new(question, choices.clone()));
    let mut content = CreateContent::new(title, detail);
    content.common.visibility = visibility;
    texts::check_line("the title", title)?;
    Ok(content)
}

async fn create(
    meeting: &mut Meeting,
    creation: &mut Creation,
    title: &str,
    question: &Question,
    visibility: Option<ContentVisibility>,
) -> Result {
    let content = package(title, question, visibility)?;
    if creation.earlier(meeting, "Content.Poll", title).await?.is_none() {
        meeting.upload(Upload::new(content, []).or_cannot("pack the poll")?).await?;
    }
    out::line(format_args!("Created the poll \"{}\".", out::printable(title)))
}

async fn set_open(meeting: &mut Meeting, title: &str, open: bool) -> Result {
    let (id, before) = find(meeting, title).await?;
    let poll =
        change(meeting, id, move |conference, cx| conference.set_poll_open(cx, id, open)).await?;
    if poll.open != open || (before.open == open && !meeting.may_share().await?) {
        return Err(may_not_run());
    }
    let now = if open { "open" } else { "closed" };
    out::line(format_args!("\"{}\" is {now}.", out::printable(title)))
}

async fn show(meeting: &mut Meeting, title: &str, to_all: bool) -> Result {
    let (id, before) = find(meeting, title).await?;
    let poll =
        change(meeting, id, move |conference, cx| conference.show_results(cx, id, to_all)).await?;
    let was_so = before.visible_to_all == to_all;
    if poll.visible_to_all != to_all || (was_so && !meeting.may_share().await?) {
        return Err(may_not_run());
    }
    let who = if to_all { "everyone" } else { "presenters only" };
    out::line(format_args!("The results of \"{}\" are visible to {who}.", out::printable(title)))
}

/// Deletes the votes, unless an earlier run of the command has done so: votes that came after that must stay.
/// `votes_before` is the number of votes that the earlier run has found.
async fn clear(meeting: &mut Meeting, title: &str, votes_before: &mut Option<i64>) -> Result {
    let (id, before) = find(meeting, title).await?;
    let votes = |poll: &PollModel| poll.results.iter().map(|votes| i64::from(*votes)).sum::<i64>();
    let has_votes = |poll: &PollModel| votes(poll) != 0;
    let now = votes(&before);
    if votes_before.replace(now).is_some_and(|earlier| now < earlier) {
        return cleared(title);
    }
    let poll = change(meeting, id, move |conference, cx| conference.clear_votes(cx, id)).await?;
    let refused = if has_votes(&before) {
        has_votes(&poll)
    } else {
        // The results may be hidden from this client, so zeros do not show that the votes were deleted. A
        // user who may share may also run polls, and the query for that permission changes nothing.
        !meeting.may_share().await?
    };
    if refused {
        return Err(may_not_run());
    }
    cleared(title)
}

fn cleared(title: &str) -> Result {
    out::line(format_args!("Deleted the votes of \"{}\".", out::printable(title)))
}

async fn modify(meeting: &mut Meeting, title: &str, asked: &Question) -> Result {
    let (id, _) = find(meeting, title).await?;
    let (question, choices) = (asked.question.clone(), asked.choices.clone());
    let modify = move |conference: &mut Conference, cx: &mut Context<_>| {
        conference.modify_poll(cx, id, question, choices)
    };
    let poll = change(meeting, id, modify).await?;
    if (&poll.question, &poll.choices) != (&asked.question, &asked.choices) {
        let why = "the server does not accept this question; join as a presenter, or make it \
                   shorter";
        return Err(CommandError::new(why));
    }
    out::line(format_args!("Changed \"{}\".", out::printable(title)))
}

async fn vote(meeting: &mut Meeting, title: &str, choice: &str) -> Result {
    let (id, before) = find(meeting, title).await?;
    let wanted = choice_index(choice, &before.choices)?;
    let vote = async |actions: psom_client::Actions| match wanted {
        Some(choice) => actions.vote(id, choice).await,
        None => actions.withdraw_vote(id).await,
    };
    match meeting.perform("the result", vote).await? {
        Ok(()) => {}
        Err(ActionError::Refused(_)) => {
            let poll = meeting.content_by_id(id).await?.and_then(|content| content.poll);
            return Err(CommandError::new(match poll {
                None => "the poll was deleted meanwhile",
                Some(poll) if poll.open => "you may not vote; ask a presenter of the meeting",
                Some(_) => "the poll is closed; vote when it is open again",
            }));
        }
        Err(error) => return Err(action_failed(error)),
    }
    match wanted {
        Some(index) => {
            let choice = before.choices.get(index).map_or("", String::as_str);
            out::line(format_args!("You have voted for \"{}\".", out::printable(choice)))
        }
        None => out::line("You have no vote."),
    }
}

/// Returns the index of the choice that the user means, or `None` for no vote.
fn choice_index(choice: &str, choices: &[String]) -> Result<Option<usize>> {
    let by_text = || choices.iter().position(|known| known == choice);
    let by_number = |text: &str| {
        let index = text.parse::<usize>().ok()?.checked_sub(1)?;
        (index < choices.len()).then_some(index)
    };
    let exact = match choice.strip_prefix('#') {
        Some(number) => by_number(number).or_else(by_text),
        None => match by_text() {
            None if choice == "none" => return Ok(None),
            found => found.or_else(|| by_number(choice)),
        },
    };
    if exact.is_some() {
        return Ok(exact);
    }
    let similar = (0..choices.len()).filter(|index| look_alike(&choices[*index], choice));
    let list = |indexes: &mut dyn Iterator<Item = usize>| {
        let choices = indexes.map(|index| format!("#{} \"{}\"", index + 1, choices[index]));
        choices.collect::<Vec<_>>().join(", ")
    };
    match similar.collect::<Vec<_>>()[..] {
        [index] => Ok(Some(index)),
        [] => {
            let all = list(&mut (0..choices.len()));
            Err(CommandError::new(format!("there is no choice \"{choice}\"; choose from {all}")))
        }
        ref several => {
            let several = list(&mut several.iter().copied());
            Err(CommandError::new(format!(
                "\"{choice}\" could be several choices; choose from {several}"
            )))
        }
    }
}

async fn results(meeting: &mut Meeting, title: &str, csv: Option<Csv>) -> Result {
    let (_, poll) = find(meeting, title).await?;
    let rows = poll.choices.iter().enumerate();
    let rows = rows.map(|(index, choice)| (choice.as_str(), poll.votes(index)));
    let all_zero = poll.results.iter().all(|votes| *votes == 0);
    // A client that may not see the results gets zeros.
    let hidden = all_zero && !poll.visible_to_all && !meeting.may_share().await?;
    if let Some(csv) = csv {
        if hidden {
            return Err(results_are_hidden());
        }
        return out::text(&csv::table(csv, rows));
    }
    out::line(out::printable(&poll.question))?;
    for (choice, votes) in rows {
        let votes = if hidden { String::new() } else { votes.to_string() };
        out::line(format_args!("{votes:>5}  {}", out::printable(choice)))?;
    }
    if hidden {
        return Err(results_are_hidden());
    }
    if poll.open { Ok(()) } else { out::line("The poll is closed.") }
}

#[cfg(feature = "queue")]
impl Recordable for Poll {
    fn record(&self, actions: &mut Actions) -> Result {
        self.check()?;
        recorded(match &self.action {
            PollAction::Create { title, question, visibility } => {
                return recordable::create(actions, package(title, question, *visibility)?);
            }
            PollAction::Open { title } => actions.s_set_poll_open(title, true),
            PollAction::Close { title } => actions.s_set_poll_open(title, false),
            PollAction::Show { title } => actions.s_show_results(title, true),
            PollAction::Hide { title } => actions.s_show_results(title, false),
            PollAction::Clear { title } => actions.s_clear_votes(title),
            PollAction::Modify { title, question: Question { question, choices } } => {
                actions.s_modify_poll(title, question, choices)
            }
            PollAction::Vote { title, choice } => actions.s_vote(title, choice),
            PollAction::Results { .. } => return Err(recordable::changes_nothing()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::choice_index;

    #[test]
    fn a_choice_is_found_by_text_or_number() {
        let choices = ["2", "4", "None", "none", "#1"].map(str::to_owned);
        for (choice, expected) in [
            ("2", 0),
            ("#2", 1),
            ("4", 1),
            ("3", 2),
            ("none", 3),
            ("None", 2),
            ("#1", 0),
            ("#5", 4),
        ] {
            assert_eq!(choice_index(choice, &choices).unwrap(), Some(expected), "{choice}");
        }
        assert_eq!(choice_index("none", &choices[..3]).unwrap(), None);
        assert_eq!(choice_index("NONE", &choices[..3]).unwrap(), Some(2));
        for choice in ["0", "6", "#0", "", "-1", "x"] {
            assert!(choice_index(choice, &choices).is_err(), "{choice}");
        }
    }

    #[test]
    fn an_ambiguous_choice_is_not_guessed() {
        let choices = ["yes", "Yes", "no"].map(str::to_owned);
        assert_eq!(choice_index("Yes", &choices).unwrap(), Some(1));
        assert_eq!(choice_index("NO", &choices).unwrap(), Some(2));
        let error = format!("{:?}", choice_index("YES", &choices).unwrap_err());
        assert!(error.contains("could be several choices"), "{error}");
        assert!(error.contains("#1 ") && error.contains("#2 ") && !error.contains("#3 "));
    }
}
