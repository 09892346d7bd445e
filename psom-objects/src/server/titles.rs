use psom::PeerId;

/// A title that a client has reserved for a content to come.
#[derive(Debug, Clone)]
pub(super) struct Reservation {
    pub(super) peer: PeerId,
    pub(super) user: i64,
    pub(super) cookie: i32,
    pub(super) title: String,
    pub(super) external_id: Option<String>,
}

/// The reserved titles of a meeting.
#[derive(Debug, Default)]
pub(super) struct Titles {
    reserved: Vec<Reservation>,
}

impl Titles {
    pub(super) fn by_title(&self, title: &str) -> Option<&Reservation> {
        self.reserved.iter().find(|reserved| same(&reserved.title, title))
    }

    pub(super) fn by_external_id(&self, id: &str) -> Option<&Reservation> {
        self.reserved.iter().find(|reserved| reserved.external_id.as_deref() == Some(id))
    }

    pub(super) fn has_cookie(&self, peer: PeerId, cookie: i32) -> bool {
        self.reserved.iter().any(|reserved| reserved.peer == peer && reserved.cookie == cookie)
    }

    pub(super) fn has_peer(&self, peer: PeerId) -> bool {
        self.reserved.iter().any(|reserved| reserved.peer == peer)
    }

    pub(super) fn count(&self, user: i64) -> usize {
        self.reserved.iter().filter(|reserved| reserved.user == user).count()
    }

    pub(super) fn reserve(&mut self, reservation: Reservation) {
        self.reserved.push(reservation);
    }

    /// Takes out the reservations that `which` names.
    pub(super) fn release(&mut self, which: impl Fn(&Reservation) -> bool) -> Vec<Reservation> {
        self.reserved.extract_if(.., |reserved| which(reserved)).collect()
    }
}

/// Titles are file names, and file names differ by more than case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The extension of a title, in lower case and without its dot.
pub(super) fn extension(title: &str) -> String {
    title.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}
