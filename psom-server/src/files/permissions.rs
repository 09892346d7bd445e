//! What is permitted once, to whoever has a secret.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::random_name;

/// How many transfers through browsers are permitted that have not begun, and for how long. Uploads
/// and downloads count apart.
#[derive(Debug, Clone, Copy)]
pub struct WebLimits {
    /// How long a permission is good: 10 minutes.
    pub lifetime: Duration,
    /// Permissions of all meetings: 10,000.
    pub total: usize,
    /// Permissions of one meeting: 1,000.
    pub meeting: usize,
    /// Downloads that one user of a meeting may have asked for: 100. Uploads at a time are limited
    /// by the meeting.
    pub user: usize,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(600), total: 10_000, meeting: 1000, user: 100 }
    }
}

/// What is to be done for a user for whom there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    Refuse,
    /// The user's own oldest permission makes room, where there is one.
    Replace,
}

/// Permissions by their secrets, 128 random bits each. Each is good for one use.
pub(crate) struct Permissions<T, U = i64> {
    limits: WebLimits,
    when_full: WhenFull,
    books: Mutex<Books<T, U>>,
}

struct Books<T, U> {
    entries: HashMap<String, Entry<T, U>>,
    /// The secrets in the order of their making, and so of their expiry.
    by_age: BTreeMap<u64, String>,
    last: u64,
    /// Those of a meeting, and of a user of it.
    owned: HashMap<Owner<U>, BTreeSet<u64>>,
}

type Owner<U> = (Arc<str>, Option<U>);

struct Entry<T, U> {
    number: u64,
    until: Instant,
    meeting: Arc<str>,
    user: Option<U>,
    permission: T,
}

impl<T, U: Clone + Eq + Hash> Permissions<T, U> {
    pub(crate) fn new(limits: WebLimits, when_full: WhenFull) -> Self {
        let (entries, by_age, owned) = Default::default();
        let books = Mutex::new(Books { entries, by_age, last: 0, owned });
        Self { limits, when_full, books }
    }

    fn books(&self) -> MutexGuard<'_, Books<T, U>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Permits something and returns the secret, unless too much is permitted already.
    pub(crate) fn add(&self, meeting: &str, user: Option<U>, permission: T) -> Option<String> {
        let (now, limits) = (Instant::now(), &self.limits);
        let mut books = self.books();
        books.expire(now);
        let owner: Owner<U> = (meeting.into(), user);
        let of_meeting = books.count(&(owner.0.clone(), None));
        let of_user = if owner.1.is_some() { books.count(&owner) } else { 0 };
        let is_full = books.entries.len() >= limits.total || of_meeting >= limits.meeting;
        if is_full || (owner.1.is_some() && of_user >= limits.user) {
            if of_user == 0 || self.when_full == WhenFull::Refuse {
                return None;
            }
            books.remove_oldest(&owner);
        }
        books.last += 1;
        let (number, secret) = (books.last, random_name());
        let (meeting, user) = owner;
        for owner in owners(&meeting, &user) {
            books.owned.entry(owner).or_default().insert(number);
        }
        books.by_age.insert(number, secret.clone());
        let entry = Entry { number, until: now + limits.lifetime, meeting, user, permission };
        books.entries.insert(secret.clone(), entry);
        Some(secret)
    }

    /// Uses a permission up, if it is there and good.
    pub(crate) fn take(&self, secret: &str) -> Option<T> {
        let entry = self.books().remove(secret)?;
        (entry.until > Instant::now()).then_some(entry.permission)
    }

    /// Looks at a permission that is good, without using it up.
    pub(crate) fn look<R>(&self, secret: &str, look: impl FnOnce(&T) -> R) -> Option<R> {
        let books = self.books();
        let entry = books.entries.get(secret).filter(|entry| entry.until > Instant::now())?;
        Some(look(&entry.permission))
    }

    /// Takes back what a meeting has permitted: it is over.
    pub(super) fn forget(&self, meeting: &str) {
        let mut books = self.books();
        let of_meeting = books.entries.iter().filter(|(_, entry)| &*entry.meeting == meeting);
        let secrets: Vec<_> = of_meeting.map(|(secret, _)| secret.clone()).collect();
        secrets.iter().for_each(|secret| drop(books.remove(secret)));
    }
}

impl<T, U: Clone + Eq + Hash> Books<T, U> {
    fn count(&self, owner: &Owner<U>) -> usize {
        self.owned.get(owner).map_or(0, BTreeSet::len)
    }

