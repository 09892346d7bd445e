use super::limits::MeetingLimits;
use crate::{
    texts::{changes_direction, comparable, has_visible, is_noncharacter, separates_lines},
    types::Role,
};

/// Characters that a title must not have, because common file systems reject them.
const INVALID_IN_FILE_NAMES: &str = r#"\/:*?"<>|"#;

/// The rules of a meeting: the actions that each role may perform, and the valid titles and files.
///
/// The default methods are the rules of an ordinary conference. An implementation overrides the
/// rules that differ.
pub trait Policy: Send + Sync + 'static {
    /// Reports whether a user may reserve titles and upload contents.
    fn may_upload(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Reports whether a user may delete or rename a content or change its visibility. `owns` is
    /// true if the user uploaded the content.
    fn may_change_content(&self, role: Role, owns: bool) -> bool {
        let _ = owns;
        role >= Role::Presenter
    }

    /// Reports whether a user may take the stage.
    fn may_present(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Reports whether a user may annotate contents and use a telepointer.
    fn may_annotate(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Reports whether a user may vote in polls.
    fn may_vote(&self, role: Role) -> bool {
        let _ = role;
        true
    }

    /// Reports whether a user may ask and answer while questions and answers are open.
    fn may_ask(&self, role: Role) -> bool {
        let _ = role;
        true
    }

    /// Reports whether a user may open, close and change polls, notes, and questions and answers.
    fn may_moderate(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Reports whether a user sees the results of a poll while they are hidden from others.
    fn sees_results(&self, role: Role) -> bool {
        role >= Role::Presenter
    }

    /// Reports whether users may upload files with this extension, which is in lower case and
    /// without its dot.
    fn takes_extension(&self, extension: &str) -> bool {
        let _ = extension;
        true
    }

    /// Reports whether a title is valid. A valid title has a visible character, is not longer than the
    /// limit, and can be the name of a file. It has no control characters, no noncharacters, and no
    /// characters that change the direction of text.
    fn takes_title(&self, title: &str, limits: &MeetingLimits) -> bool {
        let is_invalid = |c: char| {
            c.is_control()
                || INVALID_IN_FILE_NAMES.contains(c)
                || changes_direction(c)
                || separates_lines(c)
                || is_noncharacter(c)
        };
        let is_name = has_visible(title) && !matches!(&*comparable(title), "." | "..");
        is_name && title.chars().count() <= limits.title_length && !title.chars().any(is_invalid)
    }
}

/// The default rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultPolicy;

impl Policy for DefaultPolicy {}
