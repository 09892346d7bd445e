//! Several nodes on one database.

use sqlx::{Connection as _, PgConnection, Row as _, query, raw_sql};

use super::{server::shared_server, *};
use crate::store::postgres::database::Database;

/// Lets the lease of a node expire.
fn expire(server: &server::PostgresServer, url: &str, node: &str) {
    let database = url.rsplit('/').next().unwrap();
    let sql = format!("UPDATE psom.nodes SET expires = now() - interval '1 s' WHERE id = '{node}'");
    server.execute(database, &sql);
}

#[tokio::test]
async fn meeting_of_a_living_node_is_not_taken_over() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (one, two) = (open(&url, "one").await, open(&url, "two").await);
    one.create(stored("team")).await.unwrap();
    assert_eq!(two.create(stored("team")).await, Err(Error::Exists("team".into())));
    let Claim::Elsewhere(owner) = two.claim("team").await.unwrap() else {
        panic!("it is not free")
    };
    assert_eq!(owner.node, "one");
    assert_eq!(owner.address, "one.example.com:8057");
    assert_eq!(owner.http, "https://one.example.com");
    assert_eq!(two.load("team").await, Err(Error::NoMeeting("team".into())));
    assert_eq!(two.meetings().await.unwrap(), [stored("team")]);
    assert!(two.journal("team").commit(vec![save("a", "1")]).await.is_err());
    one.close().await.unwrap();
    assert_eq!(two.claim("team").await, Ok(Claim::Owned), "a node that stops frees its meetings");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_of_several_nodes_takes_a_meeting_over() {
    const MEETINGS: usize = 40;
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let mut dead = open(&url, "dead").await;
    for number in 0..MEETINGS {
        dead.create(stored(&number.to_string())).await.unwrap();
    }
    dead.stop_renewing().await;
    let mut nodes = Vec::new();
    for node in ["one", "two", "three"] {
        nodes.push(Arc::new(open(&url, node).await));
    }
    expire(server, &url, "dead");
    for number in 0..MEETINGS {
        let mut claims = tokio::task::JoinSet::new();
        for node in &nodes {
            let node = Arc::clone(node);
            claims.spawn(async move { node.claim(&number.to_string()).await.unwrap() });
        }
        let claims = claims.join_all().await;
        let owners = claims.iter().filter(|claim| **claim == Claim::Owned).count();
        assert_eq!(owners, 1, "meeting {number}");
    }
    let taken = nodes.iter().map(|node| node.node.metrics.take_overs.load(Ordering::Relaxed));
    assert_eq!(taken.sum::<u64>(), MEETINGS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_take_overs_that_have_begun_wins() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    let mut dead = open(&url, "dead").await;
    dead.create(stored("team")).await.unwrap();
    dead.stop_renewing().await;
    let nodes = [open(&url, "one").await, open(&url, "two").await].map(Arc::new);
    expire(server, &url, "dead");
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let lock = "BEGIN; SELECT FROM psom.meetings WHERE id = 'team' FOR UPDATE";
    raw_sql(lock).execute(&mut holder).await.unwrap();
    let mut claims = tokio::task::JoinSet::new();
    for node in &nodes {
        let node = Arc::clone(node);
        claims.spawn(async move { node.claim("team").await.unwrap() });
    }
    // Both have seen that the meeting is free, and wait to change its row.
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while server.execute(database, waiting) != "2" {
        tokio::task::yield_now().await;
    }
    drop(holder);
    let claims = claims.join_all().await;
    assert_eq!(claims.iter().filter(|claim| **claim == Claim::Owned).count(), 1, "{claims:?}");
    let taken = nodes.iter().map(|node| node.node.metrics.take_overs.load(Ordering::Relaxed));
    assert_eq!(taken.sum::<u64>(), 1);
}

#[tokio::test]
async fn commit_after_a_take_over_writes_nothing() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (mut one, two) = (open(&url, "one").await, open(&url, "two").await);
    for meeting in ["team", "other"] {
        one.create(stored(meeting)).await.unwrap();
        one.journal(meeting).commit(vec![save("a", "1")]).await.unwrap();
    }
    one.stop_renewing().await;
    expire(server, &url, "one");
    assert_eq!(two.claim("team").await, Ok(Claim::Owned));
    // The clock of the node that lost the meeting does not show it yet.
    let late = one.journal("team").commit(vec![save("a", "late")]);
    let other = one.journal("other").commit(vec![save("a", "2")]);
    assert!(is_moved(&late.await));
    // No node has taken the other meeting over.
    assert!(other.await.is_ok());
    assert_eq!(two.load("team").await.unwrap(), [("a".into(), "1".into())].into());
    assert_eq!(one.node.metrics.fenced.load(Ordering::Relaxed), 1);
    assert!(one.delete("team").await.is_err());
    assert!(two.journal("team").commit(vec![save("a", "3")]).await.is_ok());
}

