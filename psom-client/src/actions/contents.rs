use psom_objects::types::ContentVisibility;

use super::{Actions, ContentId, content_is};
use crate::error::ActionError;

/// # Contents and the stage
///
/// All actions fail with [`ActionError::Refused`] if the user may not perform them.
impl Actions {
    /// Takes the stage with a content.
    ///
    /// # Errors
    /// The errors of all [actions](Self#contents-and-the-stage).
    pub async fn present(&self, content: ContentId) -> Result<(), ActionError> {
        self.perform(
            "put the content on the stage",
            move |conference, cx| conference.present(cx, Some(content)),
            move |model| model.active_content == Some(content),
        )
        .await
    }

    /// Removes a content from the stage.
    ///
    /// # Errors
    /// The errors of all [actions](Self#contents-and-the-stage).
    pub async fn stop_presenting(&self, content: ContentId) -> Result<(), ActionError> {
        self.perform(
            "removed the content from the stage",
            move |conference, cx| conference.stop_presenting(cx, Some(content)),
            move |model| model.active_content != Some(content),
        )
        .await
    }

    /// Goes to a slide of a presentation, for everybody. Slides are counted from 0, and so are the clicks
    /// within a slide.
    ///
    /// # Errors
    /// The errors of all [actions](Self#contents-and-the-stage).
    pub async fn go_to(
        &self,
        content: ContentId,
        slide: u32,
        click: u32,
    ) -> Result<(), ActionError> {
        self.perform(
            "changed the slide",
            move |conference, cx| conference.go_to(cx, content, slide, click),
            move |model| {
                content_is(model, content, |content| {
                    let location = content.slides.as_ref().and_then(|it| it.location.as_ref());
                    location.is_some_and(|now| (now.slide, now.click) == (slide, click))
                })
            },
        )
        .await
    }

    /// Renames a content.
    ///
    /// # Errors
    /// The errors of all [actions](Self#contents-and-the-stage). A title is also refused if another content
    /// has it.
    pub async fn rename(&self, content: ContentId, title: &str) -> Result<(), ActionError> {
        let (new, wanted) = (title.to_owned(), title.to_owned());
        self.perform(
            "changed the title",
            move |conference, cx| conference.set_title(cx, content, new),
            move |model| content_is(model, content, |it| it.title.as_ref() == Some(&wanted)),
        )
        .await
    }

    /// Sets which users see a content.
    ///
    /// # Errors
    /// The errors of all [actions](Self#contents-and-the-stage).
    pub async fn set_visibility(
        &self,
        content: ContentId,
        visibility: ContentVisibility,
    ) -> Result<(), ActionError> {
        self.perform(
            "changed the visibility",
            move |conference, cx| conference.set_visibility(cx, content, visibility),
            // A user can hide a content from themselves.
            move |model| {
                let content = model.contents.get(&content);
                content.is_none_or(|content| content.visibility == Some(visibility))
            },
        )
        .await
    }

    /// Deletes a content.
    ///
    /// # Errors
    /// The errors of all [actions](Self#contents-and-the-stage).
    pub async fn delete(&self, content: ContentId) -> Result<(), ActionError> {
        self.perform(
            "deleted the content",
            move |conference, cx| conference.delete_content(cx, content),
            move |model| !model.contents.contains_key(&content),
        )
        .await
    }
}
