//! A meeting that was joined by a link: what it is like, what happens in it, what to do in it.

use std::{pin::pin, time::Duration};

use clap::Args;
use psom::{ClientSession, Context, error::CallError};
use psom_objects::{
    client::{Conference, Content, Event, Model, Parcel, explain},
    types::{TitleReservationStatus, UploadFinishReason},
};
use psom_server::{Entry, JoinLink};
use serde_json::json;
use tokio::time::timeout;
use ureq::http::Method;

use crate::{
    events::{self, Receiver},
    failure::{Failure, Result},
    http::Http,
    patience::Patience,
    texts,
};

/// How long a server may be silent where it has to say something.
const SILENCE: Duration = Duration::from_secs(30);

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// So many titles are named where another is meant.
const NAMED: usize = 10;

/// What every command has that joins a meeting.
#[derive(Debug, Args)]
pub struct LinkArgs {
    /// The join link, as `psom invite` and `psom serve --demo` print it.
    #[arg(value_name = "LINK")]
    link: String,
    /// The name that others see, where the link is for anybody.
    #[arg(long = "as", value_name = "NAME", global = true)]
    name: Option<String>,
}

/// A session in a meeting.
pub struct Joined {
    session: ClientSession<Conference>,
    events: Receiver,
    /// The meeting after all events that were taken.
    pub model: Model,
    /// For the file server.
    pub http: Http,
    /// The name that others see, where the invitation has told it or one was given.
    name: Option<String>,
}

impl LinkArgs {
    /// Joins and waits until the meeting and all its contents are known.
    pub async fn join(&self) -> Result<Joined> {
        let mut joined = self.enter().await?;
        joined
            .until("the state of the meeting", |_, model| model.is_complete().then_some(()))
            .await?;
        Ok(joined)
    }

    /// Joins, and takes no event yet.
    pub async fn enter(&self) -> Result<Joined> {
        if let Some(name) = &self.name {
            texts::check_name(name)?;
        }
        // Parsed here, not with the arguments: a complaint about those would show the whole link, and
        // with it the secret that lets people in.
        let link: JoinLink = self
            .link
            .parse()
            .map_err(|error: psom_server::LinkError| Failure::new(error.to_string()))?;
        let http = Http::new(link.authority_pem().as_bytes())?;
        let (link, name) = match &link.entry {
            Entry::Token(_) => (link, self.name.clone()),
            Entry::Invitation { secret, http: base } => {
                let (token, name) = exchange(&http, base, secret, self.name.as_deref()).await?;
                (JoinLink { entry: Entry::Token(token), ..link }, name)
            }
        };
        let (mut sender, events) = events::queue();
        let connecting = link.join(|scope| Conference::new(scope, move |event| sender.send(event)));
        let session = timeout(SILENCE, connecting).await.map_err(|_| {
            Failure::new(format!("the server at {} does not answer; try again", link.address))
        })??;
        Ok(Joined { session, events, model: Model::default(), http, name })
    }
}

/// Has the server turn an invitation into a token, which is good for one connection, and say by what
/// name others will know its user.
async fn exchange(
    http: &Http,
    base: &str,
    secret: &str,
    name: Option<&str>,
) -> Result<(String, Option<String>)> {
    let mut follow = json!({ "invite": secret, "displayName": name });
    if let Some(guest) = crate::guest::secret() {
        follow["guest"] = guest.into();
    }
    let url = format!("{}/api/join", base.trim_end_matches('/'));
    let answer = http.api(Method::POST, url, None, Some(follow)).await?;
    let token = answer["sAuthId"].as_str().map(str::to_owned);
    let token = token.ok_or_else(|| {
        Failure::new("the server took the invitation but gave no token; update psom")
    })?;
    Ok((token, answer["displayName"].as_str().map(str::to_owned)))
}

fn ended() -> Failure {
    Failure::new("the meeting has ended meanwhile, or the server has stopped")
}

