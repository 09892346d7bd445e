//! Single-use permissions, each redeemed by a secret.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use psom::LimitHits;
use tokio::time::Instant;

use super::{identifiers::random_name, lock::lock};

/// Limits of the permissions for uploads and downloads by browsers that have not begun. Uploads and
/// downloads count separately.
#[derive(Debug, Clone, Copy)]
pub struct WebLimits {
    /// The time until a permission expires: 10 minutes.
    pub lifetime: Duration,
    /// Permissions of all meetings: 10,000.
    pub total: usize,
    /// Permissions of one meeting: 1,000.
    pub meeting: usize,
    /// Download permissions of one user in one meeting: 100. The meeting limits the uploads itself.
    pub user: usize,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(600), total: 10_000, meeting: 1000, user: 100 }
    }
}

/// The reaction to a request for a permission beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Refuses it.
    Refuse,
    /// Replaces the same user's oldest permission, if there is one.
    ReplaceOldest,
    /// Replaces the oldest permission of the user who has the most, in the meeting or in all
    /// meetings.
    ReplaceLargest,
}

/// Permissions by their secrets of 128 random bits. Each can be used once.
pub(crate) struct Permissions<T, U = i64> {
    /// The name of the limit.
    limit: &'static str,
    hits: LimitHits,
    limits: WebLimits,
    when_full: WhenFull,
    table: Mutex<PermissionTable<T, U>>,
}

struct PermissionTable<T, U> {
    by_secret: HashMap<String, Permission<T, U>>,
    /// The secrets by serial number. All permissions live equally long, so this is also the order in
    /// which they expire.
    by_age: BTreeMap<u64, String>,
    last_number: u64,
    /// The serial numbers that count for a meeting (without a user), and for a user of it.
    by_owner: HashMap<PermissionOwner<U>, BTreeSet<u64>>,
}

type PermissionOwner<U> = (Arc<str>, Option<U>);

struct Permission<T, U> {
    number: u64,
    expires: Instant,
    meeting: Arc<str>,
    user: Option<U>,
    value: T,
}

impl<T, U: Clone + Eq + Hash> Permissions<T, U> {
    pub(crate) fn new(
        (limit, hits): (&'static str, &LimitHits),
        limits: WebLimits,
        when_full: WhenFull,
    ) -> Self {
        let hits = hits.clone();
        let (by_secret, by_age, by_owner) = Default::default();
        let table = Mutex::new(PermissionTable { by_secret, by_age, last_number: 0, by_owner });
        Self { limit, hits, limits, when_full, table }
    }

    fn table(&self) -> MutexGuard<'_, PermissionTable<T, U>> {
        lock(&self.table)
    }

    /// Adds a permission and returns its secret, or `None` if a limit is reached.
    pub(crate) fn add(&self, meeting: &str, user: Option<U>, value: T) -> Option<String> {
        self.add_replacing(meeting, user, value).map(|(secret, _)| secret)
    }

    /// Adds a permission like [`add`](Self::add). Returns its secret, and that of the permission that it
    /// has replaced.
    pub(crate) fn add_replacing(
        &self,
        meeting: &str,
        user: Option<U>,
        value: T,
    ) -> Option<(String, Option<String>)> {
        let mut removed = None;
        let (now, limits) = (Instant::now(), &self.limits);
        let mut table = self.table();
        table.remove_expired(now);
        let owner: PermissionOwner<U> = (meeting.into(), user);
        let of_meeting = table.count(&(Arc::clone(&owner.0), None));
        let of_user = if owner.1.is_some() { table.count(&owner) } else { 0 };
        let is_full = table.by_secret.len() >= limits.total || of_meeting >= limits.meeting;
        if is_full || (owner.1.is_some() && of_user >= limits.user) {
            self.hits.count(self.limit);
            let replaced = match self.when_full {
                WhenFull::Refuse => None,
                _ if owner.1.is_some() && of_user >= limits.user => Some(owner.clone()),
                WhenFull::ReplaceOldest => (of_user > 0).then(|| owner.clone()),
                WhenFull::ReplaceLargest => {
                    let meeting = (of_meeting >= limits.meeting).then_some(&owner.0);
                    table.largest_owner(meeting)
                }
            };
            removed = table.remove_oldest(&replaced?);
        }
        table.last_number += 1;
        let (number, secret) = (table.last_number, random_name());
        let (meeting, user) = owner;
        for owner in owners(&meeting, user.as_ref()) {
            table.by_owner.entry(owner).or_default().insert(number);
        }
        table.by_age.insert(number, secret.clone());
        let permission =
            Permission { number, expires: now + limits.lifetime, meeting, user, value };
        table.by_secret.insert(secret.clone(), permission);
        Some((secret, removed))
    }

    /// Uses up a permission. Returns `None` if it does not exist or has expired.
    pub(crate) fn take(&self, secret: &str) -> Option<T> {
        let permission = self.table().remove(secret)?;
        (permission.expires > Instant::now()).then_some(permission.value)
    }

