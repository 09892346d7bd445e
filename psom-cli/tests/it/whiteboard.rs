//! Whiteboards on the command line, and under load.

use std::fs;

use crate::support::{Stage, psom};
use psom::{Client, ClientSession, Context};
use psom_objects::{
    annotation::{self, Kind, Properties, Property, text::Delta},
    client::{Conference, ContentEvent, Event, Upload, UploadEvent},
    types::Role,
};
use psom_server::{JoinCredential, JoinLink, Options, Server};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

/// A PNG with a red frame around white.
fn picture() -> Vec<u8> {
    let image = image::RgbImage::from_fn(60, 40, |x, y| {
        let is_frame = x < 4 || y < 4 || x >= 56 || y >= 36;
        image::Rgb(if is_frame { [200, 30, 30] } else { [250, 240, 200] })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

const HOUSE: &str = r##"<svg xmlns="http://www.w3.org/2000/svg">
    <path d="M0 100 V40 L60 0 L120 40 V100 Z" stroke="#803000" stroke-width="4" fill="#ffe0a0"/>
    <path d="M45 100 v-40 h30 v40" stroke="#803000" fill="#a05020"/>
</svg>"##;

fn a_board(options: &[&str]) {
    let stage = Stage::open(options);
    let (link, guests) = (stage.link.as_str(), stage.guests.as_str());
    let board = |arguments: &[&str]| {
        let all = ["whiteboard", link, "Ideas"];
        stage.ok(&all.iter().chain(arguments).copied().collect::<Vec<_>>())
    };
    let fails = |link: &str, arguments: &[&str]| {
        let all = ["whiteboard", link, "Ideas"];
        stage.fails(&all.iter().chain(arguments).copied().collect::<Vec<_>>())
    };
    assert_eq!(board(&["create"]), "Created the whiteboard \"Ideas\".");
    assert!(fails(link, &["create"]).contains("choose another title"));
    let mut watch = stage.start(&["watch", "--all", guests]);
    watch.until(&["All of \"Ideas\" has arrived."]);

    fs::write(stage.file("house.svg"), HOUSE).unwrap();
    assert_eq!(board(&["draw", "house.svg", "--at", "40,120"]), "Drew annotations 1, 2.");
    watch.until(&["has added drawing 2 to \"Ideas\"."]);
    let sun = ["draw", "--path", "M300 60 a40 40 0 1 0 80 0 a40 40 0 1 0 -80 0", "--fill"];
    let sun = [&sun[..], &["#ffd000", "--stroke", "#e0a000", "--width", "3"]].concat();
    assert_eq!(board(&sun), "Drew annotation 3.");
    let curve = "M20 260 C 100 200 160 320 240 260 S 380 200 420 270";
    board(&["draw", "--path", curve, "--stroke", "#8000a000", "--width", "8"]);
    let text = ["text", "Our house <&>", "--at", "40,20", "--size", "32", "--color", "#0040c0"];
    assert_eq!(board(&text), "Wrote annotation 5.");
    assert_eq!(board(&["text", "-5"]), "Wrote annotation 6.");
    board(&["remove", "6"]);
    let long = "A longer text that goes on in the next line when it comes to its end";
    board(&["text", long, "--at", "200,130", "--width", "160"]);
    fs::write(stage.file("photo.png"), picture()).unwrap();
    let image = ["image", "photo.png", "--at", "360,130", "--size", "90,60"];
    assert_eq!(board(&image), "Added annotation 8.");
    watch.until(&["The picture of image 8 on \"Ideas\" is at "]);

    let list = board(&["list"]);
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 7, "{list}");
    assert_eq!(lines[4][..3], ["5", "text", "40,20"]);
    assert_eq!(lines[4][4], "Our house <&>");

    let exported = board(&["export", "-o", "ideas.svg"]);
    assert_eq!(exported, "Exported 7 annotations to ideas.svg.");
    let svg = fs::read_to_string(stage.file("ideas.svg")).unwrap();
    assert!(svg.contains("data:image/png;base64,iVBOR") && svg.contains("Our house &lt;&amp;&gt;"));
    assert!(svg.contains("d=\"M0 100L0 40L60 0L120 40L120 100Z\""), "{svg}");
    if let Some(directory) = std::env::var_os("PSOM_KEEP_PICTURES") {
        fs::write(std::path::Path::new(&directory).join("ideas.svg"), &svg).unwrap();
    }
    assert_eq!(board(&["export", "-o", "-"]), svg.trim_end());
    assert!(!stage.file("-").exists());
    // An attendee sees the same board, and may not change it.
    assert_eq!(stage.ok(&["whiteboard", guests, "Ideas", "export"]), svg.trim_end());
    for refused in [&["clear"][..], &["remove", "1"], &["text", "x"], &["draw", "--path", "M0 0"]] {
        assert!(fails(guests, refused).contains("join as a presenter"), "{refused:?}");
    }
    let large = fails(link, &["text", "x", "--size", "500"]);
    assert!(large.contains("the font is larger than the server accepts"), "{large}");
    assert!(fails(link, &["image", "house.svg"]).contains("it is not an image"));
    assert!(fails(link, &["draw", "photo.png"]).contains("photo.png is not an SVG file"));
    let mistake = fails(link, &["draw", "--path", "M0 0 L1 1 nowhere"]);
    assert!(mistake.contains("a mistake at \"nowhere\" (character 11)"), "{mistake}");
    assert!(fails(link, &["draw", "--path", "M0 0 L1"]).contains("the path is incomplete"));
    // A long path is simplified and divided. One that cannot be divided is rejected.
    let dots = format!("M0 0{}", " 1".repeat(10_000));
    assert_eq!(board(&["draw", "--path", &dots]), "Drew annotation 9.");
    board(&["remove", "9"]);
    let chords = (0..7_000).map(|index| {
        let angle = f64::from(index) * 3.1;
        format!(" {:.1} {:.1}", 500.0 * angle.cos(), 500.0 * angle.sin())
    });
    let star = format!("M{}Z", chords.collect::<String>());
    let long = fails(link, &["draw", "--fill", "#ff0000", "--path", &star]);
    assert!(long.contains("characters, and the server accepts 20000"), "{long}");
    let long = fails(link, &["text", &"x".repeat(10_001)]);
    assert!(long.contains("the text has 10001 characters, and the server accepts 10000"), "{long}");
    assert!(fails(link, &["draw"]).contains("give a path with --path"));
    assert!(fails(link, &["text", " \n"]).contains("is empty; write something"));
    assert!(fails(guests, &["image", "photo.png"]).contains("join as a presenter"));
    assert!(fails(link, &["remove", "99"]).contains("none of these annotations"));
    assert!(fails(link, &["export", "-o", "ideas.svg"]).contains("--force"));
    board(&["export", "-o", "ideas.svg", "--force"]);

    let removed = "Removed annotations 1, 2; there is no annotation 99.";
    assert_eq!(board(&["remove", "1", "2", "99"]), removed);
    assert_eq!(board(&["clear"]), "Removed all annotations from \"Ideas\".");
    assert!(fails(link, &["clear"]).contains("the board has no annotations"));
    assert_eq!(board(&["list"]), "");
    watch.until(&["has removed all annotations from \"Ideas\"."]);
    fs::write(stage.file("plan.txt"), "plan").unwrap();
    stage.ok(&["share", link, "plan.txt"]);
    assert!(stage.fails(&["whiteboard", link, "plan.txt", "list"]).contains("choose a whiteboard"));
    watch.interrupt();
    stage.server.interrupt();
}

#[test]
fn a_board_is_drawn_and_exported_over_http() {
    a_board(&[]);
}

#[test]
fn a_board_is_drawn_and_exported_over_https() {
    a_board(&["--https"]);
}

#[test]
fn whiteboard_help_lists_every_action() {
    let directory = tempfile::tempdir().unwrap();
    let help = psom(directory.path()).args(["whiteboard", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for action in ["create", "draw", "text", "image", "list", "remove", "clear", "export"] {
        assert!(help.contains(action), "{help}");
    }
    assert!(help.contains("Examples"), "{help}");
}

/// A client of the meeting, with its events.
struct Guest {
    session: ClientSession<Conference>,
    events: mpsc::UnboundedReceiver<Event>,
}

async fn join(link: &JoinLink, name: &str) -> Guest {
    let JoinCredential::Invitation { secret, http } = &link.credential else {
        panic!("no invitation")
    };
    let (url, body) =
        (format!("{http}/api/join"), json!({ "invite": secret, "displayName": name }).to_string());
    let ask = move || {
        let request = ureq::post(url).header("content-type", "application/json");
        let text = request.send(body).unwrap().into_body().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["sAuthId"].as_str().unwrap().to_owned()
    };
    let token = tokio::task::spawn_blocking(ask).await.unwrap();
    let (sender, events) = mpsc::unbounded_channel();
    let session = Client::builder()
        .root_with(|scope| Conference::new(scope, move |event| drop(sender.send(event))))
        .token(token)
        .tls(link.tls().unwrap())
        .alternative_name(link.alternative_name.as_str())
        .connect(&link.address)
        .await
        .unwrap();
    Guest { session, events }
}

impl Guest {
    async fn until(&mut self, is_it: impl Fn(&Event) -> bool) {
        while let Some(event) = self.events.recv().await {
            if is_it(&event) {
                return;
            }
        }
        panic!("the connection is over: {}", self.session.ended().await);
    }

    /// Waits until the server has handled all requests of this client, and this client has received the
    /// results. Reserves an empty title, which the server always refuses. The server answers in order, so
    /// the refusal comes last.
    async fn settle(&mut self) {
        let ask = |conference: &mut Conference, cx: &mut Context<Conference>| {
            conference.reserve_title(cx, "").unwrap()
        };
        let fence = self.session.run(ask).await.unwrap();
        let is_it = |event: &Event| matches!(event, Event::Upload { cookie, event: UploadEvent::TitleReservation { .. } } if *cookie == fence);
        self.until(is_it).await;
    }

    async fn board(&self, content: i64) -> annotation::Board {
        let board = self.session.run(move |conference, _| board(conference, content));
        board.await.unwrap()
    }
}

fn board(conference: &Conference, content: i64) -> annotation::Board {
    let content = conference.model().contents.get(&content);
    content.and_then(|content| content.board.clone()).unwrap_or_default().annotations
}

/// A generator of reproducible random numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        (self.0 >> 33) as usize % sides
    }
}

/// Adds, changes or removes an annotation that this client knows.
fn act(conference: &mut Conference, cx: &mut Context<Conference>, content: i64, dice: &mut Dice) {
    let known = board(conference, content);
    let ids: Vec<_> = known.iter().map(|(id, _)| id).collect();
    let value = dice.roll(1000).to_string();
    let any = |dice: &mut Dice| ids.get(dice.roll(ids.len().max(1))).copied();
    match (dice.roll(10), any(dice)) {
        (0..4, _) | (_, None) => {
            let kind = [Kind::Drawing, Kind::Text][dice.roll(2)];
            let properties = [(Property::Anchor, value), (Property::Text, "text".to_owned())];
            conference.add_annotation(cx, content, kind, Properties::from(properties)).unwrap();
        }
        (4..6, Some(id)) => {
            let properties = Properties::from([(Property::Stroke, value)]);
            conference.change_annotation(cx, content, id, properties).unwrap();
        }
        (6, Some(_)) => {
            let group = ids.iter().copied().filter(|_| dice.roll(10) == 0).collect();
            conference.change_annotations(cx, content, group, Property::Fill, value).unwrap();
        }
        (7, Some(id)) if known.get(id).unwrap().kind == Kind::Text => {
            let deltas = vec![Delta::new(0, 1, value)];
            conference.change_text(cx, content, id, deltas).unwrap();
        }
        (8, Some(id)) => conference.remove_annotation(cx, content, id).unwrap(),
        (_, Some(id)) => drop(conference.remove_annotations(cx, content, vec![id, 1]).unwrap()),
    }
}

/// Runs a server, and a test with a client that has created a board.
fn on_a_board<F: Future<Output = ()>>(run: impl FnOnce(JoinLink, Guest, i64) -> F) {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        listen: "127.0.0.1:0".into(),
        http: "127.0.0.1:0".into(),
        data: directory.path().join("data"),
        demo: true,
        ..Options::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::start(options).await.unwrap();
        let link = server.demo_links().iter().find(|link| link.role == Role::Presenter);
        let link = link.unwrap().link.clone();
        let mut ada = join(&link, "Ada").await;
        ada.until(|event| *event == Event::Ready).await;
        let parcel = Upload::whiteboard("Board").unwrap();
        ada.session.run(|conference, cx| conference.upload(cx, parcel)).await.unwrap().unwrap();
        ada.until(|event| {
            matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. })
        })
        .await;
        let content = ada.session.run(|conference, _| {
            let model = conference.model();
            model.content_titled("Board").unwrap().0
        });
        let content = content.await.unwrap();
        run(link, ada, content).await;
    });
}

