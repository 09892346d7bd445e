use psom::{CallError, Context};
use psom_objects::client::{Conference, Model, RequestError, Upload};
use tokio::sync::oneshot;

use super::{Actions, ContentId, content_is};
use crate::error::ActionError;

/// Upper bound on the exchanges after which a new content can be used. Its objects connect one below the other:
/// the content, its extended content, and for a presentation or a whiteboard the board.
const MAX_EXCHANGES: usize = 8;

/// A title that the server has reserved for an upload of this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    cookie: i32,
}

impl Reservation {
    /// Returns the cookie of the reservation, which the upload has as well.
    #[must_use]
    pub fn cookie(self) -> i32 {
        self.cookie
    }
}

/// # Uploads
///
/// All actions fail with [`ActionError::Request`] if the server refuses them or does not answer in time. If
/// the future of an upload is dropped, the upload goes on.
impl Actions {
    /// Reserves a title for a content that takes a while to prepare. For others, [`upload`](Self::upload)
    /// is enough.
    ///
    /// # Errors
    /// The errors of all [actions](Self#uploads).
    pub async fn reserve_title(&self, title: &str) -> Result<Reservation, ActionError> {
        let title = title.to_owned();
        let (reply, reserved) = oneshot::channel();
        let cookie = self.act(move |conference, cx| {
            let cookie = conference.reserve_title(cx, title)?;
            conference.when_reserved(cookie, move |result| drop(reply.send(result)));
            Ok(cookie)
        });
        let cookie = cookie.await?;
        self.outcome(reserved).await?;
        Ok(Reservation { cookie })
    }

    /// Releases a reserved title that is not needed.
    ///
    /// # Errors
    /// The errors of all [actions](Self#uploads).
    pub async fn release_title(&self, reservation: Reservation) -> Result<(), ActionError> {
        self.act(move |conference, cx| conference.release_title(cx, reservation.cookie)).await
    }

    /// Uploads a package that creates a content, from the reservation of its title until the content can be
    /// used. Returns the ID of the content.
    ///
    /// # Errors
    /// The errors of all [actions](Self#uploads).
    pub async fn upload(&self, upload: Upload) -> Result<ContentId, ActionError> {
        self.create(move |conference, cx| conference.upload(cx, upload)).await
    }

    /// Uploads the package of a content whose title is reserved. Returns the ID of the content.
    ///
    /// # Errors
    /// The errors of all [actions](Self#uploads).
    pub async fn upload_reserved(
        &self,
        reservation: Reservation,
        upload: Upload,
    ) -> Result<ContentId, ActionError> {
        let cookie = reservation.cookie;
        let send = move |conference: &mut Conference, cx: &mut Context<_>| {
            conference.upload_reserved(cx, cookie, upload).map(|()| cookie)
        };
        self.create(send).await
    }

    /// Uploads a package for an existing content, such as an image for a whiteboard.
    ///
    /// # Errors
    /// The errors of all [actions](Self#uploads).
    pub async fn add(&self, upload: Upload) -> Result<(), ActionError> {
        self.send(move |conference, cx| conference.upload(cx, upload)).await.map(drop)
    }

    /// Uploads a package that creates a content, and waits until the content can be used. A user never sees a
    /// content that is only for others.
    async fn create(
        &self,
        send: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<i32, CallError>
        + Send
        + 'static,
    ) -> Result<ContentId, ActionError> {
        let created = self.send(send).await?;
        let content =
            created.ok_or(ActionError::Refused("named the content that the upload has become"))?;
        for _ in 0..MAX_EXCHANGES {
            let is_usable = move |model: &Model| {
                content_is(model, content, |content| content.ready && content.extended_ready)
            };
            if self.read(is_usable).await? {
                break;
            }
            self.settled().await?;
        }
        Ok(content)
    }

    /// Starts an upload and waits for its outcome.
    async fn send(
        &self,
        send: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<i32, CallError>
        + Send
        + 'static,
    ) -> Result<Option<ContentId>, ActionError> {
        let (reply, uploaded) = oneshot::channel();
        let started = self.act(move |conference, cx| {
            let cookie = send(conference, cx)?;
            conference.when_uploaded(cookie, move |result| drop(reply.send(result)));
            Ok(())
        });
        started.await?;
        self.outcome(uploaded).await
    }

    async fn outcome<T>(
        &self,
        outcome: oneshot::Receiver<Result<T, RequestError>>,
    ) -> Result<T, ActionError> {
        match outcome.await {
            Ok(Err(RequestError::Ended)) | Err(_) => Err(self.why_ended().await),
            Ok(result) => Ok(result?),
        }
    }
}
