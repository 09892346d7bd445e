//! The events of a meeting, on their way to the command that follows it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use psom_objects::client::Event;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// About so many bytes of events wait at most. The largest meeting that a client follows is told in
/// less.
const LIMIT: usize = 256 << 20;

/// Takes events, and waits for nobody. Where a server tells them faster than they are used, it takes
/// no more.
pub struct Sender {
    events: Option<UnboundedSender<(usize, Event)>>,
    queue: Arc<Queue>,
}

/// Gives events in their order.
pub struct Receiver {
    events: UnboundedReceiver<(usize, Event)>,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    bytes: AtomicUsize,
    is_overrun: AtomicBool,
}

/// Both ends.
pub fn queue() -> (Sender, Receiver) {
    let (sender, events) = unbounded_channel();
    let queue = Arc::<Queue>::default();
    (Sender { events: Some(sender), queue: Arc::clone(&queue) }, Receiver { events, queue })
}

impl Sender {
    pub fn send(&mut self, event: Event) {
        let Some(events) = &self.events else { return };
        let bytes = size_of::<Event>() + event.to_json().len();
        if self.queue.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > LIMIT {
            self.queue.is_overrun.store(true, Ordering::Relaxed);
            self.events = None;
        } else {
            // Nobody listens any more where the command has ended.
            let _ = events.send((bytes, event));
        }
    }
}

impl Receiver {
    /// The next event; nothing where there will be none.
    pub async fn next(&mut self) -> Option<Event> {
        let (bytes, event) = self.events.recv().await?;
        self.queue.bytes.fetch_sub(bytes, Ordering::Relaxed);
        Some(event)
    }

    /// Whether events were left out, after those that were taken.
    pub fn is_overrun(&self) -> bool {
        self.queue.is_overrun.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::ServerTime { time: "x".repeat(1 << 20) }
    }

    #[tokio::test]
    async fn what_is_used_makes_room_and_what_is_not_fills_no_memory() {
        let (mut sender, mut events) = queue();
        for _ in 0..400 {
            sender.send(event());
            assert_eq!(events.next().await, Some(event()));
        }
        for _ in 0..400 {
            sender.send(event());
        }
        assert!(events.is_overrun());
        let mut taken = 0;
        while events.next().await.is_some() {
            taken += 1;
        }
        assert!((200..256).contains(&taken), "{taken}");
    }
}
