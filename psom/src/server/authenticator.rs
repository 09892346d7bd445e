use std::{fmt, pin::Pin, sync::Arc};

use super::relay::Relay;
use crate::{
    User,
    net::{connection::Transport, handle::SpaceRef},
    wire::auth::Credentials,
};

/// Checks the credentials of clients (section 3.3.3.1.1).
///
/// The specification requires that a token is valid once and for 120 seconds, as
/// [`Tokens`](super::Tokens) implements it.
pub trait Authenticator: Send + Sync + 'static {
    /// Returns the user with these credentials, and optionally the space that the user joins, or another
    /// server to which the client is relayed.
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

/// The destination of a client whose credentials are valid.
pub struct Admission(pub(super) Destination);

/// The destination of an admitted client.
pub(super) enum Destination {
    /// A space of this server. Without one, it is the space of the server's own root.
    Space(User, Option<SpaceRef>),
    /// Another server.
    Elsewhere(Relay),
}

impl Admission {
    /// Admits a user to the server's own root.
    pub fn new(user: User) -> Self {
        Self(Destination::Space(user, None))
    }

    /// Admits the user to another space, such as one of many meetings.
    #[must_use]
    pub fn to(self, space: SpaceRef) -> Self {
        match self.0 {
            Destination::Space(user, _) => Self(Destination::Space(user, Some(space))),
            elsewhere @ Destination::Elsewhere(_) => Self(elsewhere),
        }
    }

    /// Relays the client to another server over this stream, as a silent proxy (section 3.4): everything that
    /// the client sends from the signature on, and all answers, unchanged. The relay closes both connections
    /// when one of them ends, or when `gone` completes.
    ///
    /// A proxy header that the other server expects must be in the stream already.
    pub fn relayed(
        upstream: impl Transport,
        gone: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let (upstream, gone) = (Box::new(upstream), Box::pin(gone));
        Self(Destination::Elsewhere(Relay { upstream, gone }))
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Destination::Space(user, _) => f.debug_tuple("Admission").field(user).finish(),
            Destination::Elsewhere(_) => f.write_str("Admission to another server"),
        }
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