/// A newcomer receives a whole board at once, which must not make it a slow consumer.
#[test]
fn a_newcomer_receives_a_full_board() {
    on_a_board(|link, mut ada, content| async move {
        for _ in 0..32 {
            let draw = move |conference: &mut Conference, cx: &mut Context<Conference>| {
                for _ in 0..10 {
                    let properties = Properties::from([(Property::Data, "M".repeat(20_000))]);
                    conference.add_annotation(cx, content, Kind::Drawing, properties).unwrap();
                }
            };
            ada.session.run(draw).await.unwrap();
            ada.settle().await;
        }
        let board = ada.board(content).await;
        assert!((150..160).contains(&board.len()), "{}", board.len());
        let mut late = join(&link, "Edsger").await;
        late.until(|event| {
            matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. })
        })
        .await;
        assert_eq!(late.board(content).await, board);
    });
}

/// The number of actions of each of the two clients.
const TURNS: usize = 1000;

#[test]
fn concurrent_clients_and_a_newcomer_see_the_same_board() {
    on_a_board(|link, ada, content| async move {
        let mut grace = join(&link, "Grace").await;
        grace
            .until(|event| {
                matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. })
            })
            .await;

        let (progress, mut half) = watch::channel(0);
        let run = |mut guest: Guest, seed: u64, progress: watch::Sender<usize>| async move {
            let mut dice = Dice(seed);
            for turn in 0..TURNS {
                let seed = dice.roll(usize::MAX >> 1) as u64;
                let turn_of = move |conference: &mut Conference, cx: &mut Context<_>| {
                    let mut dice = Dice(seed);
                    (0..dice.roll(4)).for_each(|_| act(conference, cx, content, &mut dice));
                };
                guest.session.run(turn_of).await.unwrap();
                progress.send_replace(turn);
            }
            guest.settle().await;
            guest
        };
        let first = tokio::spawn(run(ada, 1, progress));
        let second = tokio::spawn(run(grace, 2, watch::channel(0).0));
        half.wait_for(|turn| *turn >= TURNS / 2).await.unwrap();
        let mut late = join(&link, "Edsger").await;
        late.until(|event| {
            matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. })
        })
        .await;
        let (mut ada, mut grace) = (first.await.unwrap(), second.await.unwrap());
        for guest in [&mut ada, &mut grace, &mut late] {
            guest.settle().await;
        }
        let board = ada.board(content).await;
        assert!(board.len() > 100, "{}", board.len());
        assert_eq!(grace.board(content).await, board);
        assert_eq!(late.board(content).await, board);
        // A client that joins at the end.
        let mut last = join(&link, "Barbara").await;
        last.until(|event| {
            matches!(event, Event::Content { event: ContentEvent::ExtendedReady, .. })
        })
        .await;
        assert_eq!(last.board(content).await, board);
    });
}
