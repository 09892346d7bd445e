use clap::Args;

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::{LinkArgs, Meeting},
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
        // The content that an earlier run has asked the server to delete.
        let mut asked = None;
        let delete = async |meeting: &mut Meeting| {
            let id = match asked {
                Some(id) if meeting.content_by_id(id).await?.is_none() => return Ok(()),
                Some(id) => id,
                None => meeting.content(&self.title).await?.0,
            };
            asked = Some(id);
            meeting.act(move |conference, cx| conference.delete_content(cx, id)).await?;
            meeting.settle().await?;
            if meeting.content_by_id(id).await?.is_some() {
                let why = "you may not delete this content; join as a presenter";
                return Err(CommandError::new(why));
            }
            Ok(())
        };
        self.link.in_meeting(delete).await?;
        out::line(format_args!("Deleted \"{}\".", out::printable(&self.title)))
    }
}

#[cfg(feature = "queue")]
impl Recordable for Delete {
    fn record(&self, actions: &mut Actions) -> Result {
        recorded(actions.s_delete(&self.title))
    }
}
