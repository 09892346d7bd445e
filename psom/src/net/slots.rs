//! A limited number of slots that peers hold, for example by connecting.
//!
//! A limit that only counts turns away honest newcomers as soon as one peer has taken all slots. Here, a
//! newcomer takes the slot of the holder that has been silent longest.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// The limits of a set of [`Slots`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotLimits {
    /// The maximum number of slots.
    pub total: usize,
    /// The maximum number of slots of one owner. Slots without an owner count only towards `total`.
    pub owner: usize,
    /// The time for which a holder must have been silent before a newcomer can take its slot.
    pub min_silence: Duration,
}

/// The limit that a newcomer has hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The newcomer's owner has all its slots, and none of their holders is silent.
    Owner,
    /// All slots are taken, and none of their holders is silent.
    Total,
}

/// Slots by owner. Clones share their slots.
#[derive(Debug)]
pub struct Slots<K: Clone + Eq + Hash>(Arc<SlotsState<K>>);

#[derive(Debug)]
struct SlotsState<K> {
    limits: SlotLimits,
    table: Mutex<Table<K>>,
    /// Notified when a slot is released or its holder becomes silent.
    available: Notify,
    evictions: AtomicU64,
    refusals: AtomicU64,
}

#[derive(Debug)]
struct Table<K> {
    last_number: u64,
    holders: HashMap<u64, Holder<K>>,
    counts: HashMap<K, usize>,
    /// The silent holders, in the order in which they became silent, in total and of each owner.
    silent: BTreeMap<u64, u64>,
    silent_by_owner: HashMap<K, BTreeMap<u64, u64>>,
}

#[derive(Debug)]
struct Holder<K> {
    owner: Option<K>,
    /// The holder's position among the silent ones, and the time since when it has been silent.
    silent: Option<(u64, Instant)>,
    on_evicted: OnEvicted,
}

/// Runs when a newcomer takes a slot.
struct OnEvicted(Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for OnEvicted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnEvicted")
    }
}

/// A slot, which is released when this is dropped.
#[derive(Debug)]
pub struct Slot<K: Clone + Eq + Hash> {
    slots: Slots<K>,
    number: u64,
    evicted: Arc<Notify>,
}

impl<K: Clone + Eq + Hash> Clone for Slots<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Eq + Hash> Slots<K> {
    /// Creates free slots.
    pub fn new(limits: SlotLimits) -> Self {
        let table = Table {
            last_number: 0,
            holders: HashMap::new(),
            counts: HashMap::new(),
            silent: BTreeMap::new(),
            silent_by_owner: HashMap::new(),
        };
        Self(Arc::new(SlotsState {
            limits,
            table: Mutex::new(table),
            available: Notify::new(),
            evictions: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
        }))
    }

    fn table(&self) -> MutexGuard<'_, Table<K>> {
        // No code panics while it holds the lock.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot, whose holder is silent from the start. If the owner or all owners together have
    /// no free slot, evicts the longest-silent holder of the owner or of all.
    ///
    /// # Errors
    /// No slot is free, and no holder has been silent for long enough.
    pub fn take(&self, owner: Option<K>) -> Result<Slot<K>, Full> {
        let evicted = Arc::new(Notify::new());
        self.take_with(owner, evicted)
    }

    /// Takes a slot like [`take`](Self::take). Notifies `evicted` when a newcomer takes the slot, so
    /// that several slots of one holder can share it.
    ///
    /// # Errors
    /// No slot is free, and no holder has been silent for long enough.
    pub fn take_with(&self, owner: Option<K>, evicted: Arc<Notify>) -> Result<Slot<K>, Full> {
        let notified = Arc::clone(&evicted);
        let taken = self.try_take(owner, evicted, move || notified.notify_one());
        self.count_refusal(taken)
    }

    /// Takes a slot like [`take`](Self::take), for a holder without a task. `on_evicted` runs when a
    /// newcomer takes the slot.
    ///
    /// # Errors
    /// No slot is free, and no holder has been silent for long enough.
    pub fn take_and(
        &self,
        owner: Option<K>,
        on_evicted: impl FnOnce() + Send + 'static,
    ) -> Result<Slot<K>, Full> {
        self.count_refusal(self.try_take(owner, Arc::default(), on_evicted))
    }

