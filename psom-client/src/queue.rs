//! The queue between the space of a client and the program that follows it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Upper bound on the queued items. The space must not wait for the program, so the queue ends when
/// it is full. The largest meeting that a client follows fits into this.
const MAX_QUEUED_BYTES: usize = 256 << 20;

/// Sends items without waiting.
#[derive(Debug)]
pub struct Sender<T> {
    items: Option<UnboundedSender<(usize, T)>>,
    shared: Arc<Shared>,
}

/// Receives the items in their order.
#[derive(Debug)]
pub struct Receiver<T> {
    items: UnboundedReceiver<(usize, T)>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queued_bytes: AtomicUsize,
    is_overrun: AtomicBool,
}

/// Creates a queue of at most 256 MiB.
#[must_use]
pub fn queue<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, items) = unbounded_channel();
    let shared = Arc::<Shared>::default();
    (Sender { items: Some(sender), shared: Arc::clone(&shared) }, Receiver { items, shared })
}

impl<T> Sender<T> {
    /// Queues an item of a size. If the queue is full, it ends after the items that it has.
    pub fn send(&mut self, item: T, bytes: usize) {
        let Some(items) = &self.items else { return };
        if self.shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_QUEUED_BYTES {
            self.shared.is_overrun.store(true, Ordering::Relaxed);
            self.items = None;
        } else {
            // The receiver is gone once the program has lost interest.
            let _ = items.send((bytes, item));
        }
    }
}

impl<T> Receiver<T> {
    /// Returns the next item, or `None` if the queue has ended.
    pub async fn next(&mut self) -> Option<T> {
        let (bytes, item) = self.items.recv().await?;
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        Some(item)
    }

    /// Reports whether the queue was full, so that later items are missing.
    pub fn is_overrun(&self) -> bool {
        self.shared.is_overrun.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM_BYTES: usize = 1 << 20;

    #[tokio::test]
    async fn a_full_queue_ends_and_a_drained_one_goes_on() {
        let (mut sender, mut receiver) = queue();
        for number in 0..400 {
            sender.send(number, ITEM_BYTES);
            assert_eq!(receiver.next().await, Some(number));
        }
        assert!(!receiver.is_overrun());
        for number in 0..400 {
            sender.send(number, ITEM_BYTES);
        }
        assert!(receiver.is_overrun());
        let mut items = 0;
        while receiver.next().await.is_some() {
            items += 1;
        }
        assert_eq!(items, MAX_QUEUED_BYTES / ITEM_BYTES);
    }
}
