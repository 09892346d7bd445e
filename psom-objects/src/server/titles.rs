use psom::PeerId;

use crate::texts::look_alike;

/// A title that a client has reserved for a content that it is about to upload.
#[derive(Debug, Clone)]
pub(super) struct Reservation {
    pub(super) peer: PeerId,
    pub(super) user: i64,
    /// The client's identifier of the reservation.
    pub(super) cookie: i32,
    pub(super) title: String,
    pub(super) external_id: Option<String>,
}

/// The title reservations of a meeting.
#[derive(Debug, Default)]
pub(super) struct Titles {
    reserved: Vec<Reservation>,
}

impl Titles {
    /// Returns the reservation of a title.
    pub(super) fn by_title(&self, title: &str) -> Option<&Reservation> {
        self.reserved.iter().find(|reserved| same(&reserved.title, title))
    }

    /// Returns the reservation with an external identifier.
    pub(super) fn by_external_id(&self, id: &str) -> Option<&Reservation> {
        self.reserved.iter().find(|reserved| reserved.external_id.as_deref() == Some(id))
    }

    /// Reports whether a client has a reservation with this cookie.
    pub(super) fn has_cookie(&self, peer: PeerId, cookie: i32) -> bool {
        self.reserved.iter().any(|reserved| reserved.peer == peer && reserved.cookie == cookie)
    }

    /// Reports whether a client has a reservation.
    pub(super) fn has_peer(&self, peer: PeerId) -> bool {
        self.reserved.iter().any(|reserved| reserved.peer == peer)
    }

    /// Returns the number of a user's reservations.
    pub(super) fn count(&self, user: i64) -> usize {
        self.reserved.iter().filter(|reserved| reserved.user == user).count()
    }

    pub(super) fn reserve(&mut self, reservation: Reservation) {
        self.reserved.push(reservation);
    }

    /// Removes and returns the reservations that match.
    pub(super) fn release(&mut self, matches: impl Fn(&Reservation) -> bool) -> Vec<Reservation> {
        self.reserved.extract_if(.., |reserved| matches(reserved)).collect()
    }
}

/// Reports whether two titles are the same. Titles must differ for people, and for file systems
/// that ignore case or normalize names.
pub(super) fn same(a: &str, b: &str) -> bool {
    look_alike(a, b)
}

/// Returns the extension of a title in lower case, without its dot.
pub(super) fn extension(title: &str) -> String {
    title.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}
