//! The content manager's part in recorded actions.

use psom::{Context, Handle, PeerId, Scope};

use super::{content::Content, manager::ContentManager};
use crate::{
    package::CreateContent,
    server::titles::{self, Reservation},
};

/// The cookie of recorded uploads. Clients count theirs up from 1.
const RECORDED_COOKIE: i32 = -1;

impl ContentManager {
    /// Finds a content by its title, if this client has been sent it.
    pub(in crate::server) fn seen_titled(
        &self,
        scope: &Scope,
        peer: PeerId,
        title: &str,
    ) -> Option<(i64, Handle<Content>)> {
        let (id, _) = self.owner_of(scope, title)?;
        Some((id, self.seen(peer, id)?))
    }

    /// Refuses a new content for the reasons for which a client's reservation of its title and the
    /// upload would fail.
    pub(in crate::server) fn check_new(
        &self,
        scope: &Scope,
        user: i64,
        title: &str,
    ) -> Result<(), String> {
        let (policy, limits) = (self.meeting.policy(), self.meeting.limits());
        if !policy.may_upload(self.meeting.role(scope, user)) {
            Err("you may not share contents; replay them as a presenter".into())
        } else if !policy.takes_title(title, limits)
            || !policy.takes_extension(&titles::extension(title))
        {
            Err(format!("the server does not accept the title \"{title}\""))
        } else if self.owner_of(scope, title).is_some() || self.titles.by_title(title).is_some() {
            Err(format!("the title \"{title}\" is taken"))
        } else if self.contents.len() >= limits.contents {
            Err("the meeting is full".into())
        } else {
            Ok(())
        }
    }

    /// Creates a content without files for the caller.
    pub(in crate::server) fn create_recorded(
        &mut self,
        cx: &mut Context<Self>,
        manifest: CreateContent,
    ) {
        let user = cx.caller().user().id;
        let Some(peer) = cx.caller().id() else { return };
        let title = manifest.common.title.clone();
        let (cookie, external_id) = (RECORDED_COOKIE, None);
        self.titles.reserve(Reservation { peer, user, cookie, title, external_id });
        if let Err(why) = self.create_without_files(cx, peer, user, cookie, manifest) {
            tracing::info!(user, %why, "refused a recorded content");
        }
        let matches = |reserved: &Reservation| reserved.peer == peer && reserved.cookie == cookie;
        self.titles.release(matches);
    }
}