#[tokio::test]
async fn node_acknowledges_nothing_after_its_time() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let clock = TestClock::new();
    let (mut one, two) = (clock.open(&url, "one").await, open(&url, "two").await);
    one.create(stored("team")).await.unwrap();
    let journal = one.journal("team");
    journal.commit(vec![save("a", "1")]).await.unwrap();
    one.stop_renewing().await;
    clock.advance(ACKNOWLEDGE_TIME);
    let mut late = journal.commit(vec![save("a", "2")]);
    // The commit reaches the database, but is not acknowledged.
    let is_written = || {
        let database = url.rsplit('/').next().unwrap();
        server.execute(database, "SELECT value FROM psom.state") == "2"
    };
    while !is_written() {
        assert!(futures_util::poll!(&mut late).is_pending());
        tokio::task::yield_now().await;
    }
    expire(server, &url, "one");
    assert_eq!(two.claim("team").await, Ok(Claim::Owned));
    assert_eq!(two.load("team").await.unwrap(), [("a".into(), "2".into())].into());
    assert!(futures_util::poll!(&mut late).is_pending());
    // The node finds out that it has lost its lease, and continues without the meeting.
    one.resume_renewing();
    assert!(is_moved(&late.await));
    assert!(is_moved(&journal.commit(vec![save("a", "3")]).await));
    one.create(stored("next")).await.unwrap();
    one.journal("next").commit(vec![save("a", "1")]).await.unwrap();
    assert_eq!(one.node.metrics.lost_leases.load(Ordering::Relaxed), 1);
    let claim = one.claim("team").await.unwrap();
    assert!(matches!(claim, Claim::Elsewhere(owner) if owner.node == "two"));
    assert_eq!(*one.health().borrow(), Health::Good);
}

#[tokio::test]
async fn node_continues_if_its_lease_is_renewed_late() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let clock = TestClock::new();
    let mut one = clock.open(&url, "one").await;
    one.create(stored("team")).await.unwrap();
    one.stop_renewing().await;
    clock.advance(ACKNOWLEDGE_TIME * 10);
    expire(server, &url, "one");
    let mut late = one.journal("team").commit(vec![save("a", "1")]);
    assert!(futures_util::poll!(&mut late).is_pending());
    one.resume_renewing();
    late.await.unwrap();
    assert_eq!(one.node.metrics.lost_leases.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn restarted_node_frees_its_meetings_at_once() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (mut one, two) = (open(&url, "one").await, open(&url, "two").await);
    one.create(stored("team")).await.unwrap();
    one.stop_renewing().await;
    let again = open(&url, "one").await;
    assert_eq!(two.claim("team").await, Ok(Claim::Owned));
    let claim = again.claim("team").await.unwrap();
    assert!(matches!(claim, Claim::Elsewhere(owner) if owner.node == "two"));
    assert!(is_moved(&one.journal("team").commit(vec![save("a", "late")]).await));
}

#[tokio::test]
async fn second_process_with_the_name_of_a_node_ends_the_first() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let one = open(&url, "one").await;
    one.create(stored("team")).await.unwrap();
    let _second = open(&url, "one").await;
    let mut health = one.health();
    let failed = health.wait_for(|health| matches!(health, Health::Failed(_))).await.unwrap();
    assert_eq!(*failed, Health::Failed(Error::NodeTaken("one".into())));
    drop(failed);
    let text = one.create(stored("late")).await.unwrap_err().to_string();
    assert!(text.contains("a data directory of its own"), "{text}");
}

