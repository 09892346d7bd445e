//! Futures that handlers spawn, in a test without a runtime of its own.

use std::{path::PathBuf, time::Duration};

use psom::{Context, distributed_object, psom_interface, testing::Pair};
use tokio::sync::oneshot;

#[psom_interface(name = "Test.Work", version = 1, hash = 0x4be0_7c19_23d8_f65a)]
trait WorkServer {
    fn s_write(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_sleep(&mut self, cx: &mut Context<Self>);
    fn s_wait(&mut self, cx: &mut Context<Self>);
    fn s_ready(&mut self, cx: &mut Context<Self>);
    async fn s_read(&mut self, cx: &mut Context<Self>);
}

#[psom_interface(name = "Test.Work", version = 1, hash = 0x29a6_d51f_8e07_b3c4)]
trait WorkClient {
    fn c_done(&mut self, what: &str);
}

#[distributed_object(serves = WorkServer, calls = WorkClient)]
struct Worker {
    folder: tempfile::TempDir,
    /// Resolves when the test allows it.
    signal: Option<oneshot::Receiver<()>>,
}

impl Worker {
    fn file(&self) -> PathBuf {
        self.folder.path().join("file")
    }
}

impl WorkServer for Worker {
    fn s_write(&mut self, cx: &mut Context<Self>, text: &str) {
        let write = tokio::fs::write(self.file(), text.to_owned());
        cx.spawn(write, |_, cx, result| {
            result.unwrap();
            cx.peers().c_done("written");
        });
    }

    fn s_sleep(&mut self, cx: &mut Context<Self>) {
        cx.spawn(tokio::time::sleep(Duration::from_millis(5)), |_, cx, ()| {
            cx.peers().c_done("slept");
            // A result may spawn further work.
            cx.spawn(tokio::task::yield_now(), |_, cx, ()| drop(cx.peers().c_done("yielded")));
        });
    }

    fn s_wait(&mut self, cx: &mut Context<Self>) {
        let signal = self.signal.take().unwrap();
        cx.spawn(signal, |_, cx, _| drop(cx.peers().c_done("signalled")));
    }

    fn s_ready(&mut self, cx: &mut Context<Self>) {
        cx.spawn(std::future::ready(()), |_, cx, ()| drop(cx.peers().c_done("ready")));
    }

    async fn s_read(&mut self, cx: &mut Context<Self>) {
        let text = tokio::fs::read_to_string(self.file()).await.unwrap();
        cx.peers().c_done(&text);
    }
}

#[distributed_object(serves = WorkClient, calls = WorkServer)]
#[derive(Default)]
struct Screen(Vec<String>);

impl WorkClient for Screen {
    fn c_done(&mut self, what: &str) {
        self.0.push(what.to_owned());
    }
}

fn pair() -> Pair<Worker, Screen> {
    let worker = Worker { folder: tempfile::tempdir().unwrap(), signal: None };
    Pair::new(worker, Screen::default())
}

fn done(pair: &mut Pair<Worker, Screen>) -> Vec<String> {
    pair.on_client(0, |screen, _| std::mem::take(&mut screen.0))
}

#[test]
fn ready_future_needs_no_waiting() {
    let mut pair = pair();
    pair.on_client(0, |_, cx| drop(cx.server().s_ready()));
    assert_eq!(done(&mut pair), ["ready"]);
}

#[test]
fn disk_access_ends_when_the_test_waits_for_it() {
    let mut pair = pair();
    pair.on_client(0, |_, cx| drop(cx.server().s_write("text")));
    pair.finish_spawned();
    assert_eq!(done(&mut pair), ["written"]);
    pair.on_client(0, |_, cx| drop(cx.server().s_read()));
    assert_eq!(done(&mut pair), ["text"], "an async handler is awaited");
}

#[test]
fn sleeping_future_ends_with_the_work_that_it_spawns() {
    let mut pair = pair();
    pair.on_client(0, |_, cx| drop(cx.server().s_sleep()));
    pair.finish_spawned();
    assert_eq!(done(&mut pair), ["slept", "yielded"]);
}

#[test]
fn future_is_pending_until_it_is_ready() {
    let (sender, receiver) = oneshot::channel();
    let mut pair = pair();
    pair.on_server(|worker, _| worker.signal = Some(receiver));
    pair.on_client(0, |_, cx| drop(cx.server().s_wait()));
    assert_eq!(pair.pending_spawned(), 1);
    assert_eq!(done(&mut pair), [""; 0]);
    sender.send(()).unwrap();
    pair.finish_spawned();
    assert_eq!(pair.pending_spawned(), 0);
    assert_eq!(done(&mut pair), ["signalled"]);
}

#[tokio::test]
async fn pair_works_in_a_test_with_its_own_runtime() {
    for _ in 0..60 {
        let mut pair = pair();
        pair.on_client(0, |_, cx| drop(cx.server().s_write("text")));
        pair.finish_spawned();
        assert_eq!(done(&mut pair), ["written"]);
    }
}
