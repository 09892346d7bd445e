//! Commands whose connection ends near the end of the server's answers. The server has performed the request or
//! not; the command joins again, and must not have a second effect.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::support::Stage;

/// The numbers of bytes at the end of the server's answers that a command does not receive. A TLS record has 22
/// bytes besides its content, and most answers are short, so that each number loses more answers than the one before.
const LOST_BYTES: [usize; 5] = [1, 40, 90, 160, 300];

/// A way to a server, for one command. Its first connection to the conference ends after a number of bytes from the
/// server.
struct Way {
    link: String,
    /// The bytes from the server on the first connection.
    received: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Way {
    fn open(link: &str, limit: usize) -> Self {
        let address = |prefix: &str| -> SocketAddr {
            let (_, rest) = link.split_once(prefix).unwrap();
            rest[..rest.find(['/', '&']).unwrap()].parse().unwrap()
        };
        let (conference, web) = (address("psom://"), address("&http=http://"));
        let [near, near_web] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [at, at_web] = [&near, &near_web].map(|near| near.local_addr().unwrap());
        let link = link
            .replace(&conference.to_string(), &at.to_string())
            .replace(&web.to_string(), &at_web.to_string());
        let [received, connections] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let (counted, opened) = (Arc::clone(&received), Arc::clone(&connections));
        forward(near, conference, move |number, bytes| {
            opened.fetch_max(number + 1, Ordering::SeqCst);
            if number > 0 {
                return Some(bytes);
            }
            let left = limit - counted.fetch_add(bytes.len(), Ordering::SeqCst).min(limit);
            (bytes.len() <= left).then_some(bytes)
        });
        // The server names its own address in the answer to an invitation, which arrives in one piece.
        let [from, to] = [conference, at].map(|address| address.to_string().into_bytes());
        assert_eq!(from.len(), to.len(), "the ports of tests have five digits");
        forward(near_web, web, move |_, mut bytes| {
            while let Some(place) = bytes.windows(from.len()).position(|window| window == from) {
                bytes[place..place + to.len()].copy_from_slice(&to);
            }
            Some(bytes)
        });
        Self { link, received, connections }
    }
}

/// Forwards connections to a server. `pass` receives the number of the connection and bytes from the server, and
/// returns the bytes for the client, or `None` to end the connection.
fn forward(
    near: TcpListener,
    to: SocketAddr,
    pass: impl Fn(usize, Vec<u8>) -> Option<Vec<u8>> + Send + Sync + 'static,
) {
    let pass = Arc::new(pass);
    thread::spawn(move || {
        for (number, client) in near.incoming().enumerate() {
            let (client, server) = (client.unwrap(), TcpStream::connect(to).unwrap());
            let (mut from_client, mut to_server) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                // Either side may end the connection at any time.
                let _ = io::copy(&mut from_client, &mut to_server);
                let _ = to_server.shutdown(Shutdown::Write);
            });
            let (mut server, mut client, pass) = (server, client, Arc::clone(&pass));
            thread::spawn(move || {
                let mut buffer = vec![0; 64 << 10];
                while let Ok(count @ 1..) = server.read(&mut buffer)
                    && let Some(bytes) = pass(number, buffer[..count].to_vec())
                    && client.write_all(&bytes).is_ok()
                {}
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            });
        }
    });
}

/// A command that changes a meeting.
struct Case {
    /// The commands before it.
    before: &'static [&'static [&'static str]],
    command: &'static [&'static str],
    /// A command that prints the effect, or an error.
    effect: &'static [&'static str],
}

