use psom_objects::{
    annotation::Change,
    client::{BoardEvent, Model},
};

use super::{names::user, refusal};
use crate::drawing::slide_number::slide_of;

/// Describes a change of a board in one sentence. `title` names the content.
pub(crate) fn line(event: &BoardEvent, title: &str, model: &Model) -> String {
    match event {
        BoardEvent::Constraints { .. } => format!("{title} has limits for annotations."),
        BoardEvent::Changed { change, .. } => change_line(change, title, model),
        BoardEvent::Telepointer { user: id, anchor, visible: true } => {
            format!("{} points to {anchor} on {title}.", user(model, *id))
        }
        BoardEvent::Telepointer { user: id, .. } => {
            format!("{} no longer points to {title}.", user(model, *id))
        }
        refused => refusal::annotation(refused.code().unwrap_or_default()),
    }
}

fn change_line(change: &Change, title: &str, model: &Model) -> String {
    match change {
        Change::Add { id, annotation } => {
            let (owner, kind) = (user(model, annotation.owner), annotation.kind.name());
            let slide =
                slide_of(annotation).map(|slide| format!("slide {} of ", u64::from(slide) + 1));
            format!("{owner} has added {kind} {id} to {}{title}.", slide.unwrap_or_default())
        }
        Change::SetProperties { id, modifier, properties, .. } => {
            let names: Vec<_> = properties.keys().map(|property| property.name()).collect();
            let modifier = user(model, *modifier);
            format!("{modifier} has changed {} of annotation {id} on {title}.", names.join(", "))
        }
        Change::SetText { id, text_version, deltas, .. } if deltas.is_empty() => {
            format!("Text {id} on {title} has version {text_version}.")
        }
        Change::SetText { id, modifier, .. } => {
            format!("{} has edited text {id} on {title}.", user(model, *modifier))
        }
        Change::SetImage { id, file } => {
            format!("The picture of image {id} on {title} is at {}.", file.url)
        }
        Change::Remove { ids, remover } => {
            let ids: Vec<_> = ids.iter().map(i32::to_string).collect();
            let (remover, ids) = (user(model, *remover), ids.join(", "));
            format!("{remover} has removed annotation {ids} from {title}.")
        }
        Change::Clear { remover } => {
            format!("{} has removed all annotations from {title}.", user(model, *remover))
        }
    }
}
