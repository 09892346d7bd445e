//! Who may connect: tokens, and what they are good for (sections 3.3.3.1.1 and 3.3.6).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use psom::{Admission, Authenticator, Credentials, Refused};
use tokio::time::Instant;

use crate::meetings::Room;

/// How long a token is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(120);

/// Tokens that wait for their one use. What a user is, is looked up when the token is used: it
/// may have changed since.
pub(crate) struct Door {
    tickets: Mutex<HashMap<String, Ticket>>,
    limit: usize,
}

struct Ticket {
    room: Weak<Room>,
    user: i64,
    until: Instant,
}

impl Door {
    pub(crate) fn new(limit: usize) -> Self {
        Self { tickets: Mutex::default(), limit }
    }

    /// Issues a token, unless too many wait.
    pub(crate) fn issue(&self, room: &Arc<Room>, user: i64) -> Option<String> {
        let now = Instant::now();
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= self.limit {
            tickets.retain(|_, ticket| ticket.until > now);
        }
        if tickets.len() >= self.limit {
            return None;
        }
        let token = format!("{:032X}", rand::random::<u128>());
        let ticket = Ticket { room: Arc::downgrade(room), user, until: now + LIFETIME };
        tickets.insert(token.clone(), ticket);
        Some(token)
    }

    fn redeem(&self, token: &str) -> Result<Admission, Refused> {
        let ticket = self.tickets.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        let ticket =
            ticket.ok_or_else(|| Refused::new("the token is unknown or was used before"))?;
        if ticket.until <= Instant::now() {
            return Err(Refused::new("the token has expired"));
        }
        let room = ticket.room.upgrade().ok_or_else(|| Refused::new("the meeting has ended"))?;
        let user = room.user(ticket.user).ok_or_else(|| Refused::new("the meeting has ended"))?;
        tracing::info!(meeting = %room.id, user = %user.name, id = user.id, "A user joins");
        Ok(Admission::new(user).to(room.space.space()))
    }
}

impl Authenticator for Door {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        self.redeem(&credentials.token)
    }
}
