use psom::{CallError, Sent, interface::Target};

use crate::{
    annotation::{
        Change,
        batch::{Additions, FULL_BATCH_BYTES, PropertyChanges, TextChanges},
    },
    interfaces::AnnotationContainerClientProxy,
};

/// Changes of one kind that one call will announce.
#[derive(Debug, Default)]
pub(super) enum Pending {
    #[default]
    Nothing,
    Additions(Additions),
    Properties(PropertyChanges),
    Texts(TextChanges),
}

impl Pending {
    /// Reports whether a change fits into the same call.
    pub(super) fn takes(&self, change: &Change) -> bool {
        matches!(
            (self, change),
            (Self::Nothing, _)
                | (Self::Additions(_), Change::Add { .. })
                | (Self::Properties(_), Change::SetProperties { .. })
                | (Self::Texts(_), Change::SetText { .. })
        )
    }

    /// Reports whether the call has reached its size limit.
    pub(super) fn is_full(&self) -> bool {
        let size = match self {
            Self::Nothing => 0,
            Self::Additions(columns) => columns.size,
            Self::Properties(columns) => columns.size,
            Self::Texts(columns) => columns.size,
        };
        size >= FULL_BATCH_BYTES
    }

    /// Adds a change that it [takes](Self::takes). Other changes need another call.
    pub(super) fn push(&mut self, change: &Change) {
        debug_assert!(self.takes(change), "another kind of change");
        if matches!(self, Self::Nothing) {
            *self = match change {
                Change::Add { .. } => Self::Additions(Additions::default()),
                Change::SetProperties { .. } => Self::Properties(PropertyChanges::default()),
                Change::SetText { .. } => Self::Texts(TextChanges::default()),
                _ => Self::Nothing,
            };
        }
        match (self, change) {
            (Self::Additions(columns), Change::Add { id, annotation }) => {
                columns.push(*id, annotation);
            }
            (
                Self::Properties(columns),
                Change::SetProperties { id, generation, modifier, properties },
            ) => columns.push(*id, *generation, *modifier, properties),
            (
                Self::Texts(columns),
                Change::SetText { id, generation, modifier, text_version, deltas },
            ) => columns.push(*id, *generation, *modifier, *text_version, deltas),
            _ => {}
        }
    }

    /// Sends the call.
    pub(super) fn send<T: Target<Sent = Sent>>(self, to: &mut AnnotationContainerClientProxy<T>) {
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
        // The connected clients miss the change, which newcomers receive.
        if let Err(CallError::Misuse(error)) = sent.ok() {
            tracing::error!(%error, "failed to announce changes of annotations");
        }
    }
}