    /// Inspects a valid permission without using it up.
    pub(crate) fn inspect<R>(&self, secret: &str, inspect: impl FnOnce(&T) -> R) -> Option<R> {
        let table = self.table();
        let permission =
            table.by_secret.get(secret).filter(|permission| permission.expires > Instant::now())?;
        Some(inspect(&permission.value))
    }

    /// Removes the permissions that have expired, and gives back the memory that the others do not need.
    pub(crate) fn remove_expired(&self) {
        let mut table = self.table();
        table.remove_expired(Instant::now());
        table.shrink();
    }

    /// Returns the number of permissions, including those that have expired and were not removed.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.table().by_secret.len()
    }

    /// Removes all permissions of a meeting that is over.
    pub(crate) fn remove_meeting(&self, meeting: &str) {
        self.remove_where(|permission| &*permission.meeting == meeting);
    }

    /// Removes all permissions whose value matches.
    pub(crate) fn remove_values(&self, matches: impl Fn(&T) -> bool) {
        self.remove_where(|permission| matches(&permission.value));
    }

    fn remove_where(&self, matches: impl Fn(&Permission<T, U>) -> bool) {
        let mut table = self.table();
        let matching = table.by_secret.iter().filter(|(_, permission)| matches(permission));
        let secrets: Vec<_> = matching.map(|(secret, _)| secret.clone()).collect();
        secrets.iter().for_each(|secret| drop(table.remove(secret)));
    }
}

impl<T, U: Clone + Eq + Hash> PermissionTable<T, U> {
    fn count(&self, owner: &PermissionOwner<U>) -> usize {
        self.by_owner.get(owner).map_or(0, BTreeSet::len)
    }

    /// Returns the user with the most permissions, in one meeting or in all meetings. Of several,
    /// returns the one with the oldest permission.
    fn largest_owner(&self, meeting: Option<&Arc<str>>) -> Option<PermissionOwner<U>> {
        let users = self.by_owner.iter().filter(|((of, user), _)| {
            user.is_some() && meeting.is_none_or(|meeting| meeting == of)
        });
        let size =
            |numbers: &BTreeSet<u64>| (numbers.len(), std::cmp::Reverse(numbers.first().copied()));
        users.max_by_key(|(_, numbers)| size(numbers)).map(|(owner, _)| owner.clone())
    }

    /// Removes the oldest permission of a user, and returns its secret.
    fn remove_oldest(&mut self, owner: &PermissionOwner<U>) -> Option<String> {
        let oldest = self.by_owner.get(owner).and_then(BTreeSet::first);
        let secret = oldest.and_then(|number| self.by_age.get(number)).cloned()?;
        self.remove(&secret);
        Some(secret)
    }

    fn remove(&mut self, secret: &str) -> Option<Permission<T, U>> {
        let permission = self.by_secret.remove(secret)?;
        self.by_age.remove(&permission.number);
        for owner in owners(&permission.meeting, permission.user.as_ref()) {
            if let Some(numbers) = self.by_owner.get_mut(&owner) {
                numbers.remove(&permission.number);
                if numbers.is_empty() {
                    self.by_owner.remove(&owner);
                }
            }
        }
        Some(permission)
    }

    fn remove_expired(&mut self, now: Instant) {
        while let Some((_, secret)) = self.by_age.first_key_value() {
            if self.by_secret.get(secret).is_some_and(|permission| permission.expires > now) {
                break;
            }
            let secret = secret.clone();
            self.remove(&secret);
        }
    }

    /// Gives back the memory of maps that are much larger than their contents.
    fn shrink(&mut self) {
        let size = |length: usize| length.saturating_mul(2);
        self.by_secret.shrink_to(size(self.by_secret.len()));
        self.by_owner.shrink_to(size(self.by_owner.len()));
    }
}

