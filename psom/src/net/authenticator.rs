use std::{pin::Pin, sync::Arc};

use super::handle::SpaceRef;
use crate::{User, wire::auth::Credentials};

/// Judges the credentials that clients show (section 3.3.3.1.1).
///
/// The specification wants tokens to be good once and for 120 seconds; [`Tokens`](super::Tokens)
/// does that.
pub trait Authenticator: Send + Sync + 'static {
    /// Says who shows these credentials and where they go. A refused client is disconnected
    /// without an answer. Nobody waits longer than the authentication timeout.
    fn authenticate(
        &self,
        credentials: Credentials,
    ) -> impl Future<Output = Result<Admission, Refused>> + Send;
}

/// A user who is let in.
#[derive(Debug, Clone)]
pub struct Admission {
    pub(super) user: User,
    pub(super) space: Option<SpaceRef>,
}

impl Admission {
    /// Lets a user in to the server's own root.
    pub fn new(user: User) -> Self {
        Self { user, space: None }
    }

    /// Lets the user in to another space: one of many meetings.
    pub fn to(self, space: SpaceRef) -> Self {
        Self { space: Some(space), ..self }
    }
}

impl From<User> for Admission {
    fn from(user: User) -> Self {
        Self::new(user)
    }
}

/// Why credentials are refused: for the log, the client is not told.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl Refused {
    /// A refusal with a reason for the log.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

type Judgement<'a> = Pin<Box<dyn Future<Output = Result<Admission, Refused>> + Send + 'a>>;

/// An [`Authenticator`] of any type.
pub(super) trait AnyAuthenticator: Send + Sync {
    fn judge(&self, credentials: Credentials) -> Judgement<'_>;
}

impl<A: Authenticator> AnyAuthenticator for A {
    fn judge(&self, credentials: Credentials) -> Judgement<'_> {
        Box::pin(self.authenticate(credentials))
    }
}

impl<A: Authenticator> Authenticator for Arc<A> {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        A::authenticate(self, credentials).await
    }
}
