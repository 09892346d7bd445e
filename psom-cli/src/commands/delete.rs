use clap::Args;

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::LinkArgs,
    terminal::out,
};

/// Delete a content
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  psom delete LINK Plan.pdf")]
pub(crate) struct Delete {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
}

impl Delete {
    pub(crate) async fn run(self) -> Result {
        let mut meeting = self.link.join().await?;
        let (id, _) = meeting.content(&self.title).await?;
        meeting.act(move |conference, cx| conference.delete_content(cx, id)).await?;
        meeting.settle().await?;
        if meeting.content_by_id(id).await?.is_some() {
            let why = "you may not delete this content; join as a presenter";
            return Err(CommandError::new(why));
        }
        meeting.leave().await?;
        out::line(format_args!("Deleted \"{}\".", out::printable(&self.title)))
    }
}

#[cfg(feature = "queue")]
impl Recordable for Delete {
    fn record(&self, actions: &mut Actions) -> Result {
        recorded(actions.s_delete(&self.title))
    }
}
