//! Queued calls of COM+: an order is recorded without its server, waits in a folder, fails twice
//! because the warehouse is closed, and is played when the warehouse opens.
//!
//! `cargo run --example queued_calls`
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use comqc::{
    Message, ReadResult, Recorder, decode_calls,
    queue::{FolderQueue, Outcome, Player, Queue as _, play_next},
    queued_interface,
    security::SecurityContext,
};

/// The interface of the order. Its methods have only input parameters, so it is queuable.
#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F", base = IDispatch)]
trait Ship {
    #[dispid(1, put)]
    fn customer_id(&mut self, id: i32);
    #[dispid(2, put)]
    fn order_id(&mut self, id: i32);
    #[dispid(3)]
    fn line_item(&mut self, quantity: i32);
    #[dispid(4)]
    fn process(&mut self);
}

/// The server's object.
#[derive(Default)]
struct Warehouse {
    is_open: bool,
    shipped: Vec<String>,
    order: String,
}

impl Ship for Warehouse {
    fn customer_id(&mut self, id: i32) {
        self.order = format!("customer {id}");
    }

    fn order_id(&mut self, id: i32) {
        self.order += &format!(", order {id}");
    }

    fn line_item(&mut self, quantity: i32) {
        self.order += &format!(", {quantity} pieces");
    }

    fn process(&mut self) {
        self.shipped.push(std::mem::take(&mut self.order));
    }
}

impl Player for Warehouse {
    fn play(&mut self, message: &Message<'_>) -> ReadResult<Outcome> {
        // All calls are decoded before the first one is executed.
        let calls = decode_calls::<ShipCall>(message)?;
        if !self.is_open {
            return Ok(Outcome::Failed);
        }
        calls.into_iter().for_each(|call| call.play(self));
        Ok(Outcome::Done)
    }
}

/// Records an order: the client's side.
fn record() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let class = "{812DF40E-BD88-11D0-8A6D-00C04FC340EE}".parse()?;
    let mut recorder = Recorder::new(class, None, &SecurityContext::supplied("ada"))?;
    let mut ship = ShipRecorder::new(&mut recorder);
    ship.customer_id(4)?;
    ship.order_id(1204)?;
    ship.line_item(12)?;
    ship.process()?;
    Ok(recorder.finish().ok_or("no call was recorded")?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut queue = FolderQueue::open(folder.path(), "QCShipApp")?;
    let message = record()?;
    println!("recorded 4 calls in {} bytes", message.len());
    queue.send(&message, 0)?;

    // Time is an argument, so half an hour passes at once.
    let mut warehouse = Warehouse::default();
    for minute in 0..30 {
        warehouse.is_open = minute >= 2;
        while let Some((id, played)) = play_next(&mut queue, minute * 60, &mut warehouse, None)? {
            println!("minute {minute}: message {id}: {played:?}");
        }
    }
    assert_eq!(warehouse.shipped, ["customer 4, order 1204, 12 pieces"]);
    println!("shipped: {}", warehouse.shipped[0]);
    Ok(())
}
