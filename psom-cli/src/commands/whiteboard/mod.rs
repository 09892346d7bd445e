//! `psom whiteboard`: what can be done on a board.

mod export;
mod input;
mod pin;
mod svg;

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, Subcommand};
use psom_objects::{
    annotation::{Change, Constraint, Kind, Properties, Property},
    client::{Board, BoardEvent, Event, Parcel, explain},
};

use self::{
    input::{color, number, point, size, sizes},
    svg::Drawing,
};
use crate::{
    failure::{Failure, Result, While},
    joined::{Joined, LinkArgs},
    out, texts,
};

/// Draw on a whiteboard, or make a picture of it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom whiteboard LINK Ideas create
  psom whiteboard LINK Ideas draw --path \"M10 10 L 100 100\" --stroke \"#ff0000\" --width 4
  psom whiteboard LINK Ideas draw house.svg --at 200,100
  psom whiteboard LINK Ideas text \"Buy milk\" --at 20,40 --size 24
  psom whiteboard LINK Ideas image photo.jpg --at 300,20 --size 320,240
  psom whiteboard LINK Ideas list
  psom whiteboard LINK Ideas remove 3 4
  psom whiteboard LINK Ideas export -o ideas.svg

Places and sizes are in pixels, x to the right and y down. Colors are #RRGGBB, #AARRGGBB or none.
Organizers and presenters draw; everybody lists and exports what they see. It works on
presentations as well, by their titles, but for `create`.")]
pub struct Whiteboard {
    #[command(flatten)]
    link: LinkArgs,
    /// The board's title.
    title: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create an empty board
    Create,
    /// Draw a path
    Draw(Draw),
    /// Write a text
    Text(Text),
    /// Pin an image on the board
    Image {
        /// A PNG or JPEG file.
        file: PathBuf,
        /// Where its upper left corner is.
        #[arg(long, value_name = "X,Y", value_parser = point, default_value = "0,0",
            allow_hyphen_values = true)]
        at: String,
        /// How large it is shown; by default as it is, but no side longer than 640.
        #[arg(long, value_name = "W,H", value_parser = sizes)]
        size: Option<String>,
    },
    /// Print what is on the board, a line each
    List,
    /// Remove annotations
    Remove {
        /// Their numbers, as `list` prints them.
        #[arg(required = true, value_name = "NUMBER")]
        ids: Vec<i32>,
    },
    /// Remove everything
    Clear,
    /// Write the whole board as an SVG picture
    Export {
        /// Where to; to standard output where that is `-` or nothing is said.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace a file that is there.
        #[arg(short, long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
struct Draw {
    /// An SVG file: each of its paths is drawn, with the colors, opacities and `translate` that it
    /// and its groups have; colors are in the form #RRGGBB. Other shapes, transforms and styles are
    /// left out, and named.
    #[arg(value_name = "FILE.svg", conflicts_with = "path")]
    file: Option<PathBuf>,
    /// The path itself, as in an SVG file.
    #[arg(long, value_name = "DATA")]
    path: Option<String>,
    /// What the path is moved by.
    #[arg(long, value_name = "X,Y", value_parser = point, allow_hyphen_values = true)]
    at: Option<String>,
    /// The color of the line; black where neither this nor the file says.
    #[arg(long, value_name = "COLOR", value_parser = color)]
    stroke: Option<String>,
    /// The thickness of the line; 2 where neither this nor the file says.
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    width: Option<String>,
    /// The color inside; none where neither this nor the file says.
    #[arg(long, value_name = "COLOR", value_parser = color)]
    fill: Option<String>,
}

#[derive(Debug, Args)]
struct Text {
    /// The text.
    text: String,
    /// Where its upper left corner is.
    #[arg(long, value_name = "X,Y", value_parser = point, default_value = "0,0",
        allow_hyphen_values = true)]
    at: String,
    /// The size of the font.
    #[arg(long, value_name = "NUMBER", value_parser = size, default_value = "16")]
    size: String,
    /// The color.
    #[arg(long, value_parser = color, default_value = "#000000")]
    color: String,
    /// The font.
    #[arg(long, default_value = "Sans")]
    font: String,
    /// How wide it may be before it goes on in the next line.
    #[arg(long, value_name = "NUMBER", value_parser = size)]
    width: Option<String>,
    /// It runs from right to left.
    #[arg(long)]
    rtl: bool,
}

