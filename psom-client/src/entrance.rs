//! Joining a meeting by a link.

use std::{fmt, sync::Arc, time::Duration};

use psom::{ClientSession, DistributedObject, Scope, net::Backoff};
use psom_objects::client::{Conference, ContentEvent, Event, Listener, Model};
use tokio::time::{Instant, sleep, timeout};

use super::{
    actions::Actions,
    error::EnterError,
    exchange::{Admitted, Visitor},
    joined::Joined,
    link::JoinLink,
    queue,
};

/// The time that a server may take from the token to the complete meeting. It covers a slow network; a server
/// answers at once.
const ENTER_TIMEOUT: Duration = Duration::from_secs(60);

/// Prepares the root of a new connection.
type Prepare = Arc<dyn Fn(&mut Scope, Conference) -> Conference + Send + Sync>;

/// Joins the meeting of a link, any number of times. Created by [`JoinLink::entrance`].
#[derive(Clone)]
#[must_use = "an entrance does nothing until the meeting is entered"]
pub struct Entrance {
    link: JoinLink,
    visitor: Visitor,
    prepare: Prepare,
}

impl JoinLink {
    /// Joins the meeting with a display name, and returns when the server has sent the meeting with all its
    /// contents. The name has no effect if the invitation determines one.
    ///
    /// # Errors
    /// The invitation cannot be exchanged, or the server cannot be reached.
    pub async fn enter(&self, name: &str) -> Result<Joined, EnterError> {
        self.entrance().name(name).enter().await
    }

    /// Returns an entrance to the meeting of the link, with settings.
    pub fn entrance(&self) -> Entrance {
        let prepare: Prepare = Arc::new(|_, conference| conference);
        Entrance { link: self.clone(), visitor: Visitor::default(), prepare }
    }
}

impl Entrance {
    /// Sets the display name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.visitor.name = Some(name.into());
        self
    }

    /// Sets a secret of at least 16 characters, by which the server recognizes the same guest in each
    /// connection. Without one, an open invitation creates another guest each time.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.visitor.secret = Some(secret.into());
        self
    }

    /// Follows contents of another type with the program's own objects. See [`Conference::with_content`].
    pub fn with_content<T: DistributedObject>(
        mut self,
        kind: &str,
        make: impl Fn(i64) -> T + Clone + Send + Sync + 'static,
    ) -> Self {
        let (before, kind) = (self.prepare, kind.to_owned());
        self.prepare = Arc::new(move |scope, conference| {
            before(scope, conference).with_content(scope, &kind, make.clone())
        });
        self
    }

    /// Joins the meeting, and returns when the server has sent the meeting with all its contents. Events of
    /// this state are not reported: [`Actions::read`] has the state.
    ///
    /// # Errors
    /// The invitation cannot be exchanged, or the server cannot be reached.
    pub async fn enter(&self) -> Result<Joined, EnterError> {
        let admitted = self.link.redeem(&self.visitor).await?;
        let entering = timeout(ENTER_TIMEOUT, self.enter_as(admitted));
        entering.await.map_err(|_| EnterError::TimedOut)?
    }

    async fn enter_as(&self, admitted: Admitted) -> Result<Joined, EnterError> {
        let (mut sender, events) = queue::queue();
        let listener = move |event: Event| {
            let bytes = event.size_bytes();
            sender.send(event, bytes);
        };
        let session = self.connect(&admitted, listener).await?;
        let mut joined = Joined { actions: Actions::new(Arc::new(session)), events, admitted };
        while !joined.read(Model::is_complete).await.unwrap_or_default() {
            // The model can only become complete with one of these events.
            loop {
                let Some(event) = joined.next().await else {
                    return Err(if joined.is_overrun() {
                        EnterError::Overrun
                    } else {
                        joined.ended().await.into()
                    });
                };
                let is_step = matches!(
                    event,
                    Event::Ready
                        | Event::Content {
                            event: ContentEvent::Ready
                                | ContentEvent::ExtendedReady
                                | ContentEvent::Removed,
                            ..
                        }
                );
                if is_step {
                    break;
                }
            }
        }
        Ok(joined)
    }

    async fn connect(
        &self,
        admitted: &Admitted,
        listener: impl Listener,
    ) -> psom::Result<ClientSession<Conference>> {
        let prepare = Arc::clone(&self.prepare);
        let root = move |scope: &mut Scope| {
            let conference = Conference::new(scope, listener);
            prepare(scope, conference)
        };
        let link = admitted.link(&self.link);
        link.join_behind(admitted.proxy_header.clone(), root).await
    }

    /// Joins again after a lost connection, with a new exchange of the invitation: in a cluster, another
    /// server can run the meeting meanwhile. Tries for at most `limit`, with the delays of `backoff`.
    ///
    /// # Errors
    /// The last error, if another attempt cannot succeed ([`EnterError::is_transient`]) or the time is over.
    pub async fn enter_again(
        &self,
        backoff: Backoff,
        limit: Duration,
    ) -> Result<Joined, EnterError> {
        let start = Instant::now();
        for failures in 0u32.. {
            match self.enter().await {
                Err(error) if error.is_transient() && start.elapsed() < limit => {
                    sleep(backoff.delay(failures)).await;
                }
                entered => return entered,
            }
        }
        Err(EnterError::TimedOut)
    }
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance")
            .field("link", &self.link)
            .field("visitor", &self.visitor)
            .finish_non_exhaustive()
    }
}