/// Runs the command of a case in a new meeting. Returns its output and its effect, and the bytes that it has received.
fn run(stage: &Stage, case: &Case, meeting: &str, limit: usize) -> ([String; 2], usize, usize) {
    stage.ok(&["meeting", "create", meeting]);
    let link = stage.ok(&["invite", meeting, "--name", "Ada", "--role", "presenter"]);
    let fill = |arguments: &[&'static str], link: &str| {
        let fill = |argument: &&str| argument.replace("LINK", link);
        arguments.iter().map(fill).collect::<Vec<_>>()
    };
    let ok = |arguments: Vec<String>| {
        stage.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for arguments in case.before {
        ok(fill(arguments, &link));
    }
    let way = Way::open(&link, limit);
    let output = ok(fill(case.command, &way.link));
    // Some commands also print that they join again, and `edit` prints an address with a secret.
    let output = output.lines().filter(|line| !line.ends_with("joining again."));
    let output = output.map(|line| if line.starts_with("http") { "an address" } else { line });
    let output = output.collect();
    let effect = fill(case.effect, &link);
    let effect = stage.run(&effect.iter().map(String::as_str).collect::<Vec<_>>());
    let effect = String::from_utf8([effect.stdout, effect.stderr].concat()).unwrap();
    let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    stage.ok(&["meeting", "end", meeting]);
    ([output, effect], count(&way.received), count(&way.connections))
}

const BOARD: &[&str] = &["whiteboard", "LINK", "x", "create"];
const TEXT: &[&str] = &["whiteboard", "LINK", "x", "text", "a"];
const BOARD_LIST: &[&str] = &["whiteboard", "LINK", "x", "list"];
const QNA: &[&str] = &["qna", "LINK", "create", "x"];
const ASK: &[&str] = &["qna", "LINK", "ask", "x", "Why?"];
const QNA_SHOW: &[&str] = &["qna", "LINK", "show", "x"];
const POLL: &[&str] =
    &["poll", "LINK", "create", "x", "--question", "?", "--choice", "a", "--choice", "b"];
const VOTE: &[&str] = &["poll", "LINK", "vote", "x", "b"];
const RESULTS: &[&str] = &["poll", "LINK", "results", "x"];
const NOTES: &[&str] = &["notes", "LINK", "create", "x", "--url", "https://a.example/x"];
const NOTES_SHOW: &[&str] = &["notes", "LINK", "show", "x"];
const SHARE: &[&str] = &["share", "LINK", "two.svg"];
const LIST: &[&str] = &["list", "LINK"];

const CASES: &[Case] = &[
    Case { before: &[], command: BOARD, effect: LIST },
    Case { before: &[BOARD], command: &["rename", "LINK", "x", "y"], effect: LIST },
    Case { before: &[BOARD], command: &["delete", "LINK", "x"], effect: LIST },
    Case { before: &[BOARD], command: &["visibility", "LINK", "x", "presenters"], effect: LIST },
    Case { before: &[BOARD], command: TEXT, effect: BOARD_LIST },
    Case {
        before: &[BOARD],
        command: &["whiteboard", "LINK", "x", "draw", "two.svg"],
        effect: BOARD_LIST,
    },
    Case {
        before: &[BOARD, TEXT, TEXT],
        command: &["whiteboard", "LINK", "x", "remove", "1"],
        effect: BOARD_LIST,
    },
    Case {
        before: &[BOARD, TEXT, TEXT],
        command: &["whiteboard", "LINK", "x", "clear"],
        effect: BOARD_LIST,
    },
    Case { before: &[], command: QNA, effect: QNA_SHOW },
    Case { before: &[QNA], command: ASK, effect: QNA_SHOW },
    Case {
        before: &[QNA, ASK],
        command: &["qna", "LINK", "answer", "x", "1", "So."],
        effect: QNA_SHOW,
    },
    Case { before: &[], command: POLL, effect: RESULTS },
    Case { before: &[POLL], command: VOTE, effect: RESULTS },
    Case { before: &[POLL, VOTE], command: &["poll", "LINK", "clear", "x"], effect: RESULTS },
    Case {
        before: &[POLL],
        command: &[
            "poll",
            "LINK",
            "modify",
            "x",
            "--question",
            "!",
            "--choice",
            "c",
            "--choice",
            "d",
        ],
        effect: RESULTS,
    },
    Case { before: &[POLL], command: &["poll", "LINK", "close", "x"], effect: LIST },
    Case { before: &[], command: NOTES, effect: NOTES_SHOW },
    Case { before: &[NOTES], command: &["notes", "LINK", "error", "x"], effect: NOTES_SHOW },
    Case { before: &[], command: SHARE, effect: LIST },
    #[cfg(feature = "cell")]
    Case { before: &[SHARE], command: &["edit", "LINK", "two.svg"], effect: LIST },
];

const TWO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg">
    <path d="M0 100 V40" stroke="#803000"/><path d="M45 100 v-40" stroke="#803000"/>
</svg>"##;

#[test]
fn a_command_whose_answers_are_lost_has_one_effect() {
    let stage = Stage::open(&[]);
    fs::write(stage.file("two.svg"), TWO).unwrap();
    let (next, cuts) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let number = next.fetch_add(1, Ordering::SeqCst)
            && let Some(case) = CASES.get(number)
        {
            let meeting = |lost: usize| format!("m{number}-{lost}");
            let (expected, length, _) = run(&stage, case, &meeting(0), usize::MAX);
            for lost in LOST_BYTES {
                let (result, received, connections) =
                    run(&stage, case, &meeting(lost), length - lost);
                assert_eq!(result, expected, "{:?}, without {lost} of {received}", case.command);
                if connections > 1 {
                    cuts.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    };
    // The commands wait most of the time.
    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(work))));
    let joined_again = cuts.into_inner();
    assert!(joined_again > CASES.len(), "{joined_again} commands have joined again");
}
