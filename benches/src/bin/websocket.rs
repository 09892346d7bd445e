//! Compares members of one meeting that are connected by WebSocket with members over TCP: the server's memory
//! for each connection, and the time until a stroke is at each member. Both kinds use TLS. The server is a
//! process of its own, and all members are in this one.
//!
//! ```text
//! cargo run --release --bin websocket [MEMBERS] [STROKES]
//! ```
//! The defaults are 1,000 members and 100 strokes.

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use psom::{Client, ClientSession, net::websocket};
use psom_objects::{
    annotation::{Change, Kind, Properties, Property},
    client::{BoardEvent, Conference, ContentEvent, Event, Upload},
    types::Role,
};
use psom_server::{JoinCredential, JoinLink, Options, Server};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// Bytes of a page of memory on the platforms where the bench runs.
const PAGE_BYTES: usize = 4096;

/// The time in which the server frees what it needed for the joins.
const SETTLE_TIME: Duration = Duration::from_secs(3);

/// The pause between two strokes, so that each is measured alone.
const STROKE_PAUSE: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--serve") {
        return serve().await;
    }
    let number = |at: usize, default| {
        arguments.get(at).map_or(default, |text: &String| text.parse().expect("a number"))
    };
    let (members, strokes) = (number(0, 1000), number(1, 100));
    println!("transport   memory/connection   joined in   fan-out p50   p99   last member p50");
    for websocket in [false, true, false, true] {
        measure(websocket, members, strokes).await;
    }
}

/// Runs the server's process. It prints a link for each user whose name is a line of the input.
async fn serve() {
    let directory = env::temp_dir().join(format!("psom-bench-websocket-{}", std::process::id()));
    let options = Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        https: true,
        data: directory.clone(),
        ..Options::default()
    };
    let server = Server::start(options).await.expect("started");
    server.create_meeting("bench", None).await.expect("created");
    println!("{}", server.http_addr());
    for name in std::io::stdin().lines() {
        let name = name.expect("a name");
        let uri = format!("sip:{name}@example.com");
        let link = server.admit("bench", &uri, &name, Role::Presenter).await.expect("admitted");
        println!("{link}");
    }
    server.shutdown(Duration::from_secs(5)).await;
    let _ = std::fs::remove_dir_all(&directory);
}

/// A running process of [`serve`].
struct Remote {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    http: String,
}

impl Remote {
    fn start() -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a server");
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("output")).lines();
        let http = output.next().expect("a line").expect("an address");
        Self { child, input, output, http }
    }

    fn link(&mut self, name: &str) -> JoinLink {
        let input = self.input.as_mut().expect("running");
        writeln!(input, "{name}").expect("written");
        let link = self.output.next().expect("a line").expect("a link");
        link.parse().expect("a join link")
    }

    /// Returns the memory of the server that is in use, in bytes.
    fn memory(&self) -> usize {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id()));
        let statm = statm.expect("a process");
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
        pages.expect("resident pages") * PAGE_BYTES
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

async fn join(
    link: &JoinLink,
    http: Option<&str>,
    listener: impl FnMut(Event) + Send + 'static,
) -> ClientSession<Conference> {
    let root = |scope: &mut _| Conference::new(scope, listener);
    let Some(http) = http else { return link.join(root).await.expect("joined") };
    let JoinCredential::Token(token) = &link.credential else { panic!("a link with a token") };
    let stream = TcpStream::connect(http).await.expect("connected");
    let tls = link.tls().expect("an authority");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream = TlsConnector::from(tls).connect(name, stream).await.expect("TLS");
    let stream = websocket::connect(stream, &format!("wss://{http}/psom")).await;
    let client = Client::builder().root_with(root).token(token);
    client.connect_stream(stream.expect("a WebSocket")).await.expect("joined")
}

async fn measure(websocket: bool, members: usize, strokes: usize) {
    let mut server = Remote::start();
    let http = websocket.then(|| server.http.clone());
    let (ready, mut is_ready) = mpsc::unbounded_channel();
    let (seen, mut is_seen) = mpsc::unbounded_channel();
    let link = server.link("ada");
    let mut steps = Some(ready.clone());
    let ada = join(&link, http.as_deref(), move |event| {
        let is_board = matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. });
        if (is_board || matches!(event, Event::Ready))
            && let Some(steps) = &steps
        {
            let _ = steps.send(());
        }
        if is_board {
            steps = None;
        }
    });
    let ada = Arc::new(ada.await);
    is_ready.recv().await.expect("the meeting");
    let parcel = Upload::whiteboard("Board").expect("a package");
    ada.run(|conference, cx| conference.upload(cx, parcel)).await.expect("sent").expect("uploaded");
    is_ready.recv().await.expect("a board");
    tokio::time::sleep(SETTLE_TIME).await;

    let (before, start) = (server.memory(), Instant::now());
    let mut sessions = Vec::new();
    for member in 0..members {
        let link = server.link(&format!("member{member}"));
        let (ready, seen) = (ready.clone(), seen.clone());
        let session = join(&link, http.as_deref(), move |event| match event {
            Event::Content { event: ContentEvent::ExtendedReady, .. } => drop(ready.send(())),
            Event::Content {
                event: ContentEvent::Board(BoardEvent::Changed { change: Change::Add { .. }, .. }),
                ..
            } => drop(seen.send(Instant::now())),
            _ => {}
        });
        sessions.push(session.await);
        is_ready.recv().await.expect("the meeting");
    }
    let joined = start.elapsed();
    tokio::time::sleep(SETTLE_TIME).await;
    let memory = server.memory().saturating_sub(before) / members;

    let (mut times, mut lasts) = (Vec::new(), Vec::new());
    for stroke in 0..strokes {
        let drawn = Instant::now();
        ada.run(move |conference, cx| {
            let data = format!("M{stroke} 0Q10 20 30 40Q50 60 70 80Q90 100 110 120");
            let properties = [(Property::Anchor, "0,0".to_owned()), (Property::Data, data)];
            conference.add_annotation(cx, 1, Kind::Drawing, Properties::from(properties))
        })
        .await
        .expect("connected")
        .expect("sent");
        let mut last = Duration::ZERO;
        for _ in 0..members {
            let time = is_seen.recv().await.expect("a stroke").duration_since(drawn);
            times.push(time);
            last = last.max(time);
        }
        lasts.push(last);
        tokio::time::sleep(STROKE_PAUSE).await;
    }
    times.sort_unstable();
    lasts.sort_unstable();
    println!(
        "{:<10} {:>12} KiB {:>15.1?} {:>13.2?} {:>8.2?} {:>11.2?}",
        if websocket { "WebSocket" } else { "TCP" },
        memory / 1024,
        joined,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        lasts[lasts.len() / 2],
    );
}
