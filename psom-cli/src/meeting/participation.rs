//! The part of a command between joining a meeting and leaving it.

use std::sync::atomic::Ordering;

use psom_client::JoinCredential;

use super::{
    answers::meeting_ended,
    certificate::with_certificate,
    invitation::{self, Person},
    link,
    rejoining::{join_moving, repeat},
    session::{ANSWER_TIMEOUT, LinkArgs, Meeting},
};
use crate::{
    error::{CommandError, Result},
    http::client::Http,
};

impl LinkArgs {
    /// Joins, runs a part of a command in the meeting, and leaves. If the meeting moves to another server, or
    /// its server restarts, joins again with the same invitation and repeats the part. It must then check
    /// what is already done.
    pub(crate) async fn in_meeting<T>(
        &self,
        mut run: impl AsyncFnMut(&mut Meeting) -> Result<T>,
    ) -> Result<T> {
        let mut meeting = self.enter().await?;
        if !self.can_join_again()? {
            let result = run(&mut meeting).await?;
            meeting.leave().await?;
            return Ok(result);
        }
        let (meeting, result) = repeat(meeting, async || self.join().await, run).await?;
        meeting.leave().await?;
        Ok(result)
    }

    /// Joins. See [`enter_by`](Self::enter_by).
    pub(crate) async fn enter(&self) -> Result<Meeting> {
        self.enter_by(async || self.join().await).await
    }

    /// Joins with a function. If the server admits this person and the connection is then lost, for example because
    /// the meeting moves to another server, tries again for a while.
    pub(crate) async fn enter_by<M>(&self, mut join: impl AsyncFnMut() -> Result<M>) -> Result<M> {
        match join().await {
            Err(CommandError::Unreachable(why))
                if self.was_answered.load(Ordering::Relaxed) && self.can_join_again()? =>
            {
                join_moving(why, join).await
            }
            joined => joined,
        }
    }

    /// Ends all connections of this person to the meeting, and returns its identifier.
    pub(crate) async fn leave_everywhere(&self) -> Result<String> {
        let link = with_certificate(link::parse(&self.link)?, ANSWER_TIMEOUT).await?;
        let JoinCredential::Invitation { secret, .. } = &link.credential else {
            let why =
                "the link is for one connection, which ends with its command; stop the command";
            return Err(CommandError::new(why));
        };
        let (name, new_name) = (self.name.as_deref(), self.as_new.as_deref());
        let who = Person::of_command(&link.meeting, secret, name, new_name)?;
        let request = link.leave_request(&who.visitor).ok_or_else(meeting_ended)?;
        invitation::leave(&Http::of_link(&link)?, &link, request, &who).await?;
        Ok(link.meeting)
    }
}
