//! A server that is killed under load loses nothing that a client has seen.
//!
//! Each round checks that the server still has the state that earlier rounds have seen, loads the server,
//! and kills it. `PSOM_KILLS` sets the number of rounds; `scripts/kill.sh` runs 200.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::support::{Running, psom};
use psom::{ClientSession, Context};
use psom_objects::{
    annotation::{Board, Kind, Properties, Property},
    client::{Conference, Model, Upload},
    package::{ContentDetail, CreateContent},
};
use psom_server::JoinLink;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Upper bound on the annotations that are added. From there on they are changed.
const ANNOTATIONS: usize = 500;

/// Returns the number of an action. Numbers only grow.
fn number(text: &str) -> u32 {
    text.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap()
}

fn serve(directory: &Path) -> Running {
    let mut serve = psom(directory);
    serve.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    let mut server = Running::start(&mut serve);
    (0..3).for_each(|_| drop(server.line()));
    server
}

/// A participant, with the meeting as they have seen it.
struct Guest {
    session: ClientSession<Conference>,
    seen: Arc<Mutex<Model>>,
}

impl Guest {
    async fn join(directory: &Path, name: &str) -> Self {
        let mut invite = psom(directory);
        invite.args(["invite", "demo", "--once", "--role", "presenter", "--name", name]);
        let link = String::from_utf8(invite.output().unwrap().stdout).unwrap();
        let link: JoinLink = link.trim().parse().unwrap();
        let (seen, model) = <(Arc<Mutex<Model>>, Arc<Mutex<Model>>)>::default();
        drop(model);
        let follow = Arc::clone(&seen);
        let session = link.join(move |scope| {
            Conference::new(scope, move |event| {
                follow.lock().unwrap().apply(&event);
            })
        });
        let guest = Self { session: session.await.unwrap(), seen };
        guest.until(Model::is_complete).await;
        guest
    }

