use std::{fmt, time::Duration};

use rand::RngExt as _;

use super::{ClientBuilder, ClientSession};
use crate::{
    DistributedObject, Error, Scope,
    error::{SetupError, TokenError},
};

/// The number of refusals in a row after which a client gives up. A server that ends between the token and
/// its answer looks like one that refuses the token.
const MAX_REFUSALS: u32 = 3;

/// The delays between attempts to connect. Each is twice as long as the one before, and shortened by a
/// random part of at most one half, so that the clients of a restarted server do not return all at once.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Default for Backoff {
    /// Begins with 250 ms and does not exceed 30 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(30))
    }
}

impl Backoff {
    /// Creates delays from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// Returns the delay before the next attempt, after a number of failures in a row.
    pub fn delay(&self, failures: u32) -> Duration {
        let factor = 1u32.checked_shl(failures).unwrap_or(u32::MAX);
        let full = self.first.saturating_mul(factor).min(self.longest);
        full.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

impl ClientBuilder<()> {
    /// Sets a function that gets a token for each connection, for a client that
    /// [reconnects](TokenSource::reconnect). A token is valid only once.
    pub fn token_from<F>(self, token: F) -> TokenSource<F> {
        TokenSource { builder: self, token }
    }

    /// Returns a builder with the same settings, for another connection.
    fn again(&self) -> Self {
        Self {
            root: (),
            config: self.config.clone(),
            token: self.token.clone(),
            proxy_header: self.proxy_header.clone(),
            alternative_name: self.alternative_name.clone(),
            tls: self.tls.clone(),
            undeclared: self.undeclared.clone(),
        }
    }
}

/// Builds a client that reconnects, with the function that gets its tokens.
#[must_use = "a builder does nothing until it connects"]
pub struct TokenSource<F> {
    builder: ClientBuilder<()>,
    token: F,
}

impl<F> TokenSource<F> {
    /// Returns a client that connects to a server at `host:port`, and again when its connection is lost.
    /// `root` creates the object of each connection whose peer is the server's root.
    pub fn reconnect<T, R, E>(
        self,
        backoff: Backoff,
        address: impl Into<String>,
        root: R,
    ) -> ReconnectingClient<T, R, F>
    where
        T: DistributedObject,
        R: FnMut(&mut Scope) -> T + Send,
        F: AsyncFnMut() -> Result<String, E>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        ReconnectingClient {
            builder: self.builder,
            root,
            token: self.token,
            address: address.into(),
            backoff,
            state: State::Waiting(Duration::ZERO),
            failures: 0,
            refusals: 0,
        }
    }
}

impl<F> fmt::Debug for TokenSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.builder.fmt(f)
    }
}

/// A client that connects again when its connection is lost. Created by
/// [`TokenSource::reconnect`].
///
/// The client does nothing while its program does not call [`next`](Self::next).
///
/// ```no_run
/// # use psom::{Client, net::{Backoff, ConnectionEvent}, Context, distributed_object, psom_interface};
/// # #[psom_interface(name = "Example.Echo", version = 1, hash = 1)]
/// # pub trait EchoServer { fn s_say(&mut self, cx: &mut Context<Self>, text: &str); }
/// # #[psom_interface(name = "Example.Echo", version = 1, hash = 2)]
/// # pub trait EchoClient { fn c_said(&mut self, text: &str); }
/// # #[distributed_object(serves = EchoClient, calls = EchoServer)] #[derive(Default)] struct Screen;
/// # impl EchoClient for Screen { fn c_said(&mut self, _: &str) {} }
/// # async fn new_token() -> std::io::Result<String> { Ok("token".into()) }
/// # async fn run() -> psom::Result<()> {
/// let mut client = Client::builder()
///     .token_from(async || new_token().await)
///     .reconnect(Backoff::default(), "127.0.0.1:8057", |_| Screen::default());
/// while let Some(event) = client.next().await {
///     match event {
///         ConnectionEvent::Connected(session) => session.root().s_say("hello").await?,
///         ConnectionEvent::Lost { error, delay } => println!("{error}; next attempt in {delay:?}"),
///         ConnectionEvent::Ended(error) => return Err(error),
///         _ => {}
///     }
/// }
/// # Ok(()) }
/// ```
pub struct ReconnectingClient<T, R, F> {
    builder: ClientBuilder<()>,
    root: R,
    token: F,
    address: String,
    backoff: Backoff,
    state: State<T>,
    /// The number of failed attempts since the last connection.
    failures: u32,
    refusals: u32,
}

