//! Boards' events for programs and for people.

use super::BoardEvent;
use crate::{
    annotation::{Change, Properties},
    client::{
        explain,
        json::{Object, hex},
        line::name,
        model::Model,
    },
};

impl BoardEvent {
    /// The event's name in JSON.
    pub(in crate::client) fn name(&self) -> &'static str {
        match self {
            Self::Constraints { .. } => "annotationConstraints",
            Self::Changed { change, .. } => match change {
                Change::Add { .. } => "annotationAdded",
                Change::SetProperties { .. } => "annotationChanged",
                Change::SetText { .. } => "annotationTextChanged",
                Change::SetImage { .. } => "annotationImage",
                Change::Remove { .. } => "annotationsRemoved",
                Change::Clear { .. } => "annotationsCleared",
            },
            Self::Telepointer { .. } => "telepointer",
            Self::AddRefused { .. } => "annotationRefused",
            Self::ChangeRefused { .. } => "annotationChangeRefused",
            Self::GroupChangeRefused { .. } => "annotationGroupChangeRefused",
            Self::TextChangeRefused { .. } => "annotationTextChangeRefused",
            Self::RemovalRefused { .. } => "annotationRemovalRefused",
            Self::ClearRefused { .. } => "annotationClearRefused",
            Self::TelepointerRefused { .. } => "telepointerRefused",
        }
    }

    pub(in crate::client) fn fields(&self, json: Object) -> Object {
        let json = match self {
            Self::Constraints { values } => values
                .iter()
                .fold(json, |json, (constraint, value)| json.number(constraint.name(), value)),
            Self::Changed { change, cookie } => {
                let json = change_fields(change, json);
                match cookie {
                    Some(cookie) => json.number("cookie", cookie),
                    None => json,
                }
            }
            Self::Telepointer { user, anchor, visible } => {
                json.number("user", user).text("anchor", anchor).flag("visible", *visible)
            }
            Self::AddRefused { kind, properties, .. } => {
                table(json.number("type", kind), properties)
            }
            Self::ChangeRefused { annotation, generation, modifier, properties, .. } => {
                let json = json.number("annotation", annotation).number("generation", generation);
                table(json.number("modifier", modifier), properties)
            }
            Self::GroupChangeRefused {
                annotations,
                generations,
                modifiers,
                property,
                values,
                ..
            } => json
                .numbers("annotations", annotations)
                .numbers("generations", generations)
                .numbers("modifiers", modifiers)
                .text("property", property.name())
                .texts("values", values),
            Self::TextChangeRefused { annotation, generation, modifier, .. } => json
                .number("annotation", annotation)
                .number("generation", generation)
                .number("modifier", modifier),
            Self::RemovalRefused { annotations, cookie, .. } => {
                json.numbers("annotations", annotations).maybe("cookie", cookie.map(i64::from))
            }
            Self::ClearRefused { .. } | Self::TelepointerRefused { .. } => json,
        };
        match self.code() {
            Some(code) => json.text("code", code),
            None => json,
        }
    }

    /// The event as one line; `it` is the content.
    pub(in crate::client) fn line(&self, it: &str, model: &Model) -> String {
        match self {
            Self::Constraints { .. } => format!("{it} says how much can be drawn on it."),
            Self::Changed { change, .. } => change_line(change, it, model),
            Self::Telepointer { user, anchor, visible: true } => {
                format!("{} points to {anchor} on {it}.", name(model, *user))
            }
            Self::Telepointer { user, .. } => {
                format!("{} points to nothing on {it} any more.", name(model, *user))
            }
            refused => explain::annotation(refused.code().unwrap_or_default()),
        }
    }
}

fn table(json: Object, properties: &Properties) -> Object {
    json.table("properties", properties.iter().map(|(name, value)| (name.name(), value.as_str())))
}

fn change_fields(change: &Change, json: Object) -> Object {
    match change {
        Change::Add { id, annotation } => {
            let json = json.number("annotation", id).text("type", annotation.kind.name());
            let json = json
                .number("generation", annotation.generation)
                .number("owner", annotation.owner)
                .number("modifier", annotation.modifier);
            table(json, &annotation.properties)
        }
        Change::SetProperties { id, generation, modifier, properties } => {
            let json = json.number("annotation", id).number("generation", generation);
            table(json.number("modifier", modifier), properties)
        }
        Change::SetText { id, generation, modifier, text_version, deltas } => json
            .number("annotation", id)
            .number("generation", generation)
            .number("modifier", modifier)
            .number("textVersion", text_version)
            .numbers("begins", deltas.iter().map(|delta| delta.begin))
            .numbers("ends", deltas.iter().map(|delta| delta.end))
            .texts("characters", deltas.iter().map(|delta| &delta.characters)),
        Change::SetImage { id, file } => {
            json.number("annotation", id).text("url", &file.url).text("sha1", &hex(&file.hash))
        }
        Change::Remove { ids, remover } => {
            json.numbers("annotations", ids).number("remover", remover)
        }
        Change::Clear { remover } => json.number("remover", remover),
    }
}

fn change_line(change: &Change, it: &str, model: &Model) -> String {
    match change {
        Change::Add { id, annotation } => {
            let (who, kind) = (name(model, annotation.owner), annotation.kind.name());
            format!("{it} has {kind} {id} of {who}.")
        }
        Change::SetProperties { id, modifier, properties, .. } => {
            let names: Vec<_> = properties.keys().map(|property| property.name()).collect();
            let who = name(model, *modifier);
            format!("{who} has changed {} of annotation {id} on {it}.", names.join(", "))
        }
        Change::SetText { id, text_version, deltas, .. } if deltas.is_empty() => {
            format!("Text {id} on {it} has version {text_version}.")
        }
        Change::SetText { id, modifier, .. } => {
            format!("{} has edited text {id} on {it}.", name(model, *modifier))
        }
        Change::SetImage { id, file } => {
            format!("The picture of image {id} on {it} is at {}.", file.url)
        }
        Change::Remove { ids, remover } => {
            let ids: Vec<_> = ids.iter().map(i32::to_string).collect();
            let (who, ids) = (name(model, *remover), ids.join(", "));
            format!("{who} has removed annotation {ids} from {it}.")
        }
        Change::Clear { remover } => format!("{} has cleared {it}.", name(model, *remover)),
    }
}