#[tokio::test]
async fn commits_of_many_meetings_share_a_statement() {
    let Some(server) = shared_server() else { return };
    let one = open(&server.create_database(), "one").await;
    let ids: Vec<String> = (0..20).map(|number| format!("meeting{number}")).collect();
    for id in &ids {
        one.create(stored(id)).await.unwrap();
    }
    let journals: Vec<_> = ids.iter().map(|id| one.journal(id)).collect();
    // No other task runs on this thread in between.
    let commits: Vec<_> = (0..1000)
        .map(|turn| journals[turn % 20].commit(vec![save(turn.to_string(), "x")]))
        .collect();
    for commit in commits {
        commit.await.unwrap();
    }
    assert_eq!(one.node.metrics.commits.load(Ordering::Relaxed), 1);
    assert_eq!(one.load("meeting7").await.unwrap().len(), 50);
}

#[tokio::test]
async fn server_with_lax_settings_is_refused() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    server.execute(database, &format!("ALTER DATABASE {database} SET synchronous_commit = off"));
    let refused = PostgresStore::open(config(&url, "one"), Durability::Full).await.unwrap_err();
    assert!(refused.to_string().contains("synchronous_commit = off"), "{refused}");
    PostgresStore::open(config(&url, "one"), Durability::Process).await.unwrap();

    server.execute(database, "UPDATE psom.format SET version = 3");
    let refused = PostgresStore::open(config(&url, "one"), Durability::Process).await.unwrap_err();
    assert!(refused.to_string().contains("format 3"), "{refused}");
    let missing = config(&server.url("missing"), "one");
    let refused = PostgresStore::open(missing, Durability::Full).await.unwrap_err();
    assert!(refused.to_string().contains("missing"), "{refused}");
}

fn token(secret: &str, lifetime: Duration) -> StoredToken {
    StoredToken {
        token: secret.into(),
        meeting: "team".into(),
        invitation: Some("invitation".into()),
        value: "Ada".into(),
        lifetime,
    }
}

#[tokio::test]
async fn token_is_taken_once_by_any_node() {
    const LIFETIME: Duration = Duration::from_secs(120);
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (one, two) = (open(&url, "one").await, open(&url, "two").await);
    one.add_token(token("first", LIFETIME), None).await.unwrap();
    assert_eq!(two.find_token("first").await.unwrap().as_deref(), Some("team"));
    let (at_one, at_two) = tokio::join!(one.take_token("first"), two.take_token("first"));
    let taken = [at_one.unwrap(), at_two.unwrap()];
    assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), ["Ada"]);
    assert_eq!(two.find_token("first").await, Ok(None));

    one.add_token(token("old", LIFETIME), None).await.unwrap();
    one.add_token(token("new", LIFETIME), Some("old".into())).await.unwrap();
    assert_eq!(two.take_token("old").await, Ok(None), "it was replaced");
    two.revoke_tokens("invitation").await.unwrap();
    assert_eq!(one.take_token("new").await, Ok(None), "it was revoked");

    one.add_token(token("late", Duration::ZERO), None).await.unwrap();
    assert_eq!(two.find_token("late").await, Ok(None));
    assert_eq!(two.take_token("late").await, Ok(None));
    one.add_token(token("last", LIFETIME), None).await.unwrap();
    let database = url.rsplit('/').next().unwrap();
    let left = server.execute(database, "SELECT token FROM psom.tokens");
    assert_eq!(left, "last", "expired tokens are removed");
}

