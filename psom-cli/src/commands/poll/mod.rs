mod csv;

use clap::{Args, Subcommand};
use psom::{Context, error::CallError};
use psom_objects::{
    client::{Conference, Event, Parcel, Poll as Known, PollEvent},
    package::{self, ContentDetail, CreateContent},
};

use super::visibility::Who;
use crate::{
    failure::{Failure, Result},
    joined::{Joined, LinkArgs},
    out, texts,
};

/// Ask a question with choices, vote, and count the votes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom poll LINK create Lunch --question \"When do we eat?\" --choice now --choice later
  psom poll LINK vote Lunch 2
  psom poll LINK vote Lunch later
  psom poll LINK show Lunch
  psom poll LINK results Lunch --csv > lunch.csv

A new poll is open, and its results are for presenters until they are shown. Organizers and
presenters run polls; everybody votes, once. A vote stays when its user leaves.")]
pub struct Poll {
    #[command(flatten)]
    link: LinkArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Ask a question
    Create {
        /// The poll's title.
        title: String,
        #[command(flatten)]
        question: Question,
        /// Who sees the poll at first.
        #[arg(long, value_name = "WHO")]
        visibility: Option<Who>,
    },
    /// Let users vote
    Open {
        /// The poll's title.
        title: String,
    },
    /// Let nobody vote any more
    Close {
        /// The poll's title.
        title: String,
    },
    /// Show the results to everybody
    Show {
        /// The poll's title.
        title: String,
    },
    /// Show the results to presenters alone
    Hide {
        /// The poll's title.
        title: String,
    },
    /// Forget all votes
    Clear {
        /// The poll's title.
        title: String,
    },
    /// Ask another question, or word it anew: votes go by the places of the choices
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
        /// The text of a choice, or else its number, from 1; `none` takes the vote back. `#2` is
        /// always a number.
        choice: String,
    },
    /// Print the votes for each choice
    Results {
        /// The poll's title.
        title: String,
        /// Print a table for a spreadsheet: `choice,votes`. A choice that a spreadsheet could take
        /// for a formula gets an apostrophe in front.
        #[arg(long)]
        csv: bool,
    },
}

#[derive(Debug, Args)]
struct Question {
    /// The question.
    #[arg(long)]
    question: String,
    /// A choice; there are two to seven.
    #[arg(long = "choice", value_name = "CHOICE", required = true)]
    choices: Vec<String>,
}

impl Poll {
    pub async fn run(self) -> Result {
        if let Action::Create { question, .. } | Action::Modify { question, .. } = &self.action {
            question.check()?;
        }
        let mut joined = self.link.join().await?;
        match &self.action {
            Action::Create { title, question, visibility } => {
                create(&mut joined, title, question, *visibility).await?;
            }
            Action::Open { title } => set_open(&mut joined, title, true).await?,
            Action::Close { title } => set_open(&mut joined, title, false).await?,
            Action::Show { title } => show(&mut joined, title, true).await?,
            Action::Hide { title } => show(&mut joined, title, false).await?,
            Action::Clear { title } => clear(&mut joined, title).await?,
            Action::Modify { title, question } => modify(&mut joined, title, question).await?,
            Action::Vote { title, choice } => vote(&mut joined, title, choice).await?,
            Action::Results { title, csv } => results(&mut joined, title, *csv).await?,
        }
        joined.leave().await
    }
}

impl Question {
    /// The rules that a server would not explain (section 3.1.4.1.14).
    fn check(&self) -> Result {
        let mut all = self.choices.iter().chain([&self.question]);
        let why = if !(2..=7).contains(&self.choices.len()) {
            "a poll has two to seven choices; give each with --choice"
        } else if all.any(|text| text.trim().is_empty()) {
            "the question and its choices cannot be blank; write something"
        } else if self.choices.iter().any(|choice| choice.contains(char::is_control))
            || self.question.contains(|c: char| c.is_control() && c != '\n')
        {
            "a question is text, and a choice is one line of it; leave control characters out"
        } else if (1..self.choices.len()).any(|at| self.choices[..at].contains(&self.choices[at])) {
            "two choices are the same; make each another"
        } else {
            texts::check_length("the question", &self.question)?;
            for (number, choice) in (1..).zip(&self.choices) {
                texts::check_length(&format!("choice {number}"), choice)?;
            }
            return Ok(());
        };
        Err(Failure::new(why))
    }
}