    fn count_refusal<T>(&self, taken: Result<T, (Full, Option<Duration>)>) -> Result<T, Full> {
        taken.map_err(|(full, _)| {
            self.0.refusals.fetch_add(1, Ordering::Relaxed);
            full
        })
    }

    /// Takes a slot. The error has the time after which the longest-silent holder can be evicted, if one is
    /// silent.
    fn try_take(
        &self,
        owner: Option<K>,
        evicted: Arc<Notify>,
        on_evicted: impl FnOnce() + Send + 'static,
    ) -> Result<Slot<K>, (Full, Option<Duration>)> {
        let (now, limits) = (now(), &self.0.limits);
        let mut table = self.table();
        let of_owner = owner.as_ref().map_or(0, |owner| table.count(owner));
        let longest_silent = if owner.is_some() && of_owner >= limits.owner {
            let silent = owner.as_ref().and_then(|owner| table.silent_by_owner.get(owner));
            Some(silent.and_then(BTreeMap::first_key_value).ok_or((Full::Owner, None))?)
        } else if table.holders.len() >= limits.total {
            Some(table.silent.first_key_value().ok_or((Full::Total, None))?)
        } else {
            None
        };
        let full = if of_owner >= limits.owner { Full::Owner } else { Full::Total };
        let mut replaced = None;
        if let Some((_, &number)) = longest_silent {
            let since = table.holders.get(&number).and_then(|holder| holder.silent);
            let silence = since.map(|(_, since)| now.saturating_duration_since(since));
            let left = silence.map(|silence| limits.min_silence.saturating_sub(silence));
            if left != Some(Duration::ZERO) {
                return Err((full, left));
            }
            replaced = table.remove(number);
        }
        let number = table.next_number();
        if let Some(owner) = &owner {
            *table.counts.entry(owner.clone()).or_default() += 1;
        }
        let on_evicted = OnEvicted(Box::new(on_evicted));
        table.holders.insert(number, Holder { owner, silent: None, on_evicted });
        table.set_silent(number, now);
        drop(table);
        if let Some(holder) = replaced {
            self.0.evictions.fetch_add(1, Ordering::Relaxed);
            (holder.on_evicted.0)();
        }
        Ok(Slot { slots: self.clone(), number, evicted })
    }

    /// Takes a slot like [`take`](Self::take), and waits while no slot can be taken.
    pub async fn acquire(&self, owner: Option<K>) -> Slot<K> {
        loop {
            if let Ok(Some(slot)) = self.wait_for_one(&owner, |_| true).await {
                return slot;
            }
        }
    }

    /// Takes a slot like [`take`](Self::take), and waits while all slots are taken. Does not wait for a
    /// slot of an owner who has all its slots, because newcomers of other owners may wait behind this one.
    ///
    /// # Errors
    /// The owner has no free slot, and none of its holders has been silent for long enough.
    pub async fn acquire_for(&self, owner: Option<K>) -> Result<Slot<K>, Full> {
        loop {
            if let Some(slot) = self.wait_for_one(&owner, |full| full == Full::Total).await? {
                return Ok(slot);
            }
        }
    }

    /// Takes a slot. If none can be taken and `waits` returns true, waits for the next change and returns
    /// `None`.
    async fn wait_for_one(
        &self,
        owner: &Option<K>,
        waits: impl Fn(Full) -> bool,
    ) -> Result<Option<Slot<K>>, Full> {
        let available = self.0.available.notified();
        let evicted = Arc::new(Notify::new());
        let on_evicted = {
            let evicted = Arc::clone(&evicted);
            move || evicted.notify_one()
        };
        match self.try_take(owner.clone(), evicted, on_evicted) {
            Ok(slot) => return Ok(Some(slot)),
            Err((full, _)) if !waits(full) => return self.count_refusal(Err((full, None))),
            Err((_, Some(left))) => drop(tokio::time::timeout(left, available).await),
            Err((_, None)) => available.await,
        }
        Ok(None)
    }

    /// Returns the number of slots that are taken.
    pub fn taken(&self) -> usize {
        self.table().holders.len()
    }

