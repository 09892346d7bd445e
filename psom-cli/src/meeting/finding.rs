//! Finding contents of a meeting.

use std::collections::BTreeSet;

use psom_objects::client::ContentModel;

use super::session::Meeting;
use crate::error::{CommandError, Result};

/// The maximum number of titles that an error lists.
const MAX_LISTED_TITLES: usize = 10;

impl Meeting {
    /// Returns the content with this title, as it is now.
    pub(crate) async fn content(&self, title: &str) -> Result<(i64, ContentModel)> {
        let wanted = title.to_owned();
        let found = self.read(move |model| {
            model.content_titled(&wanted).map(|(id, content)| (id, content.clone())).ok_or_else(
                || {
                    let contents = model.contents.values();
                    contents.filter_map(|content| content.title.clone()).collect::<Vec<_>>()
                },
            )
        });
        found.await?.map_err(|titles| no_such_content(title, &titles))
    }

    /// Returns a content as it is now, or `None` if it was removed.
    pub(crate) async fn content_by_id(&self, id: i64) -> Result<Option<ContentModel>> {
        self.read(move |model| model.contents.get(&id).cloned()).await
    }
}

/// A content that a command creates. A command that is repeated, because the answer to its first run is lost,
/// recognizes the content.
#[derive(Debug, Default)]
pub(crate) struct Creation {
    /// The contents before the first run.
    before: Option<BTreeSet<i64>>,
}

impl Creation {
    /// Returns the content of this type and title that an earlier run of the command has created. `kind` is the
    /// protocol's name of the type.
    pub(crate) async fn earlier(
        &mut self,
        meeting: &Meeting,
        kind: &str,
        title: &str,
    ) -> Result<Option<i64>> {
        let Some(before) = &self.before else {
            let known = meeting.read(|model| model.contents.keys().copied().collect());
            self.before = Some(known.await?);
            return Ok(None);
        };
        let wanted = title.to_owned();
        let found = meeting.read(move |model| {
            model.content_titled(&wanted).map(|(id, content)| (id, content.kind.clone()))
        });
        let found = found.await?.filter(|(id, of)| of == kind && !before.contains(id));
        Ok(found.map(|(id, _)| id))
    }
}

fn no_such_content(title: &str, titles: &[String]) -> CommandError {
    let listed: Vec<_> =
        titles.iter().take(MAX_LISTED_TITLES).map(|title| format!("\"{title}\"")).collect();
    let there = match (titles.len(), titles.len().saturating_sub(MAX_LISTED_TITLES)) {
        (0, _) => "you see no contents in this meeting".to_owned(),
        (_, 0) => format!("there is {}", listed.join(", ")),
        (_, more) => format!("there is {} and {more} more", listed.join(", ")),
    };
    CommandError::new(format!("there is no content \"{title}\"; {there}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_title_lists_the_known_ones() {
        let message = |titles: &[&str]| {
            let titles: Vec<_> = titles.iter().map(|title| (*title).to_owned()).collect();
            match no_such_content("x", &titles) {
                CommandError::Message(message) => message,
                other => unreachable!("{other:?}"),
            }
        };
        let none = "there is no content \"x\"; you see no contents in this meeting";
        assert_eq!(message(&[]), none);
        assert_eq!(message(&["a", "b"]), "there is no content \"x\"; there is \"a\", \"b\"");
        assert!(message(&["a"; 10]).ends_with(", \"a\""));
        assert!(message(&["a"; 50]).ends_with(", \"a\" and 40 more"));
    }
}
