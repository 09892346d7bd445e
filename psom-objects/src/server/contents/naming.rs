//! Titles: reserving them for uploads, and renaming contents.

use psom::{Context, PeerId, Scope};

use super::manager::ContentManager;
use crate::{
    server::titles::{self, Reservation},
    types::{SetTitleStatus, TitleReservationStatus},
};

impl ContentManager {
    /// Returns the content that has a title, and its owner.
    pub(super) fn owner_of(&self, scope: &Scope, title: &str) -> Option<(i64, i64)> {
        let contents = self.contents.iter();
        let contents = contents.filter_map(|(id, content)| Some((*id, scope.get(*content).ok()?)));
        contents
            .filter(|(_, content)| titles::same(&content.properties().title, title))
            .map(|(id, content)| (id, content.properties().owner))
            .next()
    }

    /// Renames a content if no other content and no reservation has the title. The content
    /// announces the outcome.
    pub(super) fn rename(&self, cx: &mut Context<Self>, id: i64, title: String, requester: PeerId) {
        let status = match (self.owner_of(cx, &title), self.titles.by_title(&title)) {
            (Some((owner, _)), _) if owner != id => SetTitleStatus::FailedTitleExists,
            (_, Some(_)) => SetTitleStatus::FailedReservedForCreation,
            _ => SetTitleStatus::Success,
        };
        if let Some(content) = self.contents.get(&id) {
            cx.tell(*content, move |content, cx| content.rename(cx, title, status, requester));
        }
    }

    /// Reserves a title for the caller, and answers with the outcome.
    pub(super) fn reserve(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        cookie: i32,
        external_id: Option<&str>,
    ) {
        use TitleReservationStatus as Status;
        let user = cx.caller().user().id;
        let Some(peer) = cx.caller().id() else { return };
        let (policy, limits) = (self.meeting.policy(), self.meeting.limits());
        let role = self.meeting.role(cx, user);
        let locked = external_id.and_then(|id| self.titles.by_external_id(id));
        let (status, content, owner) = if !policy.may_upload(role) {
            (Status::FailedNotAuthorized, 0, 0)
        } else if !policy.takes_title(title, limits) {
            (Status::FailedInvalidTitle, 0, 0)
        } else if !policy.takes_extension(&titles::extension(title)) {
            (Status::FailedInvalidExtension, 0, 0)
        } else if self.titles.has_cookie(peer, cookie) {
            (Status::FailedCookieInUse, 0, user)
        } else if self.titles.count(user) >= limits.reservations {
            limits.hits.count("reservations");
            (Status::FailedReservationMaxExceeded, 0, user)
        } else if let Some((content, owner)) = self.owner_of(cx, title) {
            // This reveals nothing about a hidden content except that its title is used.
            let seen = self.seen(peer, content).map_or((0, 0), |_| (content, owner));
            (Status::FailedReservedForCreation, seen.0, seen.1)
        } else if let Some(other) = self.titles.by_title(title) {
            (Status::FailedReservedForCreation, 0, other.user)
        } else if let Some(other) = locked {
            (Status::FailedExternalIdLockedForCreate, 0, other.user)
        } else {
            (Status::ReservedForCreation, 0, user)
        };
        if status == Status::ReservedForCreation {
            let (title, external_id) = (title.to_owned(), external_id.map(str::to_owned));
            self.titles.reserve(Reservation { peer, user, cookie, title, external_id });
        }
        cx.caller().c_reserve_title_completed(status, cookie, content, owner);
    }
}