    /// Returns the number of slots that one owner has taken.
    pub fn taken_by(&self, owner: &K) -> usize {
        self.table().count(owner)
    }

    /// Returns the number of holders that newcomers have evicted so far.
    pub fn evictions(&self) -> u64 {
        self.0.evictions.load(Ordering::Relaxed)
    }

    /// Returns the number of newcomers that were refused so far.
    pub fn refusals(&self) -> u64 {
        self.0.refusals.load(Ordering::Relaxed)
    }
}

impl<K: Clone + Eq + Hash> Table<K> {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn count(&self, owner: &K) -> usize {
        self.counts.get(owner).copied().unwrap_or(0)
    }

    fn set_silent(&mut self, number: u64, now: Instant) {
        let age = self.next_number();
        let Some(holder) = self.holders.get_mut(&number) else { return };
        holder.silent = Some((age, now));
        self.silent.insert(age, number);
        if let Some(owner) = &holder.owner {
            self.silent_by_owner.entry(owner.clone()).or_default().insert(age, number);
        }
    }

    fn set_busy(&mut self, number: u64) {
        let Some(holder) = self.holders.get_mut(&number) else { return };
        let Some((age, _)) = holder.silent.take() else { return };
        self.silent.remove(&age);
        if let Some(owner) = &holder.owner
            && let Some(silent) = self.silent_by_owner.get_mut(owner)
        {
            silent.remove(&age);
            if silent.is_empty() {
                self.silent_by_owner.remove(owner);
            }
        }
    }

    fn remove(&mut self, number: u64) -> Option<Holder<K>> {
        self.set_busy(number);
        let holder = self.holders.remove(&number)?;
        if let Some(owner) = &holder.owner
            && let Some(count) = self.counts.get_mut(owner)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(owner);
            }
        }
        Some(holder)
    }
}

impl<K: Clone + Eq + Hash> Slot<K> {
    /// Notes that the holder has made progress. It is silent from now on.
    pub fn progressed(&self) {
        let mut table = self.slots.table();
        table.set_busy(self.number);
        table.set_silent(self.number, now());
    }

    /// Notes that the holder is silent, if it was busy until now.
    pub fn set_silent(&self) {
        let mut table = self.slots.table();
        if table.holders.get(&self.number).is_some_and(|holder| holder.silent.is_none()) {
            table.set_silent(self.number, now());
            drop(table);
            self.slots.0.available.notify_one();
        }
    }

    /// Notes that the holder waits for this side, so that no newcomer can take its slot.
    pub fn set_busy(&self) {
        self.slots.table().set_busy(self.number);
    }

    /// Waits until a newcomer has taken this slot.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Returns the notification of [`evicted`](Self::evicted), for holders that cannot wait here.
    pub fn eviction(&self) -> Arc<Notify> {
        Arc::clone(&self.evicted)
    }
}

impl<K: Clone + Eq + Hash> Drop for Slot<K> {
    fn drop(&mut self) {
        let released = self.slots.table().remove(self.number).is_some();
        if released {
            self.slots.0.available.notify_one();
        }
    }
}

/// Returns the owner of what comes from an address, for limits per address.
///
/// An IPv6 network of 64 bits is one owner, because one client can use all its addresses. Loopback is no
/// owner, because a reverse proxy connects from there for all clients.
pub fn address_owner(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    match address {
        _ if address.is_loopback() => None,
        IpAddr::V4(_) => Some(address),
        IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()),
    }
}

