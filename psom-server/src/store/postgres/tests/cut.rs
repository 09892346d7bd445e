//! A node that loses the database, but not its clients.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    sync::watch,
};

use super::{super::lease_rules::LEASE_DURATION, server::shared_server, *};

/// The name of the socket of a PostgreSQL server with the default port.
const SOCKET: &str = ".s.PGSQL.5432";

/// A way to the database that can be cut: connections stay open, and nothing arrives any more.
struct Way {
    directory: TempDir,
    is_cut: watch::Sender<bool>,
}

impl Way {
    fn open(to: PathBuf) -> Self {
        let directory = TempDir::with_prefix("psom-way-").unwrap();
        let listener = UnixListener::bind(directory.path().join(SOCKET)).unwrap();
        let is_cut = watch::Sender::new(false);
        let cut = is_cut.subscribe();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (to, mut cut) = (to.clone(), cut.clone());
                tokio::spawn(async move {
                    let mut server = UnixStream::connect(to).await.unwrap();
                    let cut = async move { drop(cut.wait_for(|is_cut| *is_cut).await) };
                    tokio::select! {
                        biased;
                        () = cut => {}
                        _ = copy_bidirectional(&mut client, &mut server) => return,
                    }
                    // Both connections stay open.
                    std::future::pending::<()>().await;
                });
            }
        });
        Self { directory, is_cut }
    }

    /// Returns the URL of a database by this way.
    fn url(&self, url: &str) -> String {
        let directory = self.directory.path().display().to_string().replace('/', "%2F");
        format!("postgres://psom@{directory}/{}", url.rsplit('/').next().unwrap())
    }
}

/// Returns the socket in a URL of the tests' server.
fn socket(url: &str) -> PathBuf {
    let host = url.split(['@', '/']).nth(3).unwrap().replace("%2F", "/");
    Path::new(&host).join(SOCKET)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_without_the_database_is_silent_before_its_lease_ends() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    let way = Way::open(socket(&url));
    let (one, two) = (open(&way.url(&url), "one").await, open(&url, "two").await);
    one.create(stored("team")).await.unwrap();
    let journal = one.journal("team");
    let acknowledged = watch::Sender::new((0, Instant::now()));
    let last = acknowledged.subscribe();
    let committing = tokio::spawn(async move {
        for turn in 0.. {
            if journal.commit(vec![save(format!("{turn:08}"), "one")]).await.is_err() {
                return;
            }
            acknowledged.send_replace((turn + 1, Instant::now()));
        }
    });
    last.clone().wait_for(|(turns, _)| *turns >= 50).await.unwrap();
    way.is_cut.send_replace(true);
    let cut = Instant::now();
    while two.claim("team").await.unwrap() != Claim::Owned {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    two.journal("team").commit(vec![save("next", "two")]).await.unwrap();
    let taken = Instant::now();
    let (turns, silent) = *last.borrow();
    assert!(silent < taken, "acknowledgements of two owners overlap");
    assert!(silent.saturating_duration_since(cut) < LEASE_DURATION);
    let saved = two.load("team").await.unwrap().len() - 1;
    assert!(turns <= saved, "{turns} turns were acknowledged, {saved} are saved");
    committing.abort();
}
