use clap::Args;
use psom_objects::{
    client::{Event, explain},
    types::SetTitleStatus,
};

use crate::{
    failure::{Failure, Result},
    joined::LinkArgs,
    out, texts,
};

/// Give a content another title
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  psom rename LINK Plan.pdf \"Plan for May.pdf\"")]
pub struct Rename {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// The new title.
    new: String,
}

impl Rename {
    pub async fn run(self) -> Result {
        texts::check_line("the new title", &self.new)?;
        let mut joined = self.link.join().await?;
        let (id, _) = joined.content(&self.title)?;
        let title = self.new.clone();
        joined.act(move |conference, cx| conference.set_title(cx, id, title)).await?;
        let answer = joined.until("whether the content is renamed", |event, _| match event {
            Event::TitleAnswered { id: of, status, .. } if *of == id => Some(Ok(*status)),
            Event::ContentRemoved { id: of } if *of == id => {
                Some(Err(Failure::new("somebody has deleted the content meanwhile")))
            }
            _ => None,
        });
        match answer.await?? {
            SetTitleStatus::Success => {
                joined.leave().await?;
                let (old, new) = (out::printable(&self.title), out::printable(&self.new));
                out::line(format_args!("\"{old}\" is called \"{new}\"."))
            }
            SetTitleStatus::FailedInvalidTitle => Err(texts::title_refused(&self.new)),
            refused => Err(Failure::explained(&explain::rename(refused))),
        }
    }
}
