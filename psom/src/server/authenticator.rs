use std::{pin::Pin, sync::Arc};

use crate::{User, net::handle::SpaceRef, wire::auth::Credentials};

/// Checks the credentials of clients (section 3.3.3.1.1).
///
/// The specification requires that a token is valid once and for 120 seconds, as
/// [`Tokens`](super::Tokens) implements it.
pub trait Authenticator: Send + Sync + 'static {
    /// Returns the user with these credentials, and optionally the space that the user joins.
    ///
    /// The server waits at most [`Config::authentication_timeout`](crate::Config) for the result.
    ///
    /// # Errors
    /// A refused client is disconnected without an answer.
    fn authenticate(
        &self,
        credentials: Credentials,
    ) -> impl Future<Output = Result<Admission, Refused>> + Send;
}

/// A user who is admitted.
#[derive(Debug, Clone)]
pub struct Admission {
    pub(super) user: User,
    pub(super) space: Option<SpaceRef>,
}

impl Admission {
    /// Admits a user to the server's own root.
    pub fn new(user: User) -> Self {
        Self { user, space: None }
    }

    /// Admits the user to another space, such as one of many meetings.
    #[must_use]
    pub fn to(self, space: SpaceRef) -> Self {
        Self { space: Some(space), ..self }
    }
}

impl From<User> for Admission {
    fn from(user: User) -> Self {
        Self::new(user)
    }
}

/// The reason why credentials are refused. It is logged, but not sent to the client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl Refused {
    /// Creates a refusal with a reason for the log.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

type Checking<'a> = Pin<Box<dyn Future<Output = Result<Admission, Refused>> + Send + 'a>>;

/// An [`Authenticator`] of any type.
pub(super) trait AnyAuthenticator: Send + Sync {
    fn check(&self, credentials: Credentials) -> Checking<'_>;
}

impl<A: Authenticator> AnyAuthenticator for A {
    fn check(&self, credentials: Credentials) -> Checking<'_> {
        Box::pin(self.authenticate(credentials))
    }
}

impl<A: Authenticator> Authenticator for Arc<A> {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        A::authenticate(self, credentials).await
    }
}