impl Joined {
    /// Waits for the next event, however long that takes; there is none once the server has ended
    /// the meeting. The model is still as it was before: give it the event when it was used.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        match self.events.next().await {
            Some(event) if event != Event::Ended => Ok(Some(event)),
            None if self.events.is_overrun() => {
                Err(Failure::new("the server tells more than this program can take in; join again"))
            }
            _ => self.end().await.map(|()| None),
        }
    }

    /// Why the connection is over; it is no failure where the server has closed it in good order.
    async fn end(&self) -> Result {
        match timeout(GOODBYE, self.session.ended()).await {
            Ok(psom::Error::PeerClosed) => Ok(()),
            Ok(error) => Err(error.into()),
            Err(_) => Err(Failure::new("the connection is over")),
        }
    }

    /// Does something that has nothing to do with the meeting, and follows the meeting meanwhile:
    /// where that ends, it is given up.
    pub async fn meanwhile<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            let event = tokio::select! {
                result = &mut work => return result,
                event = self.next() => event?.ok_or_else(ended)?,
            };
            self.model.apply(&event);
        }
    }

    /// Follows the meeting until an event is the one that is waited for, and returns what it says.
    pub async fn until<T>(
        &mut self,
        what: &str,
        is_it: impl FnMut(&Event, &Model) -> Option<T>,
    ) -> Result<T> {
        self.until_within(SILENCE, None, what, is_it).await
    }

    /// The same where the server may take its time. It has that time once, whatever else happens;
    /// each time that more of the upload with this cookie has arrived, it has it anew.
    pub async fn until_within<T>(
        &mut self,
        silence: Duration,
        upload: Option<i32>,
        what: &str,
        mut is_it: impl FnMut(&Event, &Model) -> Option<T>,
    ) -> Result<T> {
        let (mut patience, mut arrived) = (Patience::new(silence), 0);
        loop {
            let next = patience.wait(self.next()).await.ok_or_else(|| {
                Failure::new(format!("the server has not told {what} in time; try again"))
            })?;
            let event = next?.ok_or_else(ended)?;
            if let Event::UploadProgress { cookie, received } = &event
                && upload == Some(*cookie)
                && *received > arrived
            {
                arrived = *received;
                patience.renew();
            }
            if let Event::NotSent { action, reason } = &event {
                return Err(Failure::new(format!("cannot {action}: {reason}")));
            }
            self.model.apply(&event);
            if let Some(found) = is_it(&event, &self.model) {
                return Ok(found);
            }
        }
    }

    /// Does something in the meeting.
    pub async fn act<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<R, CallError>
        + Send
        + 'static,
    ) -> Result<R> {
        let acted = self.session.run(|conference, cx| {
            // Once the connection is over, everything is gone.
            act(conference, cx).map_err(|error| (error, conference.model().ready))
        });
        match acted.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err((CallError::Gone, true))) => {
                Err(Failure::new("the content or the upload is gone; look with `psom watch`"))
            }
            Ok(Err((error, true))) => Err(error.into()),
            Ok(Err((_, false))) | Err(_) => Err(self.end().await.err().unwrap_or_else(ended)),
        }
    }

    /// Waits until the model shows what the server made of all actions before.
    ///
    /// Most actions have no answer when they are refused. But the server has to answer a
    /// reservation (section 3.3.4.1.3), it does one thing after the other, and no title is empty:
    /// when it has refused that one, it has done or refused everything before.
    pub async fn settle(&mut self) -> Result {
        self.may_share().await.map(drop)
    }

    /// The same, and says whether this user may share: the first that the refusal is about.
    pub async fn may_share(&mut self) -> Result<bool> {
        let fence = self.act(|conference, cx| conference.reserve_title(cx, "")).await?;
        let answer = self.until("what it did", |event, _| match event {
            Event::TitleReservation { cookie, status, .. } if *cookie == fence => Some(*status),
            _ => None,
        });
        let answer = answer.await?;
        if answer == TitleReservationStatus::ReservedForCreation {
            self.act(move |conference, cx| conference.release_title(cx, fence)).await?;
        }
        Ok(answer != TitleReservationStatus::FailedNotAuthorized)
    }

    /// Uploads something small, and waits until the server has made of it what it is to be: the
    /// number of the content, where it is one.
    pub async fn upload(&mut self, parcel: Parcel) -> Result<Option<i64>> {
        let title = parcel.title().map(str::to_owned);
        let cookie = self.act(|conference, cx| conference.upload(cx, parcel)).await?;
        let mut created = None;
        let what = "what became of the upload";
        let reason = self.until_within(SILENCE, Some(cookie), what, |event, _| match event {
            Event::TitleReservation { cookie: of, status, .. } if *of == cookie => {
                let reserved = *status == TitleReservationStatus::ReservedForCreation;
                let title = title.as_deref().unwrap_or_default();
                (!reserved).then(|| Err(texts::reservation_refused(title, *status)))
            }
            Event::ContentCreated { cookie: of, id } if *of == cookie => {
                created = Some(*id);
                None
            }
            Event::UploadRejected { cookie: of, reason }
            | Event::UploadFinished { cookie: of, reason }
                if *of == cookie =>
            {
                Some(match *reason {
                    UploadFinishReason::Ok => Ok(()),
                    // It was made here, of texts that this program takes.
                    UploadFinishReason::VerifyFailed if title.is_some() => Err(Failure::new(
                        "the server does not take it: a text is too long (make it shorter), or it does \
                         not know such contents",
                    )),
                    reason => Err(Failure::explained(&explain::upload(reason))),
                })
            }
            _ => None,
        });
        if let Err(why) = reason.await? {
            // Of an upload without a title the server does not say that it is not allowed.
            return Err(match self.may_share().await {
                Ok(false) => Failure::explained(&explain::reservation(
                    TitleReservationStatus::FailedNotAuthorized,
                )),
                _ => why,
            });
        }
        Ok(created)
    }

    /// The content with this title.
    pub fn content(&self, title: &str) -> Result<(i64, &Content)> {
        self.model.content_titled(title).ok_or_else(|| {
            let titles =
                self.model.contents.values().filter_map(|content| content.title.as_deref());
            no_content(title, &titles.collect::<Vec<_>>())
        })
    }

    /// What others call this client's user; empty where nobody has told.
    pub fn own_name(&self) -> String {
        self.name.clone().unwrap_or_default()
    }

    /// Leaves the meeting once everything was sent.
    pub async fn leave(self) -> Result {
        // The server is told what matters already; a goodbye that it does not take is no failure.
        let _ = timeout(GOODBYE, self.session.close()).await;
        Ok(())
    }
}

/// What is said where another title is meant than these.
fn no_content(title: &str, titles: &[&str]) -> Failure {
    let named: Vec<_> = titles.iter().take(NAMED).map(|title| format!("\"{title}\"")).collect();
    let there = match (titles.len(), titles.len().saturating_sub(NAMED)) {
        (0, _) => "you see none in this meeting".to_owned(),
        (_, 0) => format!("there is {}", named.join(", ")),
        (_, more) => format!("there is {} and {more} more", named.join(", ")),
    };
    Failure::new(format!("there is no content \"{title}\"; {there}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_titles_are_named_where_another_is_meant() {
        let said = |titles: &[&str]| match no_content("x", titles) {
            Failure::Said(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(said(&[]), "there is no content \"x\"; you see none in this meeting");
        assert_eq!(said(&["a", "b"]), "there is no content \"x\"; there is \"a\", \"b\"");
        assert!(said(&["a"; 10]).ends_with(", \"a\""));
        assert!(said(&["a"; 50]).ends_with(", \"a\" and 40 more"));
    }
}