impl Whiteboard {
    pub async fn run(self) -> Result {
        if let Action::Draw(Draw { file: None, path: None, .. }) = self.action {
            let why = "there is nothing to draw; name an SVG file, or give a path with --path";
            return Err(Failure::new(why));
        }
        let mut joined = self.link.join().await?;
        let title = &self.title;
        if let Action::Create = self.action {
            texts::check_line("the title", title)?;
            let parcel = Parcel::whiteboard(title).or_cannot("create the board")?;
            joined.upload(parcel).await?;
            joined.leave().await?;
            let title = out::printable(title);
            return out::line(format_args!("Created the whiteboard \"{title}\"."));
        }
        let (id, content) = joined.content(title)?;
        if content.board.is_none() {
            let why = format!("\"{title}\" is nothing to draw on; choose a whiteboard");
            return Err(Failure::new(why));
        }
        let mut at = At { joined, content: id };
        let said = match self.action {
            Action::Create => String::new(),
            Action::Draw(draw) => at.draw(draw).await?,
            Action::Text(text) => at.write(text).await?,
            Action::Image { file, at: place, size } => at.pin(&file, place, size).await?,
            Action::List => at.list(),
            Action::Remove { ids } => at.remove(ids).await?,
            Action::Clear => at.clear(title).await?,
            Action::Export { output, force } => at.export(output.as_deref(), force).await?,
        };
        at.joined.leave().await?;
        if said.is_empty() { Ok(()) } else { out::line(said) }
    }
}

/// At a board.
struct At {
    joined: Joined,
    content: i64,
}

impl At {
    fn board(&self) -> Board {
        let content = self.joined.model.contents.get(&self.content);
        content.and_then(|content| content.board.clone()).unwrap_or_default()
    }

    async fn draw(&mut self, draw: Draw) -> Result<String> {
        let (drawings, left_out) = match (&draw.file, draw.path) {
            (Some(file), _) => {
                let svg::Drawings { drawings, left_out } = svg::read(file)?;
                (drawings, left_out)
            }
            (None, path) => {
                let data = path.unwrap_or_default();
                if let Some(at) = svg::mistake(&data) {
                    let (before, after) = data.split_at_checked(at).unwrap_or(("", &data));
                    let begin: String = after.chars().take(20).collect();
                    let place = before.chars().count() + 1;
                    return Err(Failure::new(match begin.is_empty() {
                        true => {
                            "the path ends too early; write one like \"M10 10 L 100 100\"".into()
                        }
                        false => format!(
                            "the path has a mistake at \"{begin}\" (character {place}); write one \
                             like \"M10 10 L 100 100\""
                        ),
                    }));
                }
                (vec![Drawing { data, ..Drawing::default() }], None)
            }
        };
        for drawing in &drawings {
            let most = Constraint::MaxDrawingPathDataLength;
            self.check_length(&drawing.data, most, "a path", "draw a simpler one")?;
        }
        let mut ids = Vec::new();
        for drawing in drawings {
            let anchor = drawing.moved(draw.at.as_deref());
            let stroke = draw.stroke.clone().or(drawing.stroke);
            let width = draw.width.clone().or(drawing.width);
            let fill = draw.fill.clone().or(drawing.fill);
            let properties = Properties::from([
                (Property::DrawingType, "Freehand".to_owned()),
                (Property::Anchor, anchor),
                (Property::Stroke, stroke.unwrap_or_else(|| "#000000".to_owned())),
                (Property::StrokeThickness, width.unwrap_or_else(|| "2".to_owned())),
                (Property::Fill, fill.unwrap_or_else(|| "none".to_owned())),
                (Property::Data, drawing.data),
            ]);
            ids.push(self.add(Kind::Drawing, properties).await?);
        }
        let left_out = left_out.map_or_else(String::new, |what| format!("\nLeft out: {what}."));
        Ok(format!("Drew {}.{left_out}", numbers(&ids)))
    }

    async fn write(&mut self, text: Text) -> Result<String> {
        if text.text.trim().is_empty() {
            return Err(Failure::new("a text cannot be blank; write something"));
        }
        let most = Constraint::MaxTextLength;
        self.check_length(&text.text, most, "the text", "make it shorter")?;
        let direction = if text.rtl { "RTL" } else { "LTR" };
        let mut properties = Properties::from([
            (Property::Anchor, text.at),
            (Property::Text, text.text),
            (Property::FontFace, text.font),
            (Property::FontSize, text.size),
            (Property::FontColor, text.color),
            (Property::TextDirection, direction.to_owned()),
        ]);
        if let Some(width) = text.width {
            properties.insert(Property::Width, width);
        }
        let id = self.add(Kind::Text, properties).await?;
        Ok(format!("Wrote {}.", numbers(&[id])))
    }