fn hidden_results() -> Failure {
    Failure::new("the results are not shown to you; ask a presenter to show them")
}

fn not_yours() -> Failure {
    Failure::new("the server does not let you run this poll; join as a presenter")
}

fn poll<'a>(joined: &'a Joined, title: &str) -> Result<(i64, &'a Known)> {
    let (id, content) = joined.content(title)?;
    let poll = content.poll.as_ref();
    poll.map(|poll| (id, poll)).ok_or_else(|| {
        Failure::new(format!("\"{title}\" is no poll; look with `psom watch` which there are"))
    })
}

/// Does something with a poll, and returns the poll that the server has made of it.
async fn change(
    joined: &mut Joined,
    title: &str,
    act: impl FnOnce(&mut Conference, &mut Context<Conference>, i64) -> Result<(), CallError>
    + Send
    + 'static,
) -> Result<Known> {
    let (id, _) = poll(joined, title)?;
    joined.act(move |conference, cx| act(conference, cx, id)).await?;
    joined.settle().await?;
    let content = joined.model.contents.get(&id).and_then(|content| content.poll.clone());
    content.ok_or_else(|| Failure::new("somebody has deleted the poll meanwhile"))
}

async fn create(
    joined: &mut Joined,
    title: &str,
    question: &Question,
    visibility: Option<Who>,
) -> Result {
    let Question { question, choices } = question;
    let detail = ContentDetail::Poll(package::PollDetail::new(question, choices.clone()));
    let mut content = CreateContent::new(title, detail);
    content.common.visibility = visibility.map(Into::into);
    texts::check_line("the title", title)?;
    let parcel = Parcel::new(content, []);
    let parcel = parcel.map_err(|error| Failure::new(format!("cannot pack the poll: {error}")))?;
    joined.upload(parcel).await?;
    out::line(format_args!("Asked \"{}\".", out::printable(title)))
}

async fn set_open(joined: &mut Joined, title: &str, open: bool) -> Result {
    let set = move |conference: &mut Conference, cx: &mut Context<_>, id| {
        conference.set_poll_open(cx, id, open)
    };
    let was = poll(joined, title)?.1.open;
    let poll = change(joined, title, set).await?;
    if poll.open != open || (was == open && !joined.may_share().await?) {
        return Err(not_yours());
    }
    let now = if open { "open" } else { "closed" };
    out::line(format_args!("\"{}\" is {now}.", out::printable(title)))
}

async fn show(joined: &mut Joined, title: &str, to_all: bool) -> Result {
    let show = move |conference: &mut Conference, cx: &mut Context<_>, id| {
        conference.show_results(cx, id, to_all)
    };
    let was = poll(joined, title)?.1.visible_to_all;
    let poll = change(joined, title, show).await?;
    if poll.visible_to_all != to_all || (was == to_all && !joined.may_share().await?) {
        return Err(not_yours());
    }
    let who = if to_all { "everybody" } else { "presenters alone" };
    out::line(format_args!("The results of \"{}\" are shown to {who}.", out::printable(title)))
}

async fn clear(joined: &mut Joined, title: &str) -> Result {
    let (_, before) = poll(joined, title)?;
    let counted = before.results.iter().any(|votes| *votes != 0);
    let clear =
        |conference: &mut Conference, cx: &mut Context<_>, id| conference.clear_votes(cx, id);
    let poll = change(joined, title, clear).await?;
    let refused = match counted {
        true => poll.results.iter().any(|votes| *votes != 0),
        // Zeros say nothing: the results may be hidden from this client.
        false => !runs(joined, title, poll.open).await?,
    };
    if refused {
        return Err(not_yours());
    }
    out::line(format_args!("\"{}\" has no votes any more.", out::printable(title)))
}

/// Whether this user may run a poll. One who may hears nothing when they set what is set already
/// (section 3.3.4.1.11.1: it is sent where the value changes); anybody else is told how it is.
async fn runs(joined: &mut Joined, title: &str, open: bool) -> Result<bool> {
    let (id, _) = poll(joined, title)?;
    let fence = joined.act(move |conference, cx| {
        conference.set_poll_open(cx, id, open)?;
        conference.reserve_title(cx, "")
    });
    let fence = fence.await?;
    let mut told = false;
    let settled = joined.until("whether you may do that", |event, _| match event {
        Event::Poll { id: of, event: PollEvent::Open { open: now } } if *of == id => {
            told |= *now == open;
            None
        }
        Event::TitleReservation { cookie, .. } if *cookie == fence => Some(()),
        _ => None,
    });
    settled.await?;
    Ok(!told)
}

