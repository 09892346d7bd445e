use psom_objects::{client::Model, types::ContentVisibility};

/// Returns the name of a user.
pub(crate) fn user(model: &Model, id: i64) -> String {
    model.users.get(&id).map_or_else(|| format!("User {id}"), |user| user.name.clone())
}

/// Returns the quoted title of a content.
pub(crate) fn content(model: &Model, id: i64) -> String {
    let title = model.contents.get(&id).and_then(|content| content.title.as_ref());
    title.map_or_else(|| format!("Content {id}"), |title| format!("\"{title}\""))
}

/// Returns the noun for contents of a type, with its article.
pub(crate) fn content_type(kind: &str) -> Option<&'static str> {
    Some(match kind.strip_prefix("Content.")? {
        "NativeFileOnly" => "a file",
        "Ppt" | "PptWac" => "a presentation",
        "Whiteboard" => "a whiteboard",
        "Poll" => "a poll",
        "Qna" => "a Q&A",
        "SharedNotes" => "a page of shared notes",
        _ => return None,
    })
}

/// Returns the name of a content type for a heading.
pub(crate) fn type_name(kind: &str) -> &'static str {
    match kind.strip_prefix("Content.") {
        Some("NativeFileOnly") => "File",
        Some("Ppt" | "PptWac") => "Presentation",
        Some("Whiteboard") => "Whiteboard",
        Some("Poll") => "Poll",
        Some("Qna") => "Questions",
        Some("SharedNotes") => "Notes",
        _ => "Content",
    }
}

/// Returns the users who see a content of this visibility.
pub(crate) fn audience(visibility: ContentVisibility) -> String {
    match visibility {
        ContentVisibility::MeetingOrganizer => "only the organizer".to_owned(),
        ContentVisibility::Presenters => "the organizer and the presenters".to_owned(),
        ContentVisibility::Everyone => "everyone".to_owned(),
        ContentVisibility::Other(number) => format!("the unknown audience {number}"),
    }
}