    async fn until(&self, is_so: impl Fn(&Model) -> bool) {
        while !is_so(&self.seen()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn seen(&self) -> Model {
        self.seen.lock().unwrap().clone()
    }

    async fn act<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> R + Send + 'static,
    ) -> Option<R> {
        self.session.run(act).await.ok()
    }

    /// Acts as fast as the server accepts it, until the server is gone. Returns the last number.
    async fn load(self, from: u32, renames: bool) -> (Model, u32) {
        let mut number = from;
        while self.seen().ready {
            number += 1;
            let size = self.seen().contents[&1].board.as_ref().map_or(0, |b| b.annotations.len());
            let step = self.act(move |conference, cx| {
                let text = format!("text {number}");
                let properties = Properties::from([(Property::Text, text)]);
                let _ = match i32::try_from(size) {
                    Ok(size) if size < ANNOTATIONS as i32 => {
                        conference.add_annotation(cx, 1, Kind::Text, properties).map(drop)
                    }
                    Ok(size) => {
                        conference.change_annotation(cx, 1, 1 + number as i32 % size, properties)
                    }
                    Err(_) => Ok(()),
                };
                let _ = conference.vote(cx, 2, Some(number as usize % 7));
                if renames && number.is_multiple_of(8) {
                    let _ = conference.set_title(cx, 1, format!("Board {number}"));
                }
                if number.is_multiple_of(64) {
                    let title = format!("File {number}");
                    let file = CreateContent::new(title.clone(), ContentDetail::NativeFileOnly);
                    let file = file.with_native_file("file");
                    let parcel = Upload::new(file, [("file", title.as_bytes())]).unwrap();
                    let _ = conference.upload(cx, parcel);
                }
            });
            if step.await.is_none() {
                break;
            }
            // Pauses, so that the kills hit all kinds of work and not only a long queue.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.session.ended().await;
        (self.seen(), number)
    }
}

/// Asserts that a meeting is the one that was seen, or a later state of it.
fn check(seen: &Model, now: &Model) {
    for (id, content) in &seen.contents {
        let there = now.contents.get(id).unwrap_or_else(|| panic!("content {id} is missing"));
        assert_eq!(there.kind, content.kind);
        // The client may not have received all of the last content.
        if !content.ready {
            continue;
        }
        assert_eq!(there.owner, content.owner);
        assert_eq!((&there.file, &there.creation_time), (&content.file, &content.creation_time));
        if *id != 1 {
            assert_eq!(there.title, content.title);
        }
    }
    let title = |model: &Model| model.contents.get(&1)?.title.as_deref().map(number);
    assert!(title(now) >= title(seen), "{:?} was {:?}", title(now), title(seen));
    let board = |model: &Model| -> Option<Board> {
        Some(model.contents.get(&1)?.board.as_ref()?.annotations.clone())
    };
    let (Some(seen), Some(now)) = (board(seen), board(now)) else { return };
    for (id, before) in seen.iter() {
        let after = now.get(id).unwrap_or_else(|| panic!("annotation {id} is missing"));
        assert!(after.generation >= before.generation, "annotation {id} is older");
        if after.generation == before.generation {
            assert_eq!(after, before, "annotation {id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_seen() {
    let rounds = std::env::var("PSOM_KILLS").ok().and_then(|rounds| rounds.parse().ok());
    let (directory, rounds) = (tempfile::tempdir().unwrap(), rounds.unwrap_or(4));
    let mut random = StdRng::seed_from_u64(2026);
    let (mut seen, mut last): (Vec<Model>, u32) = (Vec::new(), 0);
    let mut votes: Option<Vec<i32>> = None;
    for round in 0..=rounds {
        let server = serve(directory.path());
        let names = ["Ada", "Grace"];
        let mut guests = Vec::new();
        for name in names {
            guests.push(Guest::join(directory.path(), name).await);
        }
        if round == 0 {
            let choices = ["a", "b", "c", "d", "e", "f", "g"];
            let parcels = [
                Upload::whiteboard("Board 0").unwrap(),
                Upload::poll("Poll", "Which?", choices).unwrap(),
            ];
            for (parcel, count) in parcels.into_iter().zip(1..) {
                guests[0].act(move |conference, cx| conference.upload(cx, parcel)).await;
                guests[0].until(|model| model.contents.len() == count && model.is_complete()).await;
            }
            guests[1].until(|model| model.contents.len() == 2 && model.is_complete()).await;
        }
        let now = guests[0].seen();
        seen.iter().for_each(|seen| check(seen, &now));
        // No vote is withdrawn, so none may be missing.
        let results = now.contents[&2].poll.as_ref().unwrap().results.clone();
        if let Some(before) = votes.replace(results.clone()) {
            assert!(results.iter().sum::<i32>() >= before.iter().sum(), "{results:?} {before:?}");
        }
        if let Some((_, file)) = now.contents.iter().rfind(|(_, content)| content.file.is_some()) {
            let title = file.title.clone().unwrap();
            let mut get = psom(directory.path());
            let link = psom(directory.path())
                .args(["invite", "demo", "--once", "--role", "attendee", "--name", "Reader"])
                .output();
            let link = String::from_utf8(link.unwrap().stdout).unwrap();
            get.args(["get", link.trim(), &title, "--output", "got"]);
            let _ = std::fs::remove_file(directory.path().join("got"));
            let got = get.output().unwrap();
            assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
            assert_eq!(std::fs::read_to_string(directory.path().join("got")).unwrap(), title);
        }
        if round == rounds {
            // The server had enough changes to lose, so that a loss would have been noticed.
            let board = now.contents[&1].board.as_ref().unwrap();
            assert!(
                board.annotations.len() > rounds as usize && results.iter().any(|votes| *votes > 0)
            );
            println!(
                "{rounds} kills: {} contents, {} annotations, {last} rounds of work, nothing missing",
                now.contents.len(),
                board.annotations.len(),
            );
            break;
        }
        let loads: Vec<_> = guests
            .into_iter()
            .zip([true, false])
            .map(|(guest, renames)| tokio::spawn(guest.load(last, renames)))
            .collect();
        tokio::time::sleep(Duration::from_millis(random.random_range(20..400))).await;
        // Dropping it kills it with SIGKILL.
        drop(server);
        seen.clear();
        for load in loads {
            let (model, number) = load.await.unwrap();
            seen.push(model);
            last = last.max(number);
        }
        // Titles contain the number. The next round begins with a number that no round has sent.
        last += 1;
    }
}
