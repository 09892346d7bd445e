//! Servers of a cluster, as processes, that are killed and suspended under load.
//!
//! `scripts/kill_cluster.sh` runs these tests with more kills, and the measurements.
#![expect(clippy::print_stderr, reason = "figures")]

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr as _,
    time::{Duration, Instant},
};

use psom::ClientSession;
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::{Conference, Event, Model, Upload},
};
use psom_server::{JoinCredential, JoinLink, Options, Server, ServerFile};
use rustix::process::{Pid, WaitOptions, waitpid};
use tempfile::TempDir;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    acknowledgements::Acknowledgements,
    cluster::{ask, postgres::shared_server},
    durable::options,
    s3::{at_endpoint, bucket::Bucket},
};

/// The environment variables of a node's process.
const URL: &str = "PSOM_TEST_CLUSTER";
const ENDPOINT: &str = "PSOM_TEST_ENDPOINT";
const DATA: &str = "PSOM_TEST_DATA";

/// The number of kills. The tests of every build need few, and do not check the times, because they run
/// beside other tests.
const KILLS: &str = "PSOM_TEST_KILLS";
const DEFAULT_KILLS: usize = 2;

/// The test that is a node's process.
const NODE: &str = "failures::node_runs_until_its_input_ends";

/// The time in which a meeting must continue elsewhere.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Limits the waiting time of a hanging test.
const MAX_SILENCE: Duration = Duration::from_secs(120);

/// The number of annotations after which the owner is killed, more or less.
const ANNOTATIONS: usize = 40;

/// The number of annotations that are sent without waiting for their answers.
const IN_FLIGHT: usize = 8;

