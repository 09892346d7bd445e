use crate::types::{ContentVisibility, Role};

/// What there is in a meeting, for those who run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingSummary {
    /// The users who are there.
    pub users: Vec<UserSummary>,
    /// The contents.
    pub contents: Vec<ContentSummary>,
    /// The user on the stage; 0 for nobody.
    pub active_presenter: i64,
    /// The content on the stage; 0 for none.
    pub active_content: i64,
}

/// A user who is in a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSummary {
    /// The user's number.
    pub id: i64,
    /// The user's address.
    pub uri: String,
    /// The user's name.
    pub display_name: String,
    /// What the user is.
    pub role: Role,
    /// How often the user is connected.
    pub connections: usize,
}

/// A content of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentSummary {
    /// The content's number.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its type, `Content.NativeFileOnly` for example.
    pub r#type: String,
    /// Who created it.
    pub owner_id: i64,
    /// Who sees it.
    pub visibility: ContentVisibility,
    /// Whether it is on the stage.
    pub presented: bool,
    /// The size of its file, if it has one.
    pub size: Option<u64>,
}
