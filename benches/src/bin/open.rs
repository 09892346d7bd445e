//! Measures the time in which a server opens a large meeting after a restart, and whether it stays
//! constant over many restarts.
//!
//! ```text
//! cargo run --release --bin open
//! ```
//! A meeting with 10,000 annotations, 50 contents and 1,000 votes is created in virtual time and
//! stored. Then a server is started on the store 100 times.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use psom::testing::Pair;
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::{Conference, Event, Upload},
    server::{Meeting, MeetingConfig},
    testing::MemoryStore,
    types::{Participant, Role},
};
use psom_server::{
    Durability, Options, Server,
    store::{MeetingStore, SqliteStore, StoredMeeting},
};

const CONTENTS: i64 = 50;
const ANNOTATIONS: usize = 10_000;
const VOTES: i64 = 1_000;
const STARTS: usize = 100;

/// Returns the writes of the meeting.
fn meeting() -> Vec<psom::Write> {
    let config =
        MeetingConfig::new("http://x/", Arc::new(MemoryStore::default()), SystemTime::UNIX_EPOCH);
    let mut pair = Pair::server(psom::Config::default(), |scope| Meeting::new(scope, config));
    let join = |pair: &mut Pair<Meeting, Conference>, id: i64, role| {
        let participant = Participant { uri: format!("sip:{id}@example.com"), role };
        pair.join_as(participant.user(id, "user"), |scope| Conference::new(scope, |_: Event| ()))
    };
    let ada = join(&mut pair, 1, Role::Presenter);
    for number in 1..=CONTENTS {
        let parcel = match number {
            1 => Upload::poll("Poll", "Which?", ["a", "b", "c"]),
            _ => Upload::whiteboard(&format!("Board {number}")),
        };
        let parcel = parcel.expect("a package");
        pair.on_client(ada, |conference, cx| conference.upload(cx, parcel)).expect("uploaded");
    }
    for number in 0..ANNOTATIONS {
        let board = 2 + (number % 10) as i64;
        let properties = Properties::from([
            (Property::Anchor, format!("{number},{number}")),
            (Property::Stroke, "#000000".to_owned()),
            (Property::Data, "M0 0 L10 10 C20 20 30 30 40 40 L50 50".to_owned()),
        ]);
        pair.on_client(ada, move |conference, cx| {
            conference.add_annotation(cx, board, Kind::Drawing, properties).map(drop)
        })
        .expect("added");
    }
    for id in 1..=VOTES {
        let voter = join(&mut pair, id, Role::Attendee);
        pair.on_client(voter, move |conference, cx| {
            conference.vote(cx, 1, Some((id % 3) as usize)).expect("voted");
        });
        pair.close_client(voter);
    }
    pair.take_writes()
}

#[tokio::main]
async fn main() {
    let directory = std::env::temp_dir().join(format!("psom-bench-open-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let writes = meeting();
    let store = SqliteStore::open(&directory, Durability::Full).await.expect("a store");
    let meeting = StoredMeeting { id: "large".into(), title: None, created: 0 };
    store.create(meeting).await.expect("created");
    store.journal("large").commit(writes).await.expect("saved");
    let entries = store.load("large").await.expect("loaded").len();
    store.close().await.expect("closed");
    drop(store);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let options = Options {
            listen: "127.0.0.1:0".into(),
            http: "127.0.0.1:0".into(),
            data: directory.clone(),
            ..Options::default()
        };
        let start = Instant::now();
        let server = Server::start(options).await.expect("started");
        times.push(start.elapsed());
        server.shutdown(Duration::from_secs(5)).await;
    }
    let _ = std::fs::remove_dir_all(&directory);
    let (first, last) = (times[0], times[STARTS - 1]);
    println!("{entries} entries; first start {first:.2?}, start {STARTS} {last:.2?}");
    times.sort();
    println!("median {:.2?}, slowest {:.2?}", times[STARTS / 2], times[STARTS - 1]);
}