async fn modify(joined: &mut Joined, title: &str, asked: &Question) -> Result {
    let (question, choices) = (asked.question.clone(), asked.choices.clone());
    let modify = move |conference: &mut Conference, cx: &mut Context<_>, id| {
        conference.modify_poll(cx, id, question, choices)
    };
    let poll = change(joined, title, modify).await?;
    if (&poll.question, &poll.choices) != (&asked.question, &asked.choices) {
        let why = "the server does not take this question; join as a presenter, or ask something \
                   shorter";
        return Err(Failure::new(why));
    }
    out::line(format_args!("Changed \"{}\".", out::printable(title)))
}

async fn vote(joined: &mut Joined, title: &str, choice: &str) -> Result {
    let (_, known) = poll(joined, title)?;
    let wanted = place(choice, &known.choices)?;
    let vote =
        move |conference: &mut Conference, cx: &mut Context<_>, id| conference.vote(cx, id, wanted);
    let poll = change(joined, title, vote).await?;
    match poll.vote {
        stored if stored != wanted && !poll.open => {
            Err(Failure::new("the poll is closed; vote when it is open again"))
        }
        stored if stored != wanted => {
            Err(Failure::new("the server does not let you vote; ask a presenter of the meeting"))
        }
        Some(place) => {
            let choice = poll.choices.get(place).map_or("", String::as_str);
            out::line(format_args!("You have voted for \"{}\".", out::printable(choice)))
        }
        None => out::line("You have no vote."),
    }
}

/// The place of the choice that is meant.
fn place(choice: &str, choices: &[String]) -> Result<Option<usize>> {
    let exactly = || choices.iter().position(|known| known == choice);
    let number = |text: &str| {
        let place = text.parse::<usize>().ok()?.checked_sub(1)?;
        (place < choices.len()).then_some(place)
    };
    let lower = choice.to_lowercase();
    let roughly = || choices.iter().position(|known| known.to_lowercase() == lower);
    let place = match choice.strip_prefix('#') {
        Some(text) => number(text).or_else(exactly),
        None => match exactly() {
            None if choice == "none" => return Ok(None),
            found => found.or_else(|| number(choice)).or_else(roughly),
        },
    };
    place.map(Some).ok_or_else(|| {
        let choices = choices.iter().enumerate();
        let choices: Vec<_> =
            choices.map(|(place, choice)| format!("{} \"{choice}\"", place + 1)).collect();
        Failure::new(format!("there is no choice \"{choice}\"; there is {}", choices.join(", ")))
    })
}

async fn results(joined: &mut Joined, title: &str, csv: bool) -> Result {
    let poll = poll(joined, title)?.1.clone();
    let rows = poll.choices.iter().enumerate();
    let rows = rows.map(|(place, choice)| (choice.as_str(), poll.votes(place)));
    let nothing = poll.results.iter().all(|votes| *votes == 0);
    // Those who do not see the results are told zeros.
    let hidden = nothing && !poll.visible_to_all && !joined.may_share().await?;
    if csv {
        if hidden {
            return Err(hidden_results());
        }
        return csv::write(rows);
    }
    out::line(out::printable(&poll.question))?;
    for (choice, votes) in rows {
        let votes = if hidden { String::new() } else { votes.to_string() };
        out::line(format_args!("{votes:>5}  {}", out::printable(choice)))?;
    }
    if hidden {
        return Err(hidden_results());
    }
    if poll.open { Ok(()) } else { out::line("The poll is closed.") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::place;

    #[test]
    fn a_choice_is_known_by_its_text_or_its_number() {
        let choices = ["2", "4", "None", "none", "#1"].map(str::to_owned);
        for (choice, expected) in [
            ("2", Some(0)),
            ("#2", Some(1)),
            ("4", Some(1)),
            ("3", Some(2)),
            ("none", Some(3)),
            ("NONE", Some(2)),
            ("#1", Some(0)),
            ("#5", Some(4)),
        ] {
            assert_eq!(place(choice, &choices).unwrap(), expected, "{choice}");
        }
        assert_eq!(place("none", &choices[..3]).unwrap(), None);
        for choice in ["0", "6", "#0", "", "-1", "x"] {
            assert!(place(choice, &choices).is_err(), "{choice}");
        }
    }
}
