mod board;
mod draw;
mod export;
mod image;
mod values;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::Upload,
};

use self::{
    board::{BoardSession, Requests},
    draw::Draw,
    values::{color, number_above_zero, point, size},
};
#[cfg(feature = "queue")]
use super::recordable::{self, Actions, Recordable, recorded};
#[cfg(feature = "queue")]
use crate::drawing::slide_number::new_local_id;
use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::{
        finding::Creation,
        session::{LinkArgs, Meeting},
        texts,
    },
    terminal::out,
};

/// Draw on a whiteboard, or export it as a picture
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
  psom whiteboard LINK Talk.pdf text \"Important\" --at 20,40 --slide 3
  psom whiteboard LINK Talk.pdf export --slide 3 -o slide.png

Positions and sizes are in pixels, x to the right and y down. Colors are #RRGGBB, #AARRGGBB or none.
Organizers and presenters draw. Everybody lists and exports the boards that they see. Presentations
have a board, too: use their titles with every action except `create`. An annotation is on the current
slide, or on that of --slide; those of programs that name no slide are on every slide.")]
pub(crate) struct Whiteboard {
    #[command(flatten)]
    link: LinkArgs,
    /// The board's title. That of a new board must not have any of \ / : * ? " < > |.
    title: String,
    /// The slide of a presentation, from 1; by default the current one.
    #[arg(long, value_name = "NUMBER", global = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    slide: Option<u32>,
    #[command(subcommand)]
    action: WhiteboardAction,
}

#[derive(Debug, Subcommand)]
enum WhiteboardAction {
    /// Create an empty board
    Create,
    /// Draw a path
    Draw(Draw),
    /// Write a text
    Text(Text),
    /// Add an image
    Image {
        /// A PNG or JPEG file.
        file: PathBuf,
        /// The upper left corner.
        #[arg(long, value_name = "X,Y", value_parser = point, default_value = "0,0",
            allow_hyphen_values = true)]
        at: String,
        /// The size; by default the size of the file, but no side longer than 640.
        #[arg(long, value_name = "W,H", value_parser = size)]
        size: Option<String>,
    },
    /// Print the annotations, one per line
    List,
    /// Remove annotations
    Remove {
        /// Their numbers, as `list` prints them.
        #[arg(required = true, value_name = "NUMBER")]
        ids: Vec<i32>,
    },
    /// Remove all annotations
    Clear,
    /// Export the board, or a slide with its annotations, as a picture
    Export {
        /// The file to write, whose name ends in .svg or .png; by default, or with `-`, standard output
        /// as SVG. PNG needs the program psom-render.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace an existing file.
        #[arg(short, long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
struct Text {
    /// The text.
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// The upper left corner.
    #[arg(long, value_name = "X,Y", value_parser = point, default_value = "0,0",
        allow_hyphen_values = true)]
    at: String,
    /// The size of the font.
    #[arg(long, value_name = "NUMBER", value_parser = number_above_zero, default_value = "16")]
    size: String,
    /// The color.
    #[arg(long, value_parser = color, default_value = "#000000")]
    color: String,
    /// The font.
    #[arg(long, default_value = "Sans")]
    font: String,
    /// The width at which lines break.
    #[arg(long, value_name = "NUMBER", value_parser = number_above_zero)]
    width: Option<String>,
    /// Write from right to left.
    #[arg(long)]
    rtl: bool,
}

impl Whiteboard {
    pub(crate) async fn run(self) -> Result {
        if let WhiteboardAction::Draw(draw) = &self.action {
            draw.check()?;
        }
        let (mut creation, mut requests) = (Creation::default(), Requests::default());
        let run = async |meeting: &mut Meeting| {
            if let WhiteboardAction::Create = self.action {
                return self.create(meeting, &mut creation).await.map(Some);
            }
            self.on_board(meeting, &mut requests).await
        };
        self.link.in_meeting(run).await?.map_or(Ok(()), out::line)
    }

