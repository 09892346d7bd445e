use super::limits::MeetingLimits;
use crate::types::Role;

/// Who may do what in a meeting. The defaults are the rules of an ordinary conference; replace the
/// ones that are to be otherwise.
pub trait Policy: Send + Sync + 'static {
    /// Reserving titles and uploading contents.
    fn may_upload(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Deleting, renaming and showing or hiding a content; `owns` where it is the user's own.
    fn may_change_content(&self, role: Role, owns: bool) -> bool {
        let _ = owns;
        role >= Role::Presenter
    }

    /// Taking the stage.
    fn may_present(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Drawing, writing and pointing on what is shared.
    fn may_annotate(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Voting in polls.
    fn may_vote(&self, role: Role) -> bool {
        let _ = role;
        true
    }

    /// Asking and answering in questions and answers that are open.
    fn may_ask(&self, role: Role) -> bool {
        let _ = role;
        true
    }

    /// Running polls, notes, and questions and answers: opening, closing, changing them.
    fn may_moderate(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Seeing the results of a poll before everybody does.
    fn sees_results(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Whether a file with this extension (without its dot, in lower case) may be uploaded.
    fn takes_extension(&self, extension: &str) -> bool {
        let _ = extension;
        true
    }

    /// Whether a content may be called so. No title is longer than the limit, blank, the name of a
    /// directory, or has characters that a file name cannot have or that turn the direction of text.
    fn takes_title(&self, title: &str, limits: &MeetingLimits) -> bool {
        let length = title.chars().count();
        let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_bad = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c) || turns(c);
        let is_name = !matches!(title.trim(), "" | "." | "..");
        is_name && length <= limits.title_length && !title.chars().any(is_bad)
    }
}

/// The default rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultPolicy;

impl Policy for DefaultPolicy {}
