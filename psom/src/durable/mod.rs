//! Durable state: [`Durable`] saves each change of a state, and [`Memory`] saves serde values.

#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "serde")]
mod memory;
#[cfg(feature = "serde")]
mod saved;

use std::{collections::BTreeMap, fmt, ops::Deref};

#[cfg(feature = "serde")]
pub use memory::Memory;
#[cfg(feature = "serde")]
pub use saved::SavedValues;

use crate::space::Scope;

/// State that outlives its object, and that only its changes alter.
///
/// A type describes its state once: the possible changes, the effect of each, and the text that is
/// saved under each key. [`Durable`] then saves every value that a change touches, so that no
/// method of an object can alter the state and forget to save it.
///
/// Leave out of the state what a restored object does not need, such as its connected peers.
pub trait DurableState {
    /// A change of the state.
    type Change;
    /// The key of one saved value. Its text is a path such as `vote/3`.
    type Key: fmt::Display;
    /// The consequences of a change on which its object acts, such as the files that the state no
    /// longer uses. `()` if there are none.
    type Effect;

    /// Applies a change. Adds to `touched` the keys of the values that it altered, added or
    /// removed, in the order in which they are saved. The removal of a key also removes all keys
    /// below it.
    fn apply(&mut self, change: Self::Change, touched: &mut Vec<Self::Key>) -> Self::Effect;

    /// Returns the keys of all values.
    fn keys(&self) -> Vec<Self::Key>;

    /// Returns the text of a value. Returns `None` if the state has no such value, which removes
    /// the key.
    fn value(&self, key: &Self::Key) -> Option<String>;
}

/// A state that saves each of its changes.
///
/// It dereferences to the state for reading. [`change`](Self::change) is the only way to alter it.
/// The calls that a turn queues after a change are sent when the change is safe.
///
/// ```
/// use psom::{Context, Durable, DurableState, distributed_object, psom_interface, testing::Pair};
///
/// #[psom_interface(name = "Example.Counter", version = 1, hash = 1)]
/// pub trait CounterServer {
///     fn s_add(&mut self, cx: &mut Context<Self>, number: i64);
/// }
///
/// #[psom_interface(name = "Example.Counter", version = 1, hash = 2)]
/// pub trait CounterClient {
///     fn c_set_sum(&mut self, cx: &mut Context<Self>, sum: i64);
/// }
///
/// /// The durable state of a counter, and its only change.
/// #[derive(Default)]
/// struct Sum(i64);
/// struct Add(i64);
///
/// impl DurableState for Sum {
///     type Change = Add;
///     type Key = &'static str;
///     type Effect = ();
///
///     fn apply(&mut self, Add(number): Add, touched: &mut Vec<&'static str>) {
///         self.0 = self.0.wrapping_add(number);
///         touched.push("sum");
///     }
///
///     fn keys(&self) -> Vec<&'static str> {
///         vec!["sum"]
///     }
///
///     fn value(&self, _: &&'static str) -> Option<String> {
///         Some(self.0.to_string())
///     }
/// }
///
/// #[distributed_object(serves = CounterServer, calls = CounterClient)]
/// struct Counter(Durable<Sum>);
///
/// impl CounterServer for Counter {
///     fn s_add(&mut self, cx: &mut Context<Self>, number: i64) {
///         self.0.change(cx, Add(number));
///         cx.peers().c_set_sum(self.0.0);
///     }
/// }
///
/// # #[distributed_object(serves = CounterClient, calls = CounterServer)]
/// # struct Display;
/// # impl CounterClient for Display {
/// #     fn c_set_sum(&mut self, _: &mut Context<Self>, _: i64) {}
/// # }
/// let mut pair = Pair::new(Counter(Durable::restored("counter/", Sum(40))), Display);
/// pair.on_client(0, |_, cx| drop(cx.peers().s_add(2)));
/// let saved = pair.take_writes().remove(0);
/// assert_eq!((saved.key.as_str(), saved.value.as_deref()), ("counter/sum", Some("42")));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Durable<S> {
    prefix: String,
    state: S,
}

impl<S: DurableState> Durable<S> {
    /// Saves all values of a new state, each under `prefix` followed by its key.
    pub fn create(scope: &mut Scope, prefix: impl Into<String>, state: S) -> Self {
        let this = Self::restored(prefix, state);
        this.save(scope, this.state.keys());
        this
    }

    /// Returns a state whose values are already saved.
    pub fn restored(prefix: impl Into<String>, state: S) -> Self {
        Self { prefix: prefix.into(), state }
    }

    /// Applies a change and saves the values that it touches. Returns the consequences of the
    /// change.
    pub fn change(&mut self, scope: &mut Scope, change: S::Change) -> S::Effect {
        let mut touched = Vec::new();
        let effect = self.state.apply(change, &mut touched);
        self.save(scope, touched);
        effect
    }

    /// Returns all saved values by their full keys. A test compares them with the writes of the
    /// journal to check that [`DurableState::apply`] adds every key that it touches.
    pub fn values(&self) -> BTreeMap<String, String> {
        let keys = self.state.keys().into_iter();
        keys.filter_map(|key| Some((self.full(&key), self.state.value(&key)?))).collect()
    }

    fn save(&self, scope: &mut Scope, keys: Vec<S::Key>) {
        for key in keys {
            match self.state.value(&key) {
                Some(value) => scope.save(self.full(&key), value),
                None => scope.erase(self.full(&key)),
            }
        }
    }

    fn full(&self, key: &S::Key) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl<S> Deref for Durable<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.state
    }
}

impl<S: fmt::Debug> fmt::Debug for Durable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}
