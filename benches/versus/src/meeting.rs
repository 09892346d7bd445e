//! The rows with a meeting and its store: an annotation, joining, and a shared file.

use std::{
    fs,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use psom::ClientSession;
use psom_client::{JoinLink, Joined, Upload};
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::{BoardEvent, Conference, ContentEvent, Event},
    package::{ContentDetail, CreateContent},
};

use crate::{Result, meeting_server::MeetingServer, process::written_bytes, rows::sizes::*};

fn properties() -> Properties {
    Properties::from([
        (Property::Anchor, "10,20".into()),
        (Property::Extent, "300,200".into()),
        (Property::DrawingType, "Freehand".into()),
        (Property::Stroke, "#80FF0000".into()),
        (Property::StrokeThickness, "2.5".into()),
        (Property::Data, "M0 0 L10 10 L20 5 L30 30 L40 25 L50 60 L60 55 L70 100 L80 95".into()),
    ])
}

/// Adds an annotation, and waits until the server has announced it, which it does when it is durable.
async fn annotate(joined: &mut Joined, content: i64) -> Result<()> {
    let kind = Kind::Drawing;
    joined.act(move |it, cx| it.add_annotation(cx, content, kind, properties())).await?;
    while let Some(event) = joined.next().await {
        let Event::Content { event: ContentEvent::Board(event), .. } = event else { continue };
        match event {
            BoardEvent::Changed { .. } => return Ok(()),
            // The snapshot of the board begins with them.
            BoardEvent::Constraints { .. } => {}
            other => return Err(format!("the annotation was not added: {other:?}").into()),
        }
    }
    Err("the connection has ended".into())
}

/// Returns the server's CPU time in microseconds for an annotation that is sent when the one before is
/// announced.
pub async fn annotation(durability: &str) -> Result<Vec<f64>> {
    let mut server = MeetingServer::start(durability).await?;
    let link = server.admit(1).await?.remove(0);
    let mut joined = link.enter("artist").await?;
    let board = joined.upload(Upload::whiteboard("Board")?).await?;
    let mut cpu = server.settled().await?;
    for number in 0..2 * ANNOTATIONS {
        if number == ANNOTATIONS {
            cpu = server.cpu()?;
        }
        annotate(&mut joined, board).await?;
    }
    let spent = server.cpu()? - cpu;
    joined.leave().await;
    server.stop().await?;
    Ok(vec![spent.as_nanos() as f64 / 1e3 / ANNOTATIONS as f64])
}

/// Joins, and counts the users that the server announces.
async fn join(link: JoinLink, announced: Arc<AtomicU64>) -> Result<ClientSession<Conference>> {
    let listener = move |event: Event| {
        if let Event::UserAdded { .. } = event {
            announced.fetch_add(1, Ordering::Relaxed);
        }
    };
    Ok(link.join(|scope| Conference::new(scope, listener)).await?)
}

/// Returns the server's CPU time in milliseconds for each of the users who join until there are `count`, and
/// for each of those who join one after another when there are `count`.
pub async fn joining(count: usize) -> Result<Vec<f64>> {
    let mut server = MeetingServer::start("process").await?;
    let mut links = server.admit(count + NEWCOMERS).await?;
    let newcomers = links.split_off(count);
    let announced = Arc::new(AtomicU64::new(0));
    let begin = server.settled().await?;
    let joining = links.into_iter().map(|link| join(link, announced.clone()));
    let members: Vec<_> =
        stream::iter(joining).buffer_unordered(JOINS_AT_ONCE).try_collect().await?;
    let all_there = server.settled().await?;
    let expected = announced.load(Ordering::Relaxed);
    assert!(expected >= (count * count) as u64, "all members know all: {expected}");
    let mut later = Vec::new();
    for link in newcomers {
        let session = join(link, announced.clone()).await?;
        session.settled().await?;
        later.push(session);
    }
    let end = server.settled().await?;
    drop((members, later));
    server.stop().await?;
    let millis = |spent: Duration, joins: usize| spent.as_nanos() as f64 / 1e6 / joins as f64;
    Ok(vec![millis(all_there - begin, count), millis(end - all_there, NEWCOMERS)])
}

/// Shares a file. Returns megabytes per second until the content exists, the server's CPU seconds for each
/// gigabyte, and the bytes that it has written for each byte.
pub async fn share() -> Result<Vec<f64>> {
    let mut server = MeetingServer::start("full").await?;
    let link = server.admit(1).await?.remove(0);
    let joined = link.enter("presenter").await?;
    let content = CreateContent::new("file.bin", ContentDetail::NativeFileOnly);
    let data = vec![0xa5; SHARED_FILE_BYTES];
    let upload = Upload::new(content.with_native_file("file.bin"), [("file.bin", &data[..])])?;
    drop(data);
    let (cpu, written, begin) = (server.settled().await?, server.written_bytes()?, Instant::now());
    joined.upload(upload).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let spent = server.settled().await? - cpu;
    let written = server.written_bytes()? - written;
    joined.leave().await;
    server.stop().await?;
    let bytes = SHARED_FILE_BYTES as f64;
    Ok(vec![bytes / 1e6 / seconds, spent.as_secs_f64() * 1e9 / bytes, written as f64 / bytes])
}

/// Writes and syncs a file of the same size, with the same figures.
pub fn write_file() -> Result<Vec<f64>> {
    let path = std::env::temp_dir().join(format!("psom-versus-{}.raw", std::process::id()));
    let (data, written) = (vec![0xa5; 1 << 20], written_bytes("self")?);
    let (cpu, begin) = (crate::process::cpu_time("self")?, Instant::now());
    let mut file = fs::File::create(&path)?;
    for _ in 0..SHARED_FILE_BYTES / data.len() {
        file.write_all(&data)?;
    }
    file.sync_all()?;
    let seconds = begin.elapsed().as_secs_f64();
    let spent = crate::process::cpu_time("self")? - cpu;
    fs::remove_file(path)?;
    let bytes = SHARED_FILE_BYTES as f64;
    let written = written_bytes("self")? - written;
    Ok(vec![bytes / 1e6 / seconds, spent.as_secs_f64() * 1e9 / bytes, written as f64 / bytes])
}
