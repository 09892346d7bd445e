//! Ended connections release all their tasks.

use psom::{Client, Server, SpaceHandle, Tokens, User};

use super::common::{ServerRoot, client_root, eventually};

#[tokio::test]
async fn ended_connections_leave_no_task_behind() {
    let tokens = Tokens::new();
    let space = SpaceHandle::start(ServerRoot::default()).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.start().unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for round in 0..10_000 {
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        let (client_root, _heard) = client_root();
        let token = tokens.issue(User::new(round, "passer-by"));
        let session =
            Client::builder().root(client_root).token(token).connect_stream(near).await.unwrap();
        session.root().s_hang().await.unwrap();
        match round % 2 {
            0 => drop(session.close().await),
            _ => drop(session),
        }
    }
    eventually(async || server.stats().connections == 0).await;
    let stats = space.stats().await.unwrap();
    assert_eq!((stats.objects, stats.connections, stats.peers, stats.timers), (1, 0, 0, 0));
    // The futures that the root spawned never complete. They belong to the root and end with it.
    drop(server);
    drop(space);
    eventually(async || tasks() < before).await;
    assert_eq!(tasks(), before - 1, "the root's own task is gone too");
}
