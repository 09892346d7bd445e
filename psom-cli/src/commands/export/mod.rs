//! A meeting as a folder that needs no server. The page writes the same files into an archive
//! (`psom-js/page/export.js`).

mod folder;
mod index;
mod pictures;
mod sheets;
mod texts;

use std::path::PathBuf;

use clap::Args;
use psom_objects::client::ContentModel;

use self::{folder::Folder, index::ExportedContent, pictures::Pictures};
use crate::{
    error::{CommandError, Result},
    http::client::Http,
    meeting::{
        download::RemoteFile,
        session::{LinkArgs, Meeting},
    },
    render::names::type_name,
    terminal::out,
};

/// Export a meeting: boards, slides, polls, questions, notes and files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom export LINK -o review
  psom export LINK -o review --force

Boards and slides with their annotations become SVG and PNG files, polls become CSV files, and questions and
the addresses of notes become Markdown files. Files are decrypted and verified. Open index.html in a browser; it
needs no server. The command exports the contents that you see: join as an organizer to export all of them.
PNG files need the program psom-render.")]
pub(crate) struct Export {
    #[command(flatten)]
    link: LinkArgs,
    /// The directory to write to. It is created, and must be empty unless --force is given.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Write into a directory with files, and replace those with the same names.
    #[arg(short, long)]
    force: bool,
}

impl Export {
    pub(crate) async fn run(self) -> Result {
        let mut folder = Folder::create(&self.output, self.force)?;
        let read = async |meeting: &mut Meeting| {
            let state = meeting.read(|model| {
                let contents = model.contents.values().cloned().collect::<Vec<ContentModel>>();
                (contents, model.url_base.clone())
            });
            Ok((state.await?, meeting.http().clone()))
        };
        // The files are on the web server, so the meeting can move meanwhile.
        let ((contents, base), http) = self.link.in_meeting(read).await?;
        let mut pictures = Pictures::new(http.clone(), base.clone());
        let (mut parts, mut notes, mut missing) = (Vec::new(), String::new(), Vec::new());
        for content in &contents {
            let title =
                content.title.clone().unwrap_or_else(|| type_name(&content.kind).to_owned());
            let mut part = ExportedContent {
                title,
                kind: type_name(&content.kind).to_owned(),
                ..ExportedContent::default()
            };
            let written = write(&mut folder, &mut pictures, content, &mut part, &mut notes).await;
            let written = match written {
                Ok(()) => native(&http, base.as_deref(), &folder, content, &mut part).await,
                failed => failed,
            };
            // A part that is missing must not keep the others from being exported.
            if let Err(error) = written {
                let (CommandError::Message(why) | CommandError::Unreachable(why)) = error else {
                    return Err(error);
                };
                missing.push(format!("\"{}\" ({why})", out::printable(&part.title)));
            }
            parts.push(part);
        }
        if !notes.is_empty() {
            folder.write("notes.md", notes.as_bytes())?;
        }
        let title = format!("Meeting {}", self.link.meeting_id()?);
        folder.write("index.html", index::page(&title, &parts).as_bytes())?;
        let count = out::counted(contents.len() - missing.len(), "content", "contents");
        let shown = self.output.display();
        out::line(format_args!("Exported {count} to {shown}; open {shown}/index.html."))?;
        if missing.is_empty() {
            return Ok(());
        }
        let parts = missing.join(", ");
        Err(CommandError::new(format!("these parts could not be exported as a whole: {parts}")))
    }
}

/// Writes the files of a content that depend on its type.
async fn write(
    folder: &mut Folder,
    pictures: &mut Pictures,
    content: &ContentModel,
    part: &mut ExportedContent,
    notes: &mut String,
) -> Result {
    let name = folder.name(&part.title);
    part.name.clone_from(&name);
    if let (Some(slides), Some(board)) = (&content.slides, &content.board) {
        return sheets::slides(folder, pictures, slides, &board.annotations, part).await;
    }
    if let Some(board) = &content.board {
        return sheets::board(folder, pictures, &board.annotations, part).await;
    }
    let (path, text) = if let Some(poll) = &content.poll {
        (format!("polls/{name}.csv"), texts::poll(poll))
    } else if let Some(qna) = &content.qna {
        (format!("questions/{name}.md"), texts::questions(&part.title, qna))
    } else if let Some(page) = &content.notes {
        let address = content.viewing_url.as_deref().or(content.original_file_url.as_deref());
        notes.push_str(&texts::notes(&part.title, page, address.unwrap_or_default()));
        part.paths.push("notes.md".to_owned());
        return Ok(());
    } else {
        return Ok(());
    };
    folder.write(&path, text.as_bytes())?;
    part.paths.push(path);
    Ok(())
}

/// Downloads the file behind a content, if it has one.
async fn native(
    http: &Http,
    base: Option<&str>,
    folder: &Folder,
    content: &ContentModel,
    part: &mut ExportedContent,
) -> Result {
    let Some(file) = &content.file else { return Ok(()) };
    let path = format!("files/{}", part.name);
    let target = folder.prepare(&path)?;
    let directory = crate::files::directory_of(&target);
    let remote = RemoteFile::native(base, file)?;
    let (temporary, _) = remote.fetch(http, directory, out::printable(&part.title)).await?;
    crate::meeting::download::save(temporary, &target, folder.force())?;
    part.paths.push(path);
    Ok(())
}