/// Reads tokio's clock, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn slots(total: usize, owner: usize, min_silence: u64) -> Slots<u8> {
        let min_silence = Duration::from_secs(min_silence);
        Slots::new(SlotLimits { total, owner, min_silence })
    }

    fn is_evicted(slot: &Slot<u8>) -> bool {
        !slot.slots.table().holders.contains_key(&slot.number)
    }

    #[tokio::test(start_paused = true)]
    async fn newcomer_takes_the_slot_of_the_longest_silent_holder() {
        let slots = slots(3, 3, 0);
        let [busy, first, second] = [1, 2, 3].map(|owner| slots.take(Some(owner)).unwrap());
        busy.set_busy();
        first.progressed();
        let third = slots.take(Some(4)).unwrap();
        assert!(is_evicted(&second) && !is_evicted(&first));
        second.evicted().await;
        drop(second);
        assert_eq!((slots.taken(), slots.evictions()), (3, 1), "an evicted holder is gone once");
        first.set_busy();
        third.set_busy();
        assert_eq!(slots.take(None).unwrap_err(), Full::Total);
        assert_eq!(slots.refusals(), 1);
        first.set_silent();
        drop(slots.take(None).unwrap());
        drop((busy, first, third));
        let table = slots.table();
        assert!(table.holders.is_empty() && table.counts.is_empty() && table.silent.is_empty());
        assert!(table.silent_by_owner.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn owner_with_all_its_slots_evicts_only_its_own_holders() {
        let slots = slots(8, 2, 0);
        let other = slots.take(Some(2)).unwrap();
        let [first, second] = [(); 2].map(|()| slots.take(Some(1)).unwrap());
        let third = slots.take(Some(1)).unwrap();
        assert!(is_evicted(&first) && !is_evicted(&second) && !is_evicted(&other));
        second.set_busy();
        third.set_busy();
        assert_eq!(slots.take(Some(1)).unwrap_err(), Full::Owner);
        assert!(slots.take(None).is_ok(), "slots without an owner count only in total");
        assert_eq!((slots.taken_by(&1), slots.taken_by(&2), slots.taken_by(&3)), (2, 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn holder_is_evicted_only_after_the_minimum_silence() {
        let slots = slots(1, 1, 10);
        let first = slots.take(Some(1)).unwrap();
        advance(Duration::from_millis(9_999)).await;
        assert_eq!(slots.take(Some(2)).unwrap_err(), Full::Total);
        assert_eq!(slots.take(Some(1)).unwrap_err(), Full::Owner);
        advance(Duration::from_millis(1)).await;
        let _second = slots.take(Some(2)).unwrap();
        assert!(is_evicted(&first));
    }

    #[tokio::test(start_paused = true)]
    async fn acquire_waits_until_a_holder_has_been_silent_for_long_enough() {
        let slots = slots(2, 1, 10);
        let [first, _second] = [1, 2].map(|owner| slots.take(Some(owner)).unwrap());
        let begin = tokio::time::Instant::now();
        assert_eq!(slots.acquire_for(Some(1)).await.unwrap_err(), Full::Owner);
        assert_eq!(begin.elapsed(), Duration::ZERO, "other owners do not wait for this one");
        let third = slots.acquire_for(Some(3)).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::from_secs(10));
        assert!(is_evicted(&first));
        third.set_busy();
        let _fourth = slots.acquire(Some(4)).await;
        assert_eq!((slots.taken(), slots.evictions(), slots.refusals()), (2, 2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn acquire_waits_until_a_slot_is_available() {
        let slots = slots(1, 1, 0);
        let first = slots.take(Some(1)).unwrap();
        first.set_busy();
        let becoming_silent = async {
            tokio::task::yield_now().await;
            first.set_silent();
        };
        let (second, ()) = tokio::join!(slots.acquire(Some(2)), becoming_silent);
        second.set_busy();
        let leaving = async {
            tokio::task::yield_now().await;
            drop(second);
        };
        let (third, ()) = tokio::join!(slots.acquire(Some(3)), leaving);
        assert_eq!((slots.taken(), slots.evictions(), slots.refusals()), (1, 1, 0));
        drop(third);
    }

    #[test]
    fn owner_of_an_address_is_an_address_or_a_network() {
        let owner = |text: &str| address_owner(text.parse().unwrap()).map(|ip| ip.to_string());
        assert_eq!(owner("127.1.2.3"), None);
        assert_eq!((owner("::1"), owner("::ffff:127.0.0.1")), (None, None));
        assert_eq!(owner("192.0.2.7").unwrap(), "192.0.2.7");
        assert_eq!(owner("::ffff:192.0.2.7").unwrap(), "192.0.2.7");
        assert_eq!(owner("2001:db8:1:2:3::4").unwrap(), "2001:db8:1:2::");
    }
}
