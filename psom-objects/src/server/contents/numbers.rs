//! The numbers that a meeting assigns to its contents.

use psom::DurableState;
use serde::{Deserialize, Serialize};

use crate::server::durable;

/// The key of the saved numbers.
pub(super) const NUMBERS_KEY: &str = "contents";

/// The last assigned content identifier and presentation order. No number is assigned twice.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContentNumbers {
    pub(super) last_id: i64,
    pub(super) last_order: i64,
}

/// A change of the numbers.
#[derive(Debug)]
pub(super) enum NumberChange {
    /// Assigns the next content identifier.
    NextId,
    /// Assigns the next presentation order.
    NextOrder,
}

impl DurableState for ContentNumbers {
    type Change = NumberChange;
    type Key = &'static str;
    /// The assigned number.
    type Effect = i64;

    fn apply(&mut self, change: NumberChange, touched: &mut Vec<&'static str>) -> i64 {
        touched.push(NUMBERS_KEY);
        let number = match change {
            NumberChange::NextId => &mut self.last_id,
            NumberChange::NextOrder => &mut self.last_order,
        };
        *number += 1;
        *number
    }

    fn keys(&self) -> Vec<&'static str> {
        vec![NUMBERS_KEY]
    }

    fn value(&self, _: &&'static str) -> Option<String> {
        Some(durable::json(self))
    }
}