    fn remove_oldest(&mut self, owner: &Owner<U>) {
        let oldest = self.owned.get(owner).and_then(BTreeSet::first);
        if let Some(secret) = oldest.and_then(|number| self.by_age.get(number)).cloned() {
            self.remove(&secret);
        }
    }

    fn remove(&mut self, secret: &str) -> Option<Entry<T, U>> {
        let entry = self.entries.remove(secret)?;
        self.by_age.remove(&entry.number);
        for owner in owners(&entry.meeting, &entry.user) {
            if let Some(numbers) = self.owned.get_mut(&owner) {
                numbers.remove(&entry.number);
                if numbers.is_empty() {
                    self.owned.remove(&owner);
                }
            }
        }
        Some(entry)
    }

    /// Forgets what is good no more. All permissions are good for as long, so the oldest go first.
    fn expire(&mut self, now: Instant) {
        while let Some((_, secret)) = self.by_age.first_key_value() {
            if self.entries.get(secret).is_some_and(|entry| entry.until > now) {
                break;
            }
            let secret = secret.clone();
            self.remove(&secret);
        }
    }
}

/// Who a permission counts for.
fn owners<U: Clone>(meeting: &Arc<str>, user: &Option<U>) -> impl Iterator<Item = Owner<U>> {
    let of_user = user.clone().map(|user| (meeting.clone(), Some(user)));
    [(meeting.clone(), None)].into_iter().chain(of_user)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn permissions(when_full: WhenFull) -> Permissions<u32> {
        let lifetime = Duration::from_secs(600);
        let limits = WebLimits { lifetime, total: 5, meeting: 3, user: 2 };
        Permissions::new(limits, when_full)
    }

    fn is_empty<T>(permissions: &Permissions<T>) -> bool {
        let books = permissions.books();
        books.entries.is_empty() && books.by_age.is_empty() && books.owned.is_empty()
    }

    #[tokio::test(start_paused = true)]
    async fn a_permission_is_good_once_and_for_its_time() {
        let all = permissions(WhenFull::Refuse);
        let secret = all.add("m", Some(1), 7).unwrap();
        assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(all.look(&secret, |seven| *seven), Some(7));
        assert_eq!((all.take(&secret), all.take(&secret)), (Some(7), None));
        let (old, late) = (all.add("m", Some(1), 8).unwrap(), all.add("m", Some(1), 9).unwrap());
        advance(Duration::from_millis(599_999)).await;
        assert_eq!(all.take(&late), Some(9));
        advance(Duration::from_millis(1)).await;
        assert_eq!((all.look(&old, |eight| *eight), all.take(&old)), (None, None));
        assert!(is_empty(&all));
    }

    #[tokio::test(start_paused = true)]
    async fn permissions_are_limited_by_user_by_meeting_and_in_all() {
        let all = permissions(WhenFull::Refuse);
        let first = all.add("m", Some(1), 1).unwrap();
        assert!(all.add("m", Some(1), 2).is_some());
        assert!(all.add("m", Some(1), 3).is_none(), "a user has two");
        assert!(all.add("n", Some(1), 3).is_some(), "of another meeting");
        assert!(all.add("m", None, 3).is_some());
        assert!(all.add("m", Some(2), 4).is_none(), "a meeting has three");
        assert!(all.add("n", None, 4).is_some());
        assert!(all.add("o", None, 5).is_none(), "there are five in all");
        all.take(&first);
        assert!(all.add("m", Some(1), 4).is_some(), "what is used up makes room");
        advance(Duration::from_secs(600)).await;
        assert!(all.add("m", Some(1), 5).is_some(), "and so does what has expired");
        all.forget("m");
        assert!(is_empty(&all));
    }

    #[tokio::test]
    async fn a_user_s_own_oldest_makes_room_where_it_may() {
        let all = permissions(WhenFull::Replace);
        let [first, second] = [1, 2].map(|number| all.add("m", Some(1), number).unwrap());
        let third = all.add("m", Some(1), 3).unwrap();
        assert_eq!((all.look(&first, |_| ()), all.take(&second)), (None, Some(2)));
        let other = all.add("m", Some(2), 4).unwrap();
        assert!(all.add("m", Some(2), 5).is_some(), "a meeting has three");
        assert!(all.add("m", Some(2), 6).is_some(), "in the place of the oldest");
        assert_eq!((all.look(&other, |_| ()), all.take(&third)), (None, Some(3)));
        assert!(all.add("n", Some(1), 7).is_some() && all.add("n", Some(2), 8).is_some());
        assert!(all.add("o", Some(1), 9).is_some());
        assert!(all.add("o", Some(2), 9).is_none(), "others are not driven out");
    }
}
