use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::authenticator::{Admission, Authenticator, Refused};
use crate::{session::after, wire::auth::Credentials};

/// Single-use tokens with a lifetime, by default 120 seconds (sections 3.3.3.1.1 and 3.3.6). Clones
/// share their tokens: pass one clone to the server and keep another to issue tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    issued: Arc<Mutex<HashMap<String, (Admission, Instant)>>>,
    lifetime: Duration,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { issued: Arc::default(), lifetime: Duration::from_secs(120) }
    }
}

impl Tokens {
    /// Creates an empty set of tokens.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty set of tokens with another lifetime.
    pub fn with_lifetime(lifetime: Duration) -> Self {
        Self { lifetime, ..Self::default() }
    }

    /// Issues a token: 128 random bits as 32 hexadecimal digits.
    pub fn issue(&self, admission: impl Into<Admission>) -> String {
        let token = format!("{:032X}", rand::random::<u128>());
        self.accept(token.clone(), admission);
        token
    }

    /// Adds a token that the caller has chosen, and replaces an equal older one. A token consists of
    /// printable ASCII without blanks.
    pub fn accept(&self, token: impl Into<String>, admission: impl Into<Admission>) {
        let now = Instant::now();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, (_, until)| *until > now);
        let until = after(now.into_std(), self.lifetime).into();
        issued.insert(token.into(), (admission.into(), until));
    }

    fn redeem(&self, token: &str) -> Result<Admission, Refused> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        match issued.remove(token) {
            Some((admission, until)) if until > Instant::now() => Ok(admission),
            Some(_) => Err(Refused::new("the token has expired")),
            None => Err(Refused::new("the token is unknown or was used before")),
        }
    }
}

impl Authenticator for Tokens {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        self.redeem(&credentials.token)
    }
}
