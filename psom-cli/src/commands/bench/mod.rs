//! Measures how a server serves a meeting with many members.

mod figures;
mod members;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::Upload,
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::{
    figures::{Figures, Row},
    members::{LOCAL_ID_PREFIX, Members, Receipts},
};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::session::{LinkArgs, Meeting},
    terminal::{out, progress, table},
};

/// The time that the benchmark waits for receipts after the last action.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Measure joins, annotations and votes in a meeting with many members
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom bench LINK
  psom bench LINK --members 200 --rate 50 --seconds 30
  psom bench LINK --json

The link must be an open invitation for presenters. The command creates a whiteboard and a poll, and
deletes them at the end. The members stay in the list of participants as people who have left. All
members run in this process, so a measured time ends when this machine has received the message. To
measure the server alone, run the command on another machine.")]
pub(crate) struct Bench {
    #[command(flatten)]
    link: LinkArgs,
    /// The number of people who join.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=10_000))]
    members: u32,
    /// The number of annotations and of votes per second.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// The time during which annotations are drawn.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Print a JSON object for each row, with times in seconds.
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(crate) async fn run(self) -> Result {
        let mut meeting = self.link.enter().await?;
        let suffix: u32 = rand::random();
        let board = create(&mut meeting, whiteboard(suffix)?).await?;
        let poll = match create(&mut meeting, poll(suffix)?).await {
            Ok(poll) => poll,
            Err(error) => {
                delete(&meeting, board).await;
                return Err(error);
            }
        };
        let result = self.measure(board, poll).await;
        for content in [board, poll] {
            delete(&meeting, content).await;
        }
        meeting.leave().await?;
        self.print(&result?)
    }

    async fn measure(&self, board: i64, poll: i64) -> Result<Vec<Row>> {
        let receipts = Arc::new(Receipts::new(board, poll));
        let (members, joins) = Members::join(&self.link, self.members, &receipts).await?;
        let annotations = self.draw(&members, board, &receipts).await;
        let votes = self.vote(&members, poll, &receipts).await;
        members.leave().await;
        Ok(vec![joins, annotations?, votes?])
    }

    /// Draws annotations at the rate. Each figure is the time from an action to its receipt by one
    /// member.
    async fn draw(&self, members: &Members, board: i64, receipts: &Receipts) -> Result<Row> {
        let count = self.rate as usize * self.seconds as usize;
        let bar = progress::counted("drawing", count as u64);
        let mut ticks = interval(Duration::from_secs(1) / self.rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let begin = Instant::now();
        for index in 0..count {
            ticks.tick().await;
            let local = format!("{LOCAL_ID_PREFIX}{index}");
            let properties = Properties::from([
                (Property::LocalId, local),
                (Property::Anchor, format!("{},{}", index % 640, index / 640 % 480)),
                (Property::DrawingType, "Freehand".to_owned()),
                (Property::Stroke, "#000000".to_owned()),
                (Property::StrokeThickness, "2".to_owned()),
                (Property::Fill, "none".to_owned()),
                (Property::Data, "M0 0 L10 10".to_owned()),
            ]);
            receipts.drawn(index);
            let member = members.at(index);
            member
                .act(move |conference, cx| {
                    conference.add_annotation(cx, board, Kind::Drawing, properties)
                })
                .await?;
            bar.inc(1);
        }
        let expected = count * members.len();
        let received = timeout(RECEIPT_TIMEOUT, receipts.wait_for_drawings(expected)).await;
        bar.finish_and_clear();
        received.map_err(|_| lost("annotations", receipts.drawings(), expected))?;
        Ok(Figures::new(receipts.take_drawings()).row(
            "annotation received",
            count,
            begin.elapsed(),
        ))
    }

    /// Lets each member vote once, at the rate. Each figure is the time from a vote to its answer.
    async fn vote(&self, members: &Members, poll: i64, receipts: &Receipts) -> Result<Row> {
        let bar = progress::counted("voting", members.len() as u64);
        let mut ticks = interval(Duration::from_secs(1) / self.rate);
        let begin = Instant::now();
        for index in 0..members.len() {
            ticks.tick().await;
            receipts.voted(index);
            let act = members
                .at(index)
                .act(move |conference, cx| conference.vote(cx, poll, Some(index % 2)));
            act.await?;
            bar.inc(1);
        }
        let received = timeout(RECEIPT_TIMEOUT, receipts.wait_for_votes(members.len())).await;
        bar.finish_and_clear();
        received.map_err(|_| lost("votes", receipts.votes(), members.len()))?;
        Ok(Figures::new(receipts.take_votes()).row("vote counted", members.len(), begin.elapsed()))
    }

    fn print(&self, rows: &[Row]) -> Result {
        if self.json {
            return rows.iter().try_for_each(|row| out::line(row.json()));
        }
        let headings = ["ACTION", "COUNT", "PER SECOND", "P50", "P99", "MAX"];
        table::print(headings, rows.iter().map(Row::cells))
    }
}

fn lost(what: &str, received: usize, expected: usize) -> CommandError {
    CommandError::new(format!(
        "only {received} of {expected} {what} have arrived in time; use a lower --rate"
    ))
}

fn whiteboard(suffix: u32) -> Result<Upload> {
    Upload::whiteboard(format!("Benchmark {suffix:08x}")).or_cannot("pack the whiteboard")
}

fn poll(suffix: u32) -> Result<Upload> {
    let title = format!("Benchmark poll {suffix:08x}");
    Upload::poll(title, "Which?", ["one", "other"]).or_cannot("pack the poll")
}

async fn create(meeting: &mut Meeting, upload: Upload) -> Result<i64> {
    let created = meeting.upload(upload).await?;
    let content = created
        .ok_or_else(|| CommandError::new("the server has created no content; update the server"))?;
    Ok(content)
}

/// Deletes a content. The benchmark's result matters more than a failure to clean up.
async fn delete(meeting: &Meeting, content: i64) {
    let _ = meeting.act(move |conference, cx| conference.delete_content(cx, content)).await;
}
