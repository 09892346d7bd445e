//! A bot in a meeting: it starts a poll, answers questions, announces the result, and comes back after a
//! restart of the server.
//!
//! ```text
//! cargo run --example bot
//! ```
//! The bot and the guests use only `psom-client`. The server is in the same process, so that the example needs
//! nothing else.
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::{collections::BTreeSet, time::Duration};

use psom::net::Backoff;
use psom_client::{ActionError, ContentId, Event, JoinLink, Joined, Model, Upload};
use psom_objects::{
    client::{ContentEvent, PollEvent, QnaEvent},
    types::Role,
};
use psom_server::{Options, Server};
use tokio::sync::oneshot;

/// The bot's name in the meeting.
const NAME: &str = "Poll bot";

/// The number of votes after which the bot closes the poll.
const VOTES: i32 = 2;

/// The time for which the bot tries to come back.
const MAX_AWAY: Duration = Duration::from_secs(60);

/// The contents that the bot has created.
#[derive(Clone, Copy)]
struct Contents {
    poll: ContentId,
    qna: ContentId,
}

/// Creates the contents. Each action returns when the server has handled it.
async fn prepare(joined: &Joined) -> psom_examples::Result<Contents> {
    let qna = joined.upload(Upload::qna("Questions")?).await?;
    let poll = joined.upload(Upload::poll("Lunch", "When do we eat?", ["now", "later"])?).await?;
    joined.present(poll).await?;
    Ok(Contents { poll, qna })
}

/// Handles the events of a connection until it ends. Returns the result of the poll, if it is complete.
async fn follow(
    joined: &mut Joined,
    contents: Contents,
    answered: &mut BTreeSet<String>,
) -> Result<Option<Vec<i32>>, ActionError> {
    let Contents { poll, qna } = contents;
    // The events of a connection follow the state with which it begins.
    let votes =
        move |model: &Model| Some(model.contents.get(&poll)?.poll.as_ref()?.results.clone());
    let mut results = joined.read(votes).await?;
    loop {
        let is_complete = |votes: &Vec<i32>| votes.iter().sum::<i32>() >= VOTES;
        if let Some(results) = results.take().filter(is_complete) {
            joined.set_poll_open(poll, false).await?;
            return Ok(Some(results));
        }
        let Some(event) = joined.next().await else { return Ok(None) };
        let Event::Content { id, event } = event else { continue };
        match event {
            ContentEvent::Qna(QnaEvent::Question { id: question, text, .. })
                if id == qna && answered.insert(question.clone()) =>
            {
                println!("the bot is asked: {text}");
                joined.answer(qna, &question, "Two votes end the poll.", NAME).await?;
            }
            ContentEvent::Poll(PollEvent::Results { results: votes }) if id == poll => {
                results = Some(votes);
            }
            _ => {}
        }
    }
}

/// Runs the bot. It sends the contents when they exist, and then follows the meeting until the poll is
/// complete, in as many connections as that needs.
async fn bot(
    link: JoinLink,
    created: oneshot::Sender<Contents>,
) -> Result<Vec<i32>, Box<dyn std::error::Error + Send + Sync>> {
    // With a secret, the server recognizes the bot when it comes back.
    let entrance = link.entrance().name(NAME).secret("the secret of this bot");
    let mut joined = entrance.enter().await?;
    let contents = prepare(&joined).await.map_err(|error| error.to_string())?;
    let _ = created.send(contents);
    let mut answered = BTreeSet::new();
    loop {
        match follow(&mut joined, contents, &mut answered).await {
            Ok(Some(results)) => {
                joined.leave().await;
                return Ok(results);
            }
            // The connection has ended between two events, or during an action.
            Ok(None) | Err(ActionError::Ended(_)) => {
                println!("the bot has lost its connection: {}", joined.ended().await);
                joined = entrance.enter_again(Backoff::default(), MAX_AWAY).await?;
                println!("the bot is back");
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[tokio::main]
async fn main() -> psom_examples::Result<()> {
    let data = tempfile::tempdir()?;
    let options = |psom: &str, http: &str| Options {
        listen: psom.into(),
        http: http.into(),
        data: data.path().into(),
        // Creates the meeting `demo`, with a link for each role.
        demo: true,
        ..Options::default()
    };
    let server = Server::start(options("127.0.0.1:0", "127.0.0.1:0")).await?;
    let link = |role| {
        let link = server.demo_links().iter().find(|demo| demo.role == role);
        link.map(|demo| demo.link.clone()).ok_or("the server has no such link")
    };
    let (presenters, attendees) = (link(Role::Presenter)?, link(Role::Attendee)?);
    let (created, contents) = oneshot::channel();
    let bot = tokio::spawn(bot(presenters, created));
    let Contents { poll, qna } = contents.await?;

    let ada = attendees.enter("Ada").await?;
    ada.ask(qna, "01", "How many votes are needed?", "Ada").await?;
    ada.vote(poll, 0).await?;
    ada.leave().await;

    let (psom, http) = (server.psom_addr().to_string(), server.http_addr().to_string());
    server.shutdown(Duration::from_secs(5)).await;
    let server = Server::start(options(&psom, &http)).await?;

    let grace = attendees.entrance().name("Grace");
    let grace = grace.enter_again(Backoff::default(), MAX_AWAY).await?;
    grace.vote(poll, 0).await?;
    let results = bot.await?.map_err(|error| error.to_string())?;
    println!("the poll is closed: {results:?}");
    let refused = grace.vote(poll, 1).await;
    println!("another vote: {}", refused.err().ok_or("the poll is still open")?);
    grace.leave().await;
    server.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
