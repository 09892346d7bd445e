use clap::Args;

use crate::{
    failure::{Failure, Result},
    joined::LinkArgs,
    out,
};

/// Delete a content
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  psom delete LINK Plan.pdf")]
pub struct Delete {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
}

impl Delete {
    pub async fn run(self) -> Result {
        let mut joined = self.link.join().await?;
        let (id, _) = joined.content(&self.title)?;
        joined.act(move |conference, cx| conference.delete_content(cx, id)).await?;
        joined.settle().await?;
        if joined.model.contents.contains_key(&id) {
            let why = "the server does not let you delete this content; join as a presenter";
            return Err(Failure::new(why));
        }
        joined.leave().await?;
        out::line(format_args!("Deleted \"{}\".", out::printable(&self.title)))
    }
}