enum State<T> {
    /// The next attempt is made after this delay.
    Waiting(Duration),
    Connected(std::sync::Arc<ClientSession<T>>),
    Over,
}

/// An event of a [`ReconnectingClient`].
#[non_exhaustive]
pub enum ConnectionEvent<T> {
    /// The client is connected. The session is that of this connection: its objects are new.
    Connected(std::sync::Arc<ClientSession<T>>),
    /// The connection, or an attempt to connect, has failed. The next attempt follows after a delay.
    Lost {
        /// The reason.
        error: Error,
        /// The delay before the next attempt.
        delay: Duration,
    },
    /// The client has given up, because another attempt would fail as well
    /// ([`Error::is_transient`]), or the program has closed the session. It is the last event.
    Ended(Error),
}

impl<T, R, F, E> ReconnectingClient<T, R, F>
where
    T: DistributedObject,
    R: FnMut(&mut Scope) -> T + Send,
    F: AsyncFnMut() -> Result<String, E>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Waits for the next event. Returns `None` after [`ConnectionEvent::Ended`].
    ///
    /// If this future is dropped before it completes, nothing is lost but an attempt to connect.
    pub async fn next(&mut self) -> Option<ConnectionEvent<T>> {
        match &self.state {
            State::Over => None,
            State::Connected(session) => {
                let error = session.ended().await;
                Some(self.failed(error))
            }
            State::Waiting(delay) => {
                tokio::time::sleep(*delay).await;
                Some(match self.connect().await {
                    Ok(session) => {
                        (self.failures, self.refusals) = (0, 0);
                        let session = std::sync::Arc::new(session);
                        self.state = State::Connected(std::sync::Arc::clone(&session));
                        ConnectionEvent::Connected(session)
                    }
                    Err(error) => self.failed(error),
                })
            }
        }
    }

    async fn connect(&mut self) -> Result<ClientSession<T>, Error> {
        let token = (self.token)().await;
        let token =
            token.map_err(|error| SetupError::Token(TokenError::from(error.into()).into()))?;
        let builder = self.builder.again().token(token);
        builder.root_with(|scope| (self.root)(scope)).connect(&self.address).await
    }

    fn failed(&mut self, error: Error) -> ConnectionEvent<T> {
        self.refusals += u32::from(error == Error::Refused);
        let is_refused = error == Error::Refused && self.refusals >= MAX_REFUSALS;
        if is_refused || !(error.is_transient() || error == Error::Refused) {
            self.state = State::Over;
            return ConnectionEvent::Ended(error);
        }
        let delay = self.backoff.delay(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Waiting(delay);
        ConnectionEvent::Lost { error, delay }
    }
}

impl<T> fmt::Debug for ConnectionEvent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected(session) => f.debug_tuple("Connected").field(session).finish(),
            Self::Lost { error, delay } => {
                f.debug_struct("Lost").field("error", error).field("delay", delay).finish()
            }
            Self::Ended(error) => f.debug_tuple("Ended").field(error).finish(),
        }
    }
}

impl<T, R, F> fmt::Debug for ReconnectingClient<T, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingClient").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_the_longest() {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for (failures, full) in [(0, 100), (1, 200), (3, 800), (4, 1000), (40, 1000)] {
            let delay = backoff.delay(failures);
            let full = Duration::from_millis(full);
            assert!((full / 2..=full).contains(&delay), "{failures}: {delay:?}");
        }
    }
}
