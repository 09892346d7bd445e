use crate::types::{ContentVisibility, Role};

/// The users, the contents and the stage of a meeting, for the program that runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingSummary {
    /// The connected users.
    pub users: Vec<UserSummary>,
    /// The contents.
    pub contents: Vec<ContentSummary>,
    /// The identifier of the user on the stage; 0 for none.
    pub active_presenter: i64,
    /// The identifier of the content on the stage; 0 for none.
    pub active_content: i64,
}

/// A connected user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSummary {
    /// The user's identifier.
    pub id: i64,
    /// The user's address.
    pub uri: String,
    /// The user's display name.
    pub display_name: String,
    /// The user's role.
    pub role: Role,
    /// The number of the user's connections.
    pub connections: usize,
}

/// A content of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentSummary {
    /// The content's identifier.
    pub id: i64,
    /// The content's title.
    pub title: String,
    /// The name of its content type, such as `Content.NativeFileOnly`.
    pub r#type: String,
    /// The identifier of the user who uploaded it.
    pub owner_id: i64,
    /// The users who see it.
    pub visibility: ContentVisibility,
    /// Whether it is on the stage.
    pub presented: bool,
    /// The size of its native file in bytes, if it has one.
    pub size: Option<u64>,
}