fn node_options(data: &Path, url: &str, endpoint: &str) -> Options {
    let blobs = at_endpoint(endpoint, "some/prefix");
    Options { blobs, cluster: Some(url.into()), ..options(data) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is run, and stopped, by the tests below"]
async fn node_runs_until_its_input_ends() {
    let data = env::var(DATA).unwrap();
    let options = match (env::var(URL), env::var(ENDPOINT)) {
        (Ok(url), Ok(endpoint)) => node_options(Path::new(&data), &url, &endpoint),
        // A server that is not part of a cluster.
        _ => options(Path::new(&data)),
    };
    let server = Server::start(options).await.unwrap();
    println!("\nready");
    let input = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = input.await;
    server.shutdown(Duration::from_secs(1)).await;
}

/// A node as a process.
struct Node {
    child: Child,
    file: ServerFile,
}

impl Node {
    fn start(data: &Path, url: &str, endpoint: &str) -> Self {
        Self::start_with(data, &[(URL, url), (ENDPOINT, endpoint)])
    }

    fn start_with(data: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([NODE, "--exact", "--ignored", "--nocapture"])
            .envs(variables.iter().copied())
            .env(DATA, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "ready"), "the node has started");
        // The pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, file: ServerFile::read(data).unwrap() }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Suspends the process, and waits until all its threads have stopped. A signal alone lets some of them
    /// run on for a moment.
    fn suspend(&self) {
        self.signal("-STOP");
        let pid = Pid::from_child(&self.child);
        let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{status:?}");
    }

    async fn metric(&self, name: &str) -> u64 {
        let (_, page) = ask(&self.file, "GET", "/metrics", "").await;
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("psom_{name} ")));
        line.unwrap().parse().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Three nodes with one meeting.
struct Cluster {
    nodes: Vec<Node>,
    data: Vec<TempDir>,
    url: String,
    bucket: Bucket,
    invitation: JoinLink,
}

impl Cluster {
    /// Starts the nodes. Without PostgreSQL, it says so and returns `None`.
    async fn start() -> Option<Self> {
        let url = shared_server()?.create_database();
        let bucket = Bucket::open().await;
        let data: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
        let start = |data: &TempDir| Node::start(data.path(), &url, &bucket.endpoint);
        let nodes: Vec<_> = data.iter().map(start).collect();
        let created = ask(&nodes[0].file, "POST", "/api/meetings", r#"{"id": "team"}"#).await;
        assert_eq!(created.0, 201, "{}", created.1);
        let path = "/api/meetings/team/invitations";
        let (_, body) = ask(&nodes[1].file, "POST", path, r#"{"role": "presenter"}"#).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let invitation = JoinLink::from_str(body["joinLink"].as_str().unwrap()).unwrap();
        Some(Self { nodes, data, url, bucket, invitation })
    }

    fn restart(&mut self, node: usize) {
        self.nodes[node] = Node::start(self.data[node].path(), &self.url, &self.bucket.endpoint);
    }

    /// Joins with the help of any node but `without`. Returns the member and the owner.
    async fn join(&self, without: Option<usize>) -> (Member, usize) {
        timeout(MAX_SILENCE, self.try_to_join(without)).await.expect("a node admits the member")
    }

    async fn try_to_join(&self, without: Option<usize>) -> (Member, usize) {
        loop {
            for (number, node) in self.nodes.iter().enumerate() {
                if Some(number) == without {
                    continue;
                }
                let JoinCredential::Invitation { secret, .. } = &self.invitation.credential else {
                    panic!("a link with an invitation")
                };
                let (secret, http) = (secret.clone(), node.file.http.clone());
                let credential = JoinCredential::Invitation { secret, http };
                let link = JoinLink { credential, ..self.invitation.clone() };
                let joining = async {
                    let link = link.exchange("Ada").await.ok()?;
                    let owner = self.nodes.iter().position(|node| node.file.psom == link.address);
                    Some((Member::join(link).await?, owner?))
                };
                if let Ok(Some(joined)) = timeout(Duration::from_secs(2), joining).await {
                    return joined;
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A member of the meeting. Whatever its model has, the server has acknowledged.
struct Member {
    session: ClientSession<Conference>,
    events: UnboundedReceiver<Event>,
    model: Model,
}

impl Member {
    async fn join(link: JoinLink) -> Option<Self> {
        let (tell, events) = unbounded_channel();
        let root =
            link.join(|scope| Conference::new(scope, move |event: Event| drop(tell.send(event))));
        let mut member = Self { session: root.await.ok()?, events, model: Model::default() };
        member.until(Model::is_complete).await?;
        Some(member)
    }

    /// Applies events until a condition holds. Returns `None` at the end of the connection.
    async fn until(&mut self, is_so: impl Fn(&Model) -> bool) -> Option<()> {
        while !is_so(&self.model) {
            let next = async {
                tokio::select! {
                    // All events come before the end.
                    biased;
                    event = self.events.recv() => event,
                    _ = self.session.ended() => self.events.try_recv().ok(),
                }
            };
            let event = timeout(MAX_SILENCE, next).await;
            self.model.apply(&event.expect("an event, or the end of the connection")?);
        }
        Some(())
    }

    /// Shares a whiteboard, and returns its number.
    async fn share(&mut self) -> i64 {
        let before: BTreeSet<i64> = self.model.contents.keys().copied().collect();
        let upload = Upload::whiteboard("Sketch").unwrap();
        self.session.run(|conference, cx| conference.upload(cx, upload)).await.unwrap().unwrap();
        self.until(|model| model.contents.len() > before.len() && model.is_complete()).await;
        *self.model.contents.keys().find(|id| !before.contains(id)).unwrap()
    }

    /// Sends an annotation without waiting for the answer.
    async fn send(&self, board: i64, text: String) {
        let text = Properties::from([(Property::Text, text)]);
        let add = move |conference: &mut Conference, cx: &mut psom::Context<Conference>| {
            conference.add_annotation(cx, board, Kind::Text, text)
        };
        // A connection that has ended sends nothing.
        let _ = self.session.run(add).await;
    }

    fn texts(&self, board: i64) -> BTreeSet<String> {
        let board = self.model.contents.get(&board).and_then(|content| content.board.as_ref());
        let annotations = board.into_iter().flat_map(|board| board.annotations.iter());
        annotations.filter_map(|(_, one)| one.get(Property::Text).map(str::to_owned)).collect()
    }

    /// Adds an annotation, and waits until it is acknowledged.
    async fn write(&mut self, board: i64, text: &str) -> Option<()> {
        let count = self.texts(board).len();
        self.send(board, text.to_owned()).await;
        self.until(|model| {
            model.contents[&board].board.as_ref().is_some_and(|b| b.annotations.len() > count)
        })
        .await
    }
}

fn print_figures(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let (count, p50, p99, max) = (times.len(), at(50), at(99), at(100));
    eprintln!("{what}: {count} times, p50 {p50:?}, p99 {p99:?}, max {max:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_owner_loses_nothing_acknowledged() {
    let Some(mut cluster) = Cluster::start().await else { return };
    let measured = env::var(KILLS).ok().map(|kills| kills.parse().unwrap());
    let kills = measured.unwrap_or(DEFAULT_KILLS);
    let (mut pauses, mut acknowledged) = (Vec::new(), 0);
    let mut acknowledgements = Acknowledgements::connect(&cluster.url).await;
    for round in 0..kills {
        let (mut member, owner) = cluster.join(None).await;
        let (dying, begun) = (acknowledgements.owner().await, acknowledgements.now().await);
        let board = member.share().await;
        // The owner dies with requests under way, at another one in each round.
        let last = ANNOTATIONS + round % IN_FLIGHT;
        for number in 0..=last {
            member.send(board, number.to_string()).await;
            let seen = (number + 1).saturating_sub(IN_FLIGHT);
            let has_seen = |model: &Model| {
                let board = model.contents.get(&board).and_then(|content| content.board.as_ref());
                board.is_some_and(|board| board.annotations.len() >= seen)
            };
            member.until(has_seen).await.unwrap();
            acknowledgements.note(&dying, begun).await;
        }
        cluster.nodes[owner].signal("-KILL");
        let killed = Instant::now();
        // The rest of the acknowledgements is from before the kill.
        member.until(|_| false).await;
        acknowledgements.note(&dying, begun).await;
        let seen = member.texts(board);
        let (mut successor, next) = cluster.join(Some(owner)).await;
        assert_ne!(next, owner);
        let (living, joined) = (acknowledgements.owner().await, acknowledgements.now().await);
        let saved = successor.texts(board);
        let missing: Vec<_> = seen.difference(&saved).collect();
        assert!(missing.is_empty(), "round {round}: {missing:?} were acknowledged");
        successor.write(board, "after").await.unwrap();
        acknowledgements.note(&living, joined).await;
        pauses.push(killed.elapsed());
        acknowledged += seen.len();
        let delete = move |conference: &mut Conference, cx: &mut psom::Context<Conference>| {
            conference.delete_content(cx, board)
        };
        successor.session.run(delete).await.unwrap().unwrap();
        successor.until(|model| !model.contents.contains_key(&board)).await.unwrap();
        cluster.restart(owner);
    }
    assert!(measured.is_none() || pauses.iter().all(|pause| *pause < MAX_PAUSE), "{pauses:?}");
    assert!(acknowledgements.check() > kills, "each kill ends the time of an owner");
    print_figures("kill to the first acknowledgement elsewhere", pauses);
    eprintln!("{acknowledged} acknowledgements before the kills, none is missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_server_acknowledges_nothing_when_it_continues() {
    const SUSPENDED: Duration = Duration::from_secs(15);
    let Some(cluster) = Cluster::start().await else { return };
    let (mut member, owner) = cluster.join(None).await;
    let board = member.share().await;
    member.write(board, "before").await.unwrap();
    let owner = &cluster.nodes[owner];
    let commits = owner.metric("cluster_commits_total").await;
    owner.suspend();
    let stopped = Instant::now();
    // The server has this request when it continues.
    member.send(board, "late".to_owned()).await;
    let suspended = cluster.nodes.iter().position(|node| node.file.psom == owner.file.psom);
    let (mut successor, _) = cluster.join(suspended).await;
    successor.write(board, "after").await.unwrap();
    sleep(SUSPENDED.saturating_sub(stopped.elapsed())).await;
    owner.signal("-CONT");
    member.until(|_| false).await;
    assert_eq!(member.texts(board), BTreeSet::from(["before".into()]));
    assert_eq!(member.session.ended().await, psom::Error::PeerBroke("moved".into()));
    assert_eq!(owner.metric("cluster_commits_total").await, commits);
    successor.write(board, "last").await.unwrap();
    let expected = ["before", "after", "last"].map(str::to_owned);
    assert_eq!(successor.texts(board), BTreeSet::from(expected));
}

/// The delay of a client before it joins a meeting that has moved.
fn jitter() -> Duration {
    Duration::from_millis(fastrand::u64(0..250))
}

/// Follows a link at a server until it admits the member.
async fn rejoin(link: &JoinLink) -> Member {
    let rejoining = async {
        loop {
            if let Ok(link) = link.exchange("Ada").await
                && let Some(member) = Member::join(link).await
            {
                return member;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(MAX_SILENCE, rejoining).await.expect("a server admits the member")
}

/// Writes to a board until the meeting moves, joins it again, and checks that everything acknowledged is
/// there. Returns the time between the last acknowledgement before and the first one after.
async fn write_across_a_move(link: JoinLink, ready: UnboundedSender<()>) -> Duration {
    let mut member = rejoin(&link).await;
    let board = member.share().await;
    let (mut last, mut number) = (Instant::now(), 0);
    while member.write(board, &number.to_string()).await.is_some() {
        if number == 0 {
            ready.send(()).unwrap();
        }
        (last, number) = (Instant::now(), number + 1);
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(member.session.ended().await, psom::Error::PeerBroke("moved".into()));
    let seen = member.texts(board);
    sleep(jitter()).await;
    let mut member = rejoin(&link).await;
    assert!(seen.is_subset(&member.texts(board)), "an acknowledged annotation is missing");
    member.write(board, "after").await.unwrap();
    last.elapsed()
}

/// Takes part until the meeting moves, and joins it again. Returns the time without the meeting.
async fn watch_across_a_move(link: JoinLink, ready: UnboundedSender<()>) -> Duration {
    let mut member = rejoin(&link).await;
    ready.send(()).unwrap();
    member.until(|_| false).await;
    let ended = Instant::now();
    sleep(jitter()).await;
    rejoin(&link).await;
    ended.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is a measurement; `scripts/kill_cluster.sh` runs it"]
async fn drain_of_many_meetings_is_measured() {
    const MEETINGS: usize = 100;
    const MEMBERS: usize = 10;
    let Some(database) = shared_server() else { return };
    let (url, bucket) = (database.create_database(), Bucket::open().await);
    let data = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let options = |data: &TempDir| node_options(data.path(), &url, &bucket.endpoint);
    let one = Server::start(options(&data[0])).await.unwrap();
    let two = Server::start(options(&data[1])).await.unwrap();
    let (mut writers, mut watchers) = (JoinSet::new(), JoinSet::new());
    let (ready, mut joined) = unbounded_channel();
    for meeting in 0..MEETINGS {
        let id = format!("m{meeting}");
        one.create_meeting(&id, None).await.unwrap();
        let path = format!("/api/meetings/{id}/invitations");
        // The links lead to the server that stays.
        let (_, body) = ask(&two.server_file(), "POST", &path, r#"{"role": "presenter"}"#).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let link = JoinLink::from_str(body["joinLink"].as_str().unwrap()).unwrap();
        let JoinCredential::Invitation { secret, .. } = link.credential.clone() else {
            panic!("a link with an invitation")
        };
        let credential = JoinCredential::Invitation { secret, http: two.server_file().http };
        let link = JoinLink { credential, ..link };
        writers.spawn(write_across_a_move(link.clone(), ready.clone()));
        for _ in 1..MEMBERS {
            watchers.spawn(watch_across_a_move(link.clone(), ready.clone()));
        }
        for _ in 0..MEMBERS {
            joined.recv().await.unwrap();
        }
    }
    let start = Instant::now();
    assert_eq!(one.drain().await.unwrap(), MEETINGS);
    let (drained, handed_over) = (start.elapsed(), MEETINGS);
    let (writers, watchers) = (writers.join_all().await, watchers.join_all().await);
    eprintln!("{handed_over} meetings were handed over in {drained:?}");
    print_figures("last acknowledgement before to the first one after, per meeting", writers);
    print_figures("end of the connection to the complete meeting, per member", watchers);
    one.shutdown(Duration::from_secs(5)).await;
    two.shutdown(Duration::from_secs(5)).await;
}

/// Writes to a board of its own until the time is over. Returns the times to the acknowledgements.
async fn write_for(server: ServerFile, meeting: String, time: Duration) -> Vec<Duration> {
    let path = format!("/api/meetings/{meeting}/users");
    let user = r#"{"uri": "sip:ada", "displayName": "Ada", "role": "presenter"}"#;
    let (_, body) = ask(&server, "POST", &path, user).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let link = JoinLink::from_str(body["joinLink"].as_str().unwrap()).unwrap();
    let mut member = Member::join(link).await.unwrap();
    let board = member.share().await;
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        // Each text is short, and a board has room for some thousands.
        let sent = Instant::now();
        member.write(board, "text").await.unwrap();
        times.push(sent.elapsed());
    }
    times
}

/// Returns the processor time of a process so far.
fn processor_time(process: u32) -> Duration {
    /// The unit of the kernel's figures.
    const TICKS_PER_SECOND: u32 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program, in brackets, can contain spaces. The time in user mode and that in the kernel
    // are fields 14 and 15.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u32 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap()).sum();
    Duration::from_secs(1) * ticks / TICKS_PER_SECOND
}

/// Returns the processor time of the PostgreSQL server of a database so far.
fn processor_time_of_database(url: &str) -> Duration {
    let socket = url.split(['@', '/']).nth(3).unwrap();
    let directory = socket.replace("%2F", "/");
    let file = std::fs::read_to_string(format!("{directory}/data/postmaster.pid")).unwrap();
    let server = file.lines().next().unwrap();
    let pgrep = Command::new("pgrep").args(["-P", server]).output().unwrap();
    let children = String::from_utf8(pgrep.stdout).unwrap();
    children.lines().map(|process| processor_time(process.parse().unwrap())).sum()
}

/// Creates meetings on some servers and writes to them. Prints the meetings and the acknowledgements per second,
/// the times of the acknowledgements, and the processor time for each.
async fn measure_throughput(what: &str, nodes: &[Node], url: Option<&str>, meetings: usize) {
    const TIME: Duration = Duration::from_secs(5);
    let mut creating = JoinSet::new();
    let start = Instant::now();
    for number in 0..meetings {
        let (server, id) = (nodes[number % nodes.len()].file.clone(), format!("{what}{number}"));
        creating.spawn(async move {
            let body = format!(r#"{{"id": "{id}"}}"#);
            let created = ask(&server, "POST", "/api/meetings", &body).await;
            assert_eq!(created.0, 201, "{}", created.1);
        });
    }
    creating.join_all().await;
    let created = meetings as f64 / start.elapsed().as_secs_f64();
    let servers = || nodes.iter().map(|node| processor_time(node.child.id())).sum::<Duration>();
    let database = || url.map(processor_time_of_database).unwrap_or_default();
    let before = (servers(), database());
    let mut writers = JoinSet::new();
    for number in 0..meetings {
        let server = nodes[number % nodes.len()].file.clone();
        writers.spawn(write_for(server, format!("{what}{number}"), TIME));
    }
    let times: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let count = u32::try_from(times.len()).unwrap();
    let servers = servers().saturating_sub(before.0);
    let database = database().saturating_sub(before.1);
    let rate = f64::from(count) / TIME.as_secs_f64();
    eprintln!(
        "{what}: {meetings} meetings, {created:.0} created per second, {rate:.0} messages per second"
    );
    eprintln!(
        "  processor time per message: {:?} servers, {:?} database",
        servers / count,
        database / count
    );
    print_figures("  message to its acknowledgement", times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is a measurement; `scripts/kill_cluster.sh` runs it"]
async fn throughput_of_one_to_three_nodes_is_measured() {
    const MEETINGS: [usize; 2] = [1, 30];
    let Some(database) = shared_server() else { return };
    for meetings in MEETINGS {
        let data = tempfile::tempdir().unwrap();
        let single = [Node::start_with(data.path(), &[])];
        measure_throughput("sqlite", &single, None, meetings).await;
        for count in 1..=3 {
            let (url, bucket) = (database.create_database(), Bucket::open().await);
            let data: Vec<_> = (0..count).map(|_| tempfile::tempdir().unwrap()).collect();
            let start = |data: &TempDir| Node::start(data.path(), &url, &bucket.endpoint);
            let nodes: Vec<_> = data.iter().map(start).collect();
            measure_throughput(&format!("nodes{count}-"), &nodes, Some(&url), meetings).await;
            for node in &nodes {
                let commits = node.metric("cluster_commits_total").await;
                let micros = node.metric("cluster_commit_microseconds_total").await;
                eprintln!("  {commits} groups of commits, {} µs each", micros / commits.max(1));
            }
        }
    }
}