/// Returns the owners that a permission counts for: its meeting, and its user in that meeting.
fn owners<U: Clone>(
    meeting: &Arc<str>,
    user: Option<&U>,
) -> impl Iterator<Item = PermissionOwner<U>> {
    let of_user = user.map(|user| (Arc::clone(meeting), Some(user.clone())));
    [(Arc::clone(meeting), None)].into_iter().chain(of_user)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn permissions(when_full: WhenFull) -> Permissions<u32> {
        let lifetime = Duration::from_secs(600);
        let limits = WebLimits { lifetime, total: 5, meeting: 3, user: 2 };
        Permissions::new(("tokens", &LimitHits::default()), limits, when_full)
    }

    fn is_empty<T>(permissions: &Permissions<T>) -> bool {
        let table = permissions.table();
        table.by_secret.is_empty() && table.by_age.is_empty() && table.by_owner.is_empty()
    }

    #[tokio::test(start_paused = true)]
    async fn permission_can_be_used_once_before_it_expires() {
        let all = permissions(WhenFull::Refuse);
        let secret = all.add("m", Some(1), 7).unwrap();
        assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(all.inspect(&secret, |seven| *seven), Some(7));
        assert_eq!((all.take(&secret), all.take(&secret)), (Some(7), None));
        let (old, late) = (all.add("m", Some(1), 8).unwrap(), all.add("m", Some(1), 9).unwrap());
        advance(Duration::from_millis(599_999)).await;
        assert_eq!(all.take(&late), Some(9));
        advance(Duration::from_millis(1)).await;
        assert_eq!((all.inspect(&old, |eight| *eight), all.take(&old)), (None, None));
        assert!(is_empty(&all));
    }

    #[tokio::test(start_paused = true)]
    async fn expired_permissions_keep_no_memory() {
        let lifetime = Duration::from_secs(600);
        let limits = WebLimits { lifetime, total: 1000, meeting: 1000, user: 1000 };
        let all = Permissions::new(("tokens", &LimitHits::default()), limits, WhenFull::Refuse);
        for user in 0..900 {
            all.add("m", Some(user), 1).unwrap();
        }
        advance(Duration::from_secs(300)).await;
        let late = all.add("m", Some(1000), 2).unwrap();
        let capacity = |all: &Permissions<i32>| {
            let table = all.table();
            table.by_secret.capacity().max(table.by_owner.capacity())
        };
        assert!(capacity(&all) > 900);
        advance(Duration::from_secs(300)).await;
        all.remove_expired();
        assert!(capacity(&all) < 10);
        assert_eq!((all.count(), all.take(&late)), (1, Some(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn permissions_are_limited_per_user_per_meeting_and_in_total() {
        let all = permissions(WhenFull::Refuse);
        let first = all.add("m", Some(1), 1).unwrap();
        assert!(all.add("m", Some(1), 2).is_some());
        assert!(all.add("m", Some(1), 3).is_none(), "the limit per user is 2");
        assert!(all.add("n", Some(1), 3).is_some(), "another meeting has its own count");
        assert!(all.add("m", None, 3).is_some());
        assert!(all.add("m", Some(2), 4).is_none(), "the limit per meeting is 3");
        assert!(all.add("n", None, 4).is_some());
        assert!(all.add("o", None, 5).is_none(), "the total limit is 5");
        all.take(&first);
        assert!(all.add("m", Some(1), 4).is_some(), "a used permission frees its place");
        advance(Duration::from_secs(600)).await;
        assert!(all.add("m", Some(1), 5).is_some(), "an expired permission frees its place");
        all.remove_meeting("m");
        assert!(is_empty(&all));
    }

    #[tokio::test]
    async fn replace_largest_evicts_the_oldest_of_the_user_with_the_most() {
        let limits =
            WebLimits { lifetime: Duration::from_secs(600), total: 6, meeting: 4, user: 3 };
        let hits = LimitHits::default();
        let all = Permissions::new(("tokens", &hits), limits, WhenFull::ReplaceLargest);
        let greedy: Vec<_> = (0..3).map(|number| all.add("m", Some(1), number).unwrap()).collect();
        let honest = all.add("m", Some(2), 7).unwrap();
        let newcomer = all.add("m", Some(3), 8).unwrap();
        assert_eq!(all.inspect(&greedy[0], |_| ()), None, "the limit per meeting is 4");
        assert!(all.inspect(&honest, |_| ()).is_some() && all.inspect(&newcomer, |_| ()).is_some());
        // In all meetings together, user 4 has the most.
        let first = all.add("n", Some(4), 9).unwrap();
        all.add("n", Some(4), 9).unwrap();
        all.add("o", Some(5), 10).unwrap();
        assert_eq!(all.inspect(&greedy[1], |_| ()), None, "of equals, the oldest goes");
        assert!(all.inspect(&first, |_| ()).is_some());
        assert_eq!(hits.get("tokens"), 2);
        all.remove_values(|value| *value == 9);
        assert_eq!(all.inspect(&first, |_| ()), None);
    }

    #[tokio::test]
    async fn replace_oldest_evicts_only_the_same_users_permission() {
        let all = permissions(WhenFull::ReplaceOldest);
        let [first, second] = [1, 2].map(|number| all.add("m", Some(1), number).unwrap());
        let third = all.add("m", Some(1), 3).unwrap();
        assert_eq!((all.inspect(&first, |_| ()), all.take(&second)), (None, Some(2)));
        let other = all.add("m", Some(2), 4).unwrap();
        assert!(all.add("m", Some(2), 5).is_some(), "the limit per meeting is 3");
        assert!(all.add("m", Some(2), 6).is_some(), "it replaces the oldest");
        assert_eq!((all.inspect(&other, |_| ()), all.take(&third)), (None, Some(3)));
        assert!(all.add("n", Some(1), 7).is_some() && all.add("n", Some(2), 8).is_some());
        assert!(all.add("o", Some(1), 9).is_some());
        assert!(all.add("o", Some(2), 9).is_none(), "permissions of other users stay");
    }
}