    /// Refuses what is longer than the server has announced that it takes.
    fn check_length(&self, text: &str, most: Constraint, what: &str, instead: &str) -> Result {
        let most = self.board().constraints.get(&most).copied();
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let length = text.encode_utf16().count();
        if length <= most {
            return texts::check_length(what, text);
        }
        let why = format!("{what} has {length} characters, and the server takes {most}; {instead}");
        Err(Failure::new(why))
    }

    /// Adds an annotation, and returns the number that the server gave it.
    async fn add(&mut self, kind: Kind, mut properties: Properties) -> Result<i32> {
        let (content, local) = (self.content, local_id());
        properties.insert(Property::LocalId, local.clone());
        self.joined
            .act(move |conference, cx| conference.add_annotation(cx, content, kind, properties))
            .await?;
        self.until("whether it takes the annotation", |event| match event {
            BoardEvent::Changed { change: Change::Add { id, annotation }, .. }
                if annotation.get(Property::LocalId) == Some(&local) =>
            {
                Some(Ok(*id))
            }
            // The one thing under way, so the answer is about it whatever is left of its values.
            BoardEvent::AddRefused { code, .. } => Some(Err(refused(code))),
            _ => None,
        })
        .await
    }

    fn list(&self) -> String {
        let model = &self.joined.model;
        let board = self.board();
        let lines = board.annotations.iter().map(|(id, annotation)| {
            let owner = model.users.get(&annotation.owner);
            let owner =
                owner.map_or_else(|| format!("User {}", annotation.owner), |it| it.name.clone());
            let place = annotation.get(Property::Anchor).unwrap_or("0,0");
            let text = annotation.get(Property::Text).map(|text| format!("\t{text}"));
            let (kind, text) = (annotation.kind.name(), text.unwrap_or_default());
            let line = format!("{id}\t{kind}\t{place}\t{owner}{text}");
            line.split('\t').map(out::printable).collect::<Vec<_>>().join("\t")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    async fn remove(&mut self, ids: Vec<i32>) -> Result<String> {
        let content = self.content;
        let wanted: BTreeSet<_> = ids.iter().copied().collect();
        let cookie = self
            .joined
            .act(move |conference, cx| conference.remove_annotations(cx, content, ids))
            .await?;
        let removed = self
            .until("what it removes", |event| match event {
                BoardEvent::Changed { change: Change::Remove { ids, .. }, cookie: Some(of) }
                    if *of == cookie =>
                {
                    Some(Ok(ids.clone()))
                }
                BoardEvent::RemovalRefused { cookie: Some(of), code, .. } if *of == cookie => {
                    Some(Err(refused(code)))
                }
                _ => None,
            })
            .await?;
        let rest: Vec<_> = wanted.into_iter().filter(|id| !removed.contains(id)).collect();
        Ok(match rest.len() {
            0 => format!("Removed {}.", numbers(&removed)),
            1 => format!("Removed {}; there is no {}.", numbers(&removed), numbers(&rest)),
            _ => format!("Removed {}; there are no {}.", numbers(&removed), numbers(&rest)),
        })
    }

    async fn clear(&mut self, title: &str) -> Result<String> {
        let content = self.content;
        self.joined.act(move |conference, cx| conference.clear_annotations(cx, content)).await?;
        self.until("whether it clears the board", |event| match event {
            BoardEvent::Changed { change: Change::Clear { .. }, .. } => Some(Ok(())),
            BoardEvent::ClearRefused { code } => Some(Err(refused(code))),
            _ => None,
        })
        .await?;
        Ok(format!("Cleared \"{}\".", out::printable(title)))
    }

    /// Waits for an answer about this board.
    async fn until<T>(
        &mut self,
        what: &str,
        mut is_it: impl FnMut(&BoardEvent) -> Option<Result<T>>,
    ) -> Result<T> {
        let content = self.content;
        let answer = self.joined.until(what, |event, _| match event {
            Event::Board { id, event } if *id == content => is_it(event),
            Event::ContentRemoved { id } if *id == content => {
                Some(Err(Failure::new("the board was deleted meanwhile")))
            }
            _ => None,
        });
        answer.await?
    }
}

fn refused(code: &str) -> Failure {
    Failure::explained(&explain::annotation(code))
}

/// A name for an annotation that nobody else chooses.
fn local_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn numbers(ids: &[i32]) -> String {
    let all: Vec<_> = ids.iter().map(i32::to_string).collect();
    let plural = if ids.len() == 1 { "" } else { "s" };
    format!("annotation{plural} {}", all.join(", "))
}
