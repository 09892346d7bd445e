//! Many connections leave nothing behind.

use psom::{Client, Server, SpaceHandle, Tokens, User};

use super::common::{Room, ear, eventually};

#[tokio::test]
async fn ended_connections_leave_no_task_behind() {
    let tokens = Tokens::new();
    let space = SpaceHandle::start(Room::default()).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.start().unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for round in 0..10_000 {
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        let (ear, _heard) = ear();
        let token = tokens.issue(User::new(round, "passer-by"));
        let session = Client::builder().root(ear).token(token).connect_stream(near).await.unwrap();
        session.root().s_hang().await.unwrap();
        match round % 2 {
            0 => drop(session.close().await),
            _ => drop(session),
        }
    }
    eventually(async || server.stats().connections == 0).await;
    let stats = space.stats().await.unwrap();
    assert_eq!((stats.objects, stats.connections, stats.peers, stats.timers), (1, 0, 0, 0));
    // The futures that the room spawned for its callers never end and belong to the room: they go
    // with it.
    drop(server);
    drop(space);
    eventually(async || tasks() < before).await;
    assert_eq!(tasks(), before - 1, "the room's own task is gone too");
}