    /// Creates the board, unless an earlier run of the command has done so.
    async fn create(&self, meeting: &mut Meeting, creation: &mut Creation) -> Result<String> {
        let title = &self.title;
        texts::check_line("the title", title)?;
        if creation.earlier(meeting, "Content.Whiteboard", title).await?.is_none() {
            meeting.upload(Upload::whiteboard(title).or_cannot("create the board")?).await?;
        }
        Ok(format!("Created the whiteboard \"{}\".", out::printable(title)))
    }

    /// Performs the action on an existing board, and returns the line for people.
    async fn on_board(
        &self,
        meeting: &mut Meeting,
        requests: &mut Requests,
    ) -> Result<Option<String>> {
        let title = &self.title;
        let (id, content) = meeting.content(title).await?;
        let mut board = BoardSession::open(meeting, id, &content, self.slide, requests)?;
        Ok(match &self.action {
            WhiteboardAction::Create => None,
            WhiteboardAction::Draw(draw) => Some(draw.run(&mut board).await?),
            WhiteboardAction::Text(text) => Some(text.run(&mut board).await?),
            WhiteboardAction::Image { file, at, size } => {
                Some(image::add(&mut board, file, at.clone(), size.clone()).await?)
            }
            WhiteboardAction::List => board.list().await?,
            WhiteboardAction::Remove { ids } => Some(board.remove(ids.clone()).await?),
            WhiteboardAction::Clear => Some(board.clear(title).await?),
            WhiteboardAction::Export { output, force } => {
                export::export(&board, output.as_deref(), *force).await?
            }
        })
    }
}

impl Text {
    async fn run(&self, board: &mut BoardSession<'_>) -> Result<String> {
        use psom_objects::annotation::Constraint;
        let properties = self.properties()?;
        let limit = Constraint::MaxTextLength;
        board.check_length(&self.text, limit, "the text", "make it shorter").await?;
        let id = board.add(Kind::Text, properties).await?;
        Ok(format!("Wrote {}.", board::annotations(&[id])))
    }

    /// Describes the annotation.
    fn properties(&self) -> Result<Properties> {
        if self.text.trim().is_empty() {
            return Err(CommandError::new("the text is empty; write something"));
        }
        let direction = if self.rtl { "RTL" } else { "LTR" };
        let mut properties = Properties::from([
            (Property::Anchor, self.at.clone()),
            (Property::Text, self.text.clone()),
            (Property::FontFace, self.font.clone()),
            (Property::FontSize, self.size.clone()),
            (Property::FontColor, self.color.clone()),
            (Property::TextDirection, direction.to_owned()),
        ]);
        if let Some(width) = &self.width {
            properties.insert(Property::Width, width.clone());
        }
        Ok(properties)
    }
}

#[cfg(feature = "queue")]
impl Recordable for Whiteboard {
    fn record(&self, actions: &mut Actions) -> Result {
        use psom_objects::package::{ContentDetail, CreateContent};
        let title = &self.title;
        let add = |kind: Kind, mut properties: Properties| {
            properties.insert(Property::LocalId, new_local_id(None));
            let pairs = properties.into_iter();
            let pairs: Vec<_> =
                pairs.map(|(property, value)| vec![property.name().to_owned(), value]).collect();
            recorded(actions.s_add_annotation(title, kind.number(), &pairs))
        };
        match &self.action {
            WhiteboardAction::Create => {
                texts::check_line("the title", title)?;
                let content = CreateContent::new(title, ContentDetail::Whiteboard);
                recordable::create(actions, content)
            }
            WhiteboardAction::Draw(draw) => {
                draw.check()?;
                draw.properties()?
                    .into_iter()
                    .try_for_each(|properties| add(Kind::Drawing, properties))
            }
            WhiteboardAction::Text(text) => add(Kind::Text, text.properties()?),
            WhiteboardAction::Remove { ids } => recorded(actions.s_remove_annotations(title, ids)),
            WhiteboardAction::Clear => recorded(actions.s_clear_annotations(title)),
            WhiteboardAction::Image { file, at, size } => {
                image::record(actions, title, file, at.clone(), size.clone())
            }
            WhiteboardAction::List | WhiteboardAction::Export { .. } => {
                Err(recordable::changes_nothing())
            }
        }
    }
}
