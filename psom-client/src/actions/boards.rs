use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::Model,
};

use super::{Actions, ContentId};
use crate::error::ActionError;

/// # Drawing
///
/// All actions fail with [`ActionError::Refused`] if the user may not draw, and with
/// [`CallError::Gone`](psom::CallError::Gone) if the content has no board.
impl Actions {
    /// Adds a drawing or a text to the board of a content. Returns the ID of the annotation. Upload an image
    /// with [`add`](Self::add).
    ///
    /// # Errors
    /// The errors of all [actions](Self#drawing).
    pub async fn annotate(
        &self,
        content: ContentId,
        kind: Kind,
        mut properties: Properties,
    ) -> Result<i32, ActionError> {
        // A local ID that no other user has shows whether the server has added the annotation.
        let random = || format!("{:016x}", rand::random::<u64>());
        properties.entry(Property::LocalId).or_insert_with(random);
        let add = self
            .act(move |conference, cx| conference.add_annotation(cx, content, kind, properties));
        let local = add.await?;
        self.settled().await?;
        let find = move |model: &Model| {
            let board = model.contents.get(&content)?.board.as_ref()?;
            let mut newest_first = board.annotations.iter().rev();
            let found = newest_first.find(|(_, it)| it.get(Property::LocalId) == Some(&local));
            found.map(|(id, _)| id)
        };
        self.read(find).await?.ok_or(ActionError::Refused("added the annotation"))
    }

    /// Removes an annotation.
    ///
    /// # Errors
    /// The errors of all [actions](Self#drawing).
    pub async fn remove_annotation(&self, content: ContentId, id: i32) -> Result<(), ActionError> {
        self.perform(
            "removed the annotation",
            move |conference, cx| conference.remove_annotation(cx, content, id),
            move |model| {
                let board = model.contents.get(&content).and_then(|it| it.board.as_ref());
                board.is_none_or(|board| board.annotations.get(id).is_none())
            },
        )
        .await
    }
}
