//! Two clients add, change and remove annotations as fast as they can, and a third client joins in
//! between. At the end, all clients must see the same board. Uses TLS and a store that syncs.
//!
//! ```text
//! cargo run --release --bin board [SECONDS]
//! ```
//! The default is 10 seconds.

use std::time::{Duration, Instant};

use psom::{ClientSession, Context};
use psom_objects::{
    annotation::{Board, Kind, Properties, Property, text::Delta},
    client::{Conference, ContentEvent, Event, Upload, UploadEvent},
    types::Role,
};
use psom_server::{Options, Server};
use tokio::sync::mpsc;

/// The number of changes that a client requests before it waits for the answers.
const CHANGES_PER_BATCH: usize = 200;

struct Drawer {
    session: ClientSession<Conference>,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Drawer {
    async fn join(server: &Server, name: &str) -> Self {
        let uri = format!("sip:{name}@example.com");
        let link = server.admit("bench", &uri, name, Role::Presenter).await.expect("admitted");
        let (sender, events) = mpsc::unbounded_channel();
        let root = |scope: &mut _| Conference::new(scope, move |event| drop(sender.send(event)));
        Self { session: link.join(root).await.expect("joined"), events }
    }

    async fn until(&mut self, is_it: impl Fn(&Event) -> bool) {
        while let Some(event) = self.events.recv().await {
            if is_it(&event) {
                return;
            }
        }
        panic!("the connection has ended: {}", self.session.ended().await);
    }

    async fn run<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> R + Send + 'static,
    ) -> R {
        self.session.run(act).await.expect("connected")
    }

    /// Waits until the server has processed all requests. The server answers in order, and it
    /// rejects an empty title without side effects.
    async fn settle(&mut self) {
        let fence = self.run(|conference, cx| conference.reserve_title(cx, "")).await;
        let fence = fence.expect("requested");
        let answers = |event: &Event| matches!(event, Event::Upload { cookie, event: UploadEvent::TitleReservation { .. } } if *cookie == fence);
        self.until(answers).await;
    }

    async fn board(&mut self) -> Board {
        self.settle().await;
        let board = self.run(|conference, _| conference.model().contents[&1].board.clone()).await;
        board.expect("a board").annotations
    }

    /// Draws until a time and returns the number of requested changes.
    async fn draw(mut self, mut seed: u64, until: Instant) -> (Self, usize) {
        let mut requested = 0;
        while Instant::now() < until {
            seed = self
                .run(move |conference, cx| {
                    let mut dice = Dice(seed);
                    (0..CHANGES_PER_BATCH).for_each(|_| act(conference, cx, &mut dice));
                    dice.0
                })
                .await;
            requested += CHANGES_PER_BATCH;
            self.settle().await;
        }
        (self, requested)
    }
}

/// A deterministic pseudorandom number generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        (self.0 >> 33) as usize % sides
    }
}

/// Requests a random change of the board that this client sees. The server rejects many of them,
/// because another client has changed the annotation first.
fn act(conference: &mut Conference, cx: &mut Context<Conference>, dice: &mut Dice) {
    let board = conference.model().contents[&1].board.as_ref().map(|board| &board.annotations);
    let any = dice.roll(board.map_or(0, Board::len).max(1));
    let known = board.and_then(|board| board.iter().nth(any));
    let known = known.map(|(id, annotation)| (id, annotation.kind, annotation.text().len()));
    let value = format!("{},{}", dice.roll(1000), dice.roll(1000));
    let sent = match (dice.roll(10), known) {
        (0..3, _) | (_, None) => {
            let kind = [Kind::Drawing, Kind::Text][dice.roll(2)];
            let properties = [(Property::Anchor, value), (Property::Text, "text".to_owned())];
            conference.add_annotation(cx, 1, kind, Properties::from(properties)).map(drop)
        }
        (3..5, Some((id, Kind::Text, length))) if length < 1000 => {
            conference.change_text(cx, 1, id, vec![Delta::new(0, 0, value)])
        }
        (3..8, Some((id, ..))) => {
            let properties = Properties::from([(Property::Anchor, value)]);
            conference.change_annotation(cx, 1, id, properties)
        }
        (_, Some((id, ..))) => conference.remove_annotation(cx, 1, id),
    };
    sent.expect("sent");
}

#[tokio::main]
async fn main() {
    let seconds = std::env::args().nth(1).map_or(10.0, |text| text.parse().expect("seconds"));
    let directory = std::env::temp_dir().join(format!("psom-bench-board-{}", std::process::id()));
    let options = Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        data: directory.clone(),
        ..Options::default()
    };
    let server = Server::start(options).await.expect("started");
    server.create_meeting("bench", None).await.expect("created");
    let is_there =
        |event: &Event| matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. });
    let mut ada = Drawer::join(&server, "ada").await;
    ada.until(|event| *event == Event::Ready).await;
    let parcel = Upload::whiteboard("Board").expect("a package");
    ada.run(|conference, cx| conference.upload(cx, parcel)).await.expect("uploaded");
    ada.until(is_there).await;
    let mut grace = Drawer::join(&server, "grace").await;
    grace.until(is_there).await;

    let time = Duration::from_secs_f64(seconds);
    let start = Instant::now();
    let (first, second) = (ada.draw(1, start + time), grace.draw(2, start + time));
    let (first, second) = (tokio::spawn(first), tokio::spawn(second));
    tokio::time::sleep(time / 2).await;
    let mut late = Drawer::join(&server, "edsger").await;
    late.until(is_there).await;
    let (mut ada, by_ada) = first.await.expect("drawn");
    let (mut grace, by_grace) = second.await.expect("drawn");
    let requested = by_ada + by_grace;

    let mut last = Drawer::join(&server, "barbara").await;
    last.until(is_there).await;
    let board = ada.board().await;
    for (name, guest) in [("grace", &mut grace), ("edsger", &mut late), ("barbara", &mut last)] {
        assert_eq!(guest.board().await, board, "{name} sees a different board");
    }
    let generations: i32 = board.iter().map(|(_, annotation)| annotation.generation).sum();
    let per_second = requested as f64 / start.elapsed().as_secs_f64();
    println!(
        "{requested} changes requested, {per_second:.0} per second; all four clients see the same \
         {} annotations, with {generations} generations in total",
        board.len()
    );
    server.shutdown(Duration::from_secs(5)).await;
    let _ = std::fs::remove_dir_all(&directory);
}
