use clap::{Args, Subcommand};
use psom_objects::client::{Parcel, Qna as Known};

use crate::{
    failure::{Failure, Result},
    joined::{Joined, LinkArgs},
    out, texts,
};

/// Ask and answer questions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom qna LINK create Questions
  psom qna LINK ask Questions \"When is the exam?\"
  psom qna LINK show Questions
  psom qna LINK answer Questions 1 \"In May.\"

Organizers and presenters create, open and suspend; everybody asks and answers while it is open.")]
pub struct Qna {
    #[command(flatten)]
    link: LinkArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Begin questions and answers
    Create {
        /// The title.
        title: String,
    },
    /// Ask a question
    Ask {
        /// The title.
        title: String,
        /// The question.
        text: String,
    },
    /// Answer a question
    Answer {
        /// The title.
        title: String,
        /// The question's number, as `show` prints it.
        question: usize,
        /// The answer.
        text: String,
    },
    /// Print all questions and answers
    Show {
        /// The title.
        title: String,
    },
    /// Let everybody ask and answer
    Open {
        /// The title.
        title: String,
    },
    /// Let nobody ask or answer
    Suspend {
        /// The title.
        title: String,
    },
}

impl Qna {
    pub async fn run(self) -> Result {
        let mut joined = self.link.join().await?;
        match self.action {
            Action::Create { title } => {
                texts::check_line("the title", &title)?;
                let parcel = Parcel::qna(&title);
                let parcel =
                    parcel.map_err(|error| Failure::new(format!("cannot pack it: {error}")))?;
                joined.upload(parcel).await?;
                out::line(format_args!("\"{}\" is open.", out::printable(&title)))?;
            }
            Action::Ask { title, text } => ask(&mut joined, &title, text).await?,
            Action::Answer { title, question, text } => {
                answer(&mut joined, &title, question, text).await?;
            }
            Action::Show { title } => show(&joined, &title)?,
            Action::Open { title } => set_open(&mut joined, &title, true).await?,
            Action::Suspend { title } => set_open(&mut joined, &title, false).await?,
        }
        joined.leave().await
    }
}

fn qna<'a>(joined: &'a Joined, title: &str) -> Result<(i64, &'a Known)> {
    let (id, content) = joined.content(title)?;
    let qna = content.qna.as_ref();
    qna.map(|qna| (id, qna)).ok_or_else(|| {
        Failure::new(format!("\"{title}\" has no questions; look with `psom watch`"))
    })
}

/// The same after the server has done what was asked for.
async fn settled(joined: &mut Joined, id: i64) -> Result<&Known> {
    joined.settle().await?;
    let qna = joined.model.contents.get(&id).and_then(|content| content.qna.as_ref());
    qna.ok_or_else(|| Failure::new("somebody has deleted the questions meanwhile"))
}

/// Why nothing came of what was asked or answered.
fn refused(qna: &Known) -> Failure {
    Failure::new(match qna.is_open() {
        true => "the server does not take it; say something shorter, or ask a presenter",
        false => "the questions are suspended; ask a presenter to open them",
    })
}

fn check(text: &str) -> Result {
    match text.trim() {
        "" => Err(Failure::new("there is nothing in it; write something")),
        _ => Ok(()),
    }
}

async fn ask(joined: &mut Joined, title: &str, text: String) -> Result {
    check(&text)?;
    let (id, by) = (qna(joined, title)?.0, joined.own_name());
    let question = format!("{:032x}", rand::random::<u128>());
    let named = question.clone();
    joined.act(move |conference, cx| conference.ask(cx, id, named, text, by)).await?;
    let known = settled(joined, id).await?;
    known.question(&question).ok_or_else(|| refused(known))?;
    out::line(format_args!("Asked in \"{}\".", out::printable(title)))
}

async fn answer(joined: &mut Joined, title: &str, number: usize, text: String) -> Result {
    check(&text)?;
    let (id, known) = qna(joined, title)?;
    let question = number.checked_sub(1).and_then(|place| known.questions.get(place));
    let Some(question) = question.map(|question| question.id.clone()) else {
        let there = match known.questions.len() {
            0 => "nobody has asked anything yet".to_owned(),
            1 => "there is 1, as `psom qna LINK show` prints it".to_owned(),
            count => format!("there are {count}, as `psom qna LINK show` prints them"),
        };
        let why = format!("there is no question {number}; {there}");
        return Err(Failure::new(why));
    };
    let given =
        |known: &Known| known.question(&question).map_or(0, |question| question.answers.len());
    let (before, by) = (given(known), joined.own_name());
    let named = question.clone();
    joined.act(move |conference, cx| conference.answer(cx, id, named, text, by)).await?;
    let known = settled(joined, id).await?;
    if given(known) <= before {
        return Err(refused(known));
    }
    out::line(format_args!("Answered in \"{}\".", out::printable(title)))
}

fn show(joined: &Joined, title: &str) -> Result {
    let (_, qna) = qna(joined, title)?;
    let by = |by: &str| match by {
        "" => String::new(),
        by => format!("{}: ", out::printable(by)),
    };
    for (place, question) in qna.questions.iter().enumerate() {
        let (who, text) = (by(&question.by), out::printable(&question.text));
        out::line(format_args!("{:>3}. {who}{text}", place + 1))?;
        for answer in &question.answers {
            out::line(format_args!("     {}{}", by(&answer.by), out::printable(&answer.text)))?;
        }
    }
    match (qna.questions.is_empty(), qna.is_open()) {
        (_, false) => out::line("The questions are suspended."),
        (true, true) => out::line("Nobody has asked anything yet."),
        (false, true) => Ok(()),
    }
}

async fn set_open(joined: &mut Joined, title: &str, open: bool) -> Result {
    let (id, _) = qna(joined, title)?;
    joined.act(move |conference, cx| conference.set_qna_open(cx, id, open)).await?;
    if settled(joined, id).await?.is_open() != open {
        let why = "the server does not let you open or suspend questions; join as a presenter";
        return Err(Failure::new(why));
    }
    let now = if open { "open" } else { "suspended" };
    out::line(format_args!("\"{}\" is {now}.", out::printable(title)))
}
