use psom::{CallError, Peers};

use crate::{
    annotation::{
        Change,
        batch::{Additions, FULL_BATCH_BYTES, PropertyChanges, TextChanges},
    },
    interfaces::AnnotationContainerClientProxy,
};

/// Changes of one kind, on their way into one call.
#[derive(Debug, Default)]
pub(super) enum Pending {
    #[default]
    Nothing,
    Additions(Additions),
    Properties(PropertyChanges),
    Texts(TextChanges),
}

impl Pending {
    /// Whether a change can go into the same call.
    pub(super) fn takes(&self, change: &Change) -> bool {
        matches!(
            (self, change),
            (Self::Nothing, _)
                | (Self::Additions(_), Change::Add { .. })
                | (Self::Properties(_), Change::SetProperties { .. })
                | (Self::Texts(_), Change::SetText { .. })
        )
    }

    /// Whether no more should go into the call.
    pub(super) fn is_full(&self) -> bool {
        let size = match self {
            Self::Nothing => 0,
            Self::Additions(columns) => columns.size,
            Self::Properties(columns) => columns.size,
            Self::Texts(columns) => columns.size,
        };
        size >= FULL_BATCH_BYTES
    }

    /// Takes a change that it [takes](Self::takes); the others are told otherwise.
    pub(super) fn push(&mut self, change: Change) {
        debug_assert!(self.takes(&change), "another kind of change");
        if matches!(self, Self::Nothing) {
            *self = match &change {
                Change::Add { .. } => Self::Additions(Additions::default()),
                Change::SetProperties { .. } => Self::Properties(PropertyChanges::default()),
                Change::SetText { .. } => Self::Texts(TextChanges::default()),
                _ => Self::Nothing,
            };
        }
        match (self, change) {
            (Self::Additions(columns), Change::Add { id, annotation }) => {
                columns.push(id, &annotation);
            }
            (
                Self::Properties(columns),
                Change::SetProperties { id, generation, modifier, properties },
            ) => columns.push(id, generation, modifier, &properties),
            (
                Self::Texts(columns),
                Change::SetText { id, generation, modifier, text_version, deltas },
            ) => columns.push(id, generation, modifier, text_version, &deltas),
            _ => {}
        }
    }

    /// Makes the call.
    pub(super) fn send(self, to: &mut AnnotationContainerClientProxy<Peers<'_>>) {
        let sent = match self {
            Self::Nothing => return,
            Self::Additions(of) => to.c_add_annotation_batch(
                &of.ids,
                &of.generations,
                &of.kinds,
                &of.owners,
                &of.modifiers,
                &of.counts,
                &of.names,
                &of.values,
            ),
            Self::Properties(of) => to.c_change_properties_batch(
                &of.ids,
                &of.generations,
                &of.modifiers,
                &of.counts,
                &of.names,
                &of.values,
            ),
            Self::Texts(of) => to.c_change_text_batch(
                &of.ids,
                &of.generations,
                &of.modifiers,
                &of.versions,
                &of.counts,
                &of.begins,
                &of.ends,
                &of.characters,
            ),
        };
        // Its peers would never be told, whereas those who come later would.
        if let Err(CallError::Misuse(error)) = sent.ok() {
            tracing::error!(%error, "Changes of annotations could not be told");
        }
    }
}
