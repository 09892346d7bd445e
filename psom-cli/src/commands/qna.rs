use clap::{Args, Subcommand};
use psom_objects::client::{QnaModel, Upload};

#[cfg(feature = "queue")]
use super::recordable::{self, Actions, Recordable, recorded};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::{
        finding::Creation,
        session::{LinkArgs, Meeting},
        texts,
    },
    terminal::out,
};

/// Ask and answer questions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom qna LINK create Questions
  psom qna LINK ask Questions \"When is the exam?\"
  psom qna LINK show Questions
  psom qna LINK answer Questions 1 \"In May.\"

Organizers and presenters create, open and suspend a Q&A. Everybody asks and answers while it is
open.")]
pub(crate) struct Qna {
    #[command(flatten)]
    link: LinkArgs,
    #[command(subcommand)]
    action: QnaAction,
}

#[derive(Debug, Subcommand)]
enum QnaAction {
    /// Create a Q&A
    Create {
        /// The title, without any of \ / : * ? " < > |.
        title: String,
    },
    /// Ask a question
    Ask {
        /// The title.
        title: String,
        /// The question.
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Answer a question
    Answer {
        /// The title.
        title: String,
        /// The question's number, as `show` prints it.
        question: usize,
        /// The answer.
        #[arg(allow_hyphen_values = true)]
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
    pub(crate) async fn run(self) -> Result {
        let (mut creation, new_question) = (Creation::default(), new_question_id());
        // The question that an earlier run has answered, and the number of its answers with this text before.
        let mut answered = None;
        let run = async |meeting: &mut Meeting| match &self.action {
            QnaAction::Create { title } => {
                texts::check_line("the title", title)?;
                if creation.earlier(meeting, "Content.Qna", title).await?.is_none() {
                    meeting.upload(Upload::qna(title).or_cannot("pack the Q&A")?).await?;
                }
                out::line(format_args!("\"{}\" is open.", out::printable(title)))
            }
            QnaAction::Ask { title, text } => ask(meeting, title, text, &new_question).await,
            QnaAction::Answer { title, question, text } => {
                answer(meeting, title, *question, text, &mut answered).await
            }
            QnaAction::Show { title } => show(meeting, title).await,
            QnaAction::Open { title } => set_open(meeting, title, true).await,
            QnaAction::Suspend { title } => set_open(meeting, title, false).await,
        };
        self.link.in_meeting(run).await
    }
}

async fn find(meeting: &Meeting, title: &str) -> Result<(i64, QnaModel)> {
    let (id, content) = meeting.content(title).await?;
    let qna = content.qna;
    qna.map(|qna| (id, qna))
        .ok_or_else(|| CommandError::new(format!("\"{title}\" is not a Q&A; see `psom list`")))
}

/// Waits for the server's reaction to all actions, and returns the Q&A.
async fn settled(meeting: &mut Meeting, id: i64) -> Result<QnaModel> {
    meeting.settle().await?;
    let qna = meeting.content_by_id(id).await?.and_then(|content| content.qna);
    qna.ok_or_else(|| CommandError::new("the Q&A was deleted meanwhile"))
}

/// Returns the error for a question or an answer that the server did not accept.
fn refused(qna: &QnaModel) -> CommandError {
    CommandError::new(if qna.is_open() {
        "the server does not accept the text; make it shorter, or ask a presenter"
    } else {
        "the Q&A is suspended; ask a presenter to open it"
    })
}

fn check_text(text: &str) -> Result {
    if text.trim().is_empty() {
        return Err(CommandError::new("the text is empty; write something"));
    }
    Ok(())
}

/// Makes a unique identifier for a question.
fn new_question_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Asks a question under a new identifier, unless an earlier run of the command has done so.
async fn ask(meeting: &mut Meeting, title: &str, text: &str, question: &str) -> Result {
    check_text(text)?;
    let (id, before) = find(meeting, title).await?;
    if before.question(question).is_none() {
        let (by, name, text) = (meeting.own_name(), question.to_owned(), text.to_owned());
        meeting.act(move |conference, cx| conference.ask(cx, id, name, text, by)).await?;
        let qna = settled(meeting, id).await?;
        if qna.question(question).is_none() {
            return Err(refused(&qna));
        }
    }
    out::line(format_args!("Asked in \"{}\".", out::printable(title)))
}

/// Answers a question, unless an earlier run of the command has done so. `answered` is the question of that run,
/// and the number of its answers with the same text before.
async fn answer(
    meeting: &mut Meeting,
    title: &str,
    number: usize,
    text: &str,
    answered: &mut Option<(String, usize)>,
) -> Result {
    check_text(text)?;
    let (id, qna) = find(meeting, title).await?;
    let same = |qna: &QnaModel, question: &str| {
        let answers = qna.question(question).map_or(&[][..], |question| &question.answers);
        answers.iter().filter(|answer| answer.text == text).count()
    };
    if let Some((question, before)) = answered
        && same(&qna, question) > *before
    {
        return out::line(format_args!("Answered in \"{}\".", out::printable(title)));
    }
    let question = number.checked_sub(1).and_then(|index| qna.questions.get(index));
    let Some(question) = question.map(|question| question.id.clone()) else {
        let there = match qna.questions.len() {
            0 => "nobody has asked a question yet".to_owned(),
            count => {
                let questions = out::counted(count, "question", "questions");
                format!("`psom qna LINK show` lists {questions}")
            }
        };
        return Err(CommandError::new(format!("there is no question {number}; {there}")));
    };
    let answers =
        |qna: &QnaModel| qna.question(&question).map_or(0, |question| question.answers.len());
    let (before, by, name) = (answers(&qna), meeting.own_name(), question.clone());
    answered.get_or_insert_with(|| (question.clone(), same(&qna, &question)));
    let text = text.to_owned();
    meeting.act(move |conference, cx| conference.answer(cx, id, name, text, by)).await?;
    let qna = settled(meeting, id).await?;
    if answers(&qna) <= before {
        return Err(refused(&qna));
    }
    out::line(format_args!("Answered in \"{}\".", out::printable(title)))
}

async fn show(meeting: &Meeting, title: &str) -> Result {
    let (_, qna) = find(meeting, title).await?;
    let by = |by: &str| match by {
        "" => String::new(),
        by => format!("{}: ", out::printable(by)),
    };
    for (number, question) in (1..).zip(&qna.questions) {
        let (by_asker, text) = (by(&question.by), out::printable(&question.text));
        out::line(format_args!("{number:>3}. {by_asker}{text}"))?;
        for answer in &question.answers {
            out::line(format_args!("     {}{}", by(&answer.by), out::printable(&answer.text)))?;
        }
    }
    match (qna.questions.is_empty(), qna.is_open()) {
        (_, false) => out::line("The Q&A is suspended."),
        (true, true) => out::line("Nobody has asked a question yet."),
        (false, true) => Ok(()),
    }
}

async fn set_open(meeting: &mut Meeting, title: &str, open: bool) -> Result {
    let (id, _) = find(meeting, title).await?;
    meeting.act(move |conference, cx| conference.set_qna_open(cx, id, open)).await?;
    if settled(meeting, id).await?.is_open() != open {
        let why = "you may not open or suspend the Q&A; join as a presenter";
        return Err(CommandError::new(why));
    }
    let now = if open { "open" } else { "suspended" };
    out::line(format_args!("\"{}\" is {now}.", out::printable(title)))
}

#[cfg(feature = "queue")]
impl Recordable for Qna {
    fn record(&self, actions: &mut Actions) -> Result {
        use psom_objects::package::{ContentDetail, CreateContent};
        recorded(match &self.action {
            QnaAction::Create { title } => {
                texts::check_line("the title", title)?;
                let content = CreateContent::new(title, ContentDetail::Qna);
                return recordable::create(actions, content);
            }
            QnaAction::Ask { title, text } => {
                check_text(text)?;
                actions.s_ask(title, &new_question_id(), text)
            }
            QnaAction::Answer { title, question, text } => {
                check_text(text)?;
                let number = i32::try_from(*question).unwrap_or(i32::MAX);
                actions.s_answer(title, number, text)
            }
            QnaAction::Open { title } => actions.s_set_qna_open(title, true),
            QnaAction::Suspend { title } => actions.s_set_qna_open(title, false),
            QnaAction::Show { .. } => return Err(recordable::changes_nothing()),
        })
    }
}