#[tokio::test]
async fn statement_that_waits_does_not_delay_others() {
    const LIFETIME: Duration = Duration::from_secs(120);
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let one = open(&url, "one").await;
    one.add_token(token("first", LIFETIME), None).await.unwrap();
    let mut other = PgConnection::connect(&url).await.unwrap();
    raw_sql("BEGIN; SELECT FROM psom.tokens FOR UPDATE").execute(&mut other).await.unwrap();
    let mut taking = one.take_token("first");
    let second = async {
        one.add_token(token("second", LIFETIME), None).await.unwrap();
        one.take_token("second").await.unwrap()
    };
    tokio::select! {
        taken = &mut taking => panic!("another session has locked the token: {taken:?}"),
        taken = second => assert_eq!(taken.as_deref(), Some("Ada")),
    }
    raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(taking.await.unwrap().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn database_does_not_compile_the_statements_of_a_node() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let database = Database::new(&url, "one", Durability::Full).unwrap();
    let mut connection = database.connect().await.unwrap();
    let sql = "SELECT current_setting('jit'), current_setting('enable_seqscan')";
    let settings = query(sql).fetch_one(&mut connection).await.unwrap();
    let [jit, scans] = [0, 1].map(|column| settings.get::<String, _>(column));
    assert_eq!((&*jit, &*scans), ("off", "off"));
}

#[tokio::test]
async fn meeting_is_handed_over_after_its_last_commit() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (one, two) = (open(&url, "one").await, open(&url, "two").await);
    one.create(stored("team")).await.unwrap();
    let journal = one.journal("team");
    let last = journal.commit(vec![save("a", "last")]);
    let handing = one.hand_over("team", Some("two"));
    let late = journal.commit(vec![save("a", "late")]);
    handing.await.unwrap();
    last.await.unwrap();
    assert!(is_moved(&late.await));
    assert!(!one.owns("team"));
    let claim = one.claim("team").await.unwrap();
    assert!(matches!(claim, Claim::Elsewhere(owner) if owner.node == "two"));
    assert_eq!(two.claim("team").await, Ok(Claim::Owned));
    assert_eq!(two.load("team").await.unwrap(), [("a".into(), "last".into())].into());
    two.journal("team").commit(vec![save("a", "next")]).await.unwrap();
    assert_eq!(one.hand_over("team", Some("two")).await, Err(Error::NoMeeting("team".into())));
}

#[tokio::test]
async fn meeting_without_a_successor_is_free() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (one, two) = (open(&url, "one").await, open(&url, "two").await);
    for meeting in ["given", "draining", "nobody"] {
        one.create(stored(meeting)).await.unwrap();
    }
    two.set_draining(true).await.unwrap();
    for (meeting, to) in [("given", None), ("draining", Some("two")), ("nobody", Some("three"))] {
        one.hand_over(meeting, to).await.unwrap();
        assert_eq!(two.locate(meeting).await, Ok(None));
        assert_eq!(one.claim(meeting).await, Ok(Claim::Owned), "{meeting}");
    }
    assert_eq!(two.locate("none").await, Err(Error::NoMeeting("none".into())));
    assert_eq!(two.locate("given").await.unwrap().unwrap().node, "one");
}

#[tokio::test]
async fn least_loaded_node_that_is_not_draining_gets_meetings() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let (one, two) = (open(&url, "one").await, open(&url, "two").await);
    assert_eq!(one.other_node().await.unwrap().unwrap().node, "two");
    let mut three = open(&url, "three").await;
    two.create(stored("team")).await.unwrap();
    assert_eq!(one.other_node().await.unwrap().unwrap().node, "three");
    three.set_draining(true).await.unwrap();
    assert_eq!(one.other_node().await.unwrap().unwrap().node, "two");
    let nodes = one.nodes().await.unwrap();
    let nodes = nodes.iter().map(|node| (&*node.node.node, node.is_draining, node.meetings));
    assert_eq!(
        nodes.collect::<Vec<_>>(),
        [("one", false, 0), ("three", true, 0), ("two", false, 1)]
    );
    // A node that has lost its lease is still draining afterwards.
    three.create(stored("other")).await.unwrap();
    three.stop_renewing().await;
    expire(server, &url, "three");
    assert_eq!(two.claim("other").await, Ok(Claim::Owned));
    three.resume_renewing();
    while three.node.metrics.lost_leases.load(Ordering::Relaxed) == 0
        || !one.nodes().await.unwrap().iter().any(|node| node.node.node == "three")
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(one.other_node().await.unwrap().unwrap().node, "two");
    let owners = one.owners(vec!["team".into(), "none".into()]).await.unwrap();
    assert_eq!(owners, [("team".into(), "two".into())].into());
}

#[tokio::test]
async fn tables_of_the_first_version_are_upgraded() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    open(&url, "one").await.close().await.unwrap();
    let sql = "DROP TABLE psom.tokens; ALTER TABLE psom.nodes DROP COLUMN draining; \
               DROP INDEX psom.owners; UPDATE psom.format SET version = 1";
    server.execute(database, sql);
    let one = open(&url, "one").await;
    one.add_token(token("first", Duration::from_secs(9)), None).await.unwrap();
    one.close().await.unwrap();
    server.execute(database, "UPDATE psom.format SET version = 3");
    let later = PostgresStore::open(config(&url, "one"), Durability::Full).await;
    assert!(later.unwrap_err().to_string().contains("format 3"));
}
