use serde::Serialize;

/// A user of the meeting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct User {
    /// The user's address, such as `sip:ada@example.com`.
    pub uri: String,
    /// The display name.
    pub name: String,
    /// Whether the user has left. The name is kept for the contents and annotations that the user
    /// leaves behind.
    #[serde(skip)]
    pub is_gone: bool,
}
