use std::collections::{BTreeMap, BTreeSet};

use super::set::set;
use crate::{
    annotation::{self, Annotation, Change, Constraint, Properties, Property},
    client::{
        explain,
        json::{Object, hex},
        line::name,
        model::meeting::Model,
    },
};

/// What is drawn, written and pinned on a content, and who points where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Board {
    /// The annotations.
    pub annotations: annotation::Board,
    /// What the server holds annotations to.
    pub constraints: BTreeMap<Constraint, i32>,
    /// Where users point to, by their numbers.
    pub telepointers: BTreeMap<i64, String>,
    /// About how many bytes all of that has.
    weight: usize,
}

/// The most annotations of a board that is followed, the most users who point at something on it,
/// and about how many bytes it has with all of them.
pub(super) const MAX_ANNOTATIONS: usize = 100_000;
const MAX_TELEPOINTERS: usize = 10_000;
const MAX_WEIGHT: usize = 64 << 20;

/// About how many bytes all boards of a meeting have that is followed.
pub(super) const MAX_BOARDS: usize = 4 * MAX_WEIGHT;

/// Something has changed on a board, or an answer to the one who asked for it. Codes are those of
/// [`ErrorCode`](annotation::ErrorCode), or another server's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum BoardEvent {
    /// What the server holds annotations to.
    Constraints { values: BTreeMap<Constraint, i32> },
    /// The annotations have changed. What was removed with a cookie comes with it.
    Changed { change: Change, cookie: Option<i32> },
    /// A user points to something, or to nothing any more.
    Telepointer { user: i64, anchor: String, visible: bool },

    /// An annotation was not added. The type is a number of [`Kind`](annotation::Kind).
    AddRefused { kind: i32, properties: Properties, code: String },
    /// Properties were not changed; these values are in force.
    ChangeRefused {
        annotation: i32,
        generation: i32,
        modifier: i64,
        properties: Properties,
        code: String,
    },
    /// A property of a group was not changed; these values are in force, with the generation and
    /// the last modifier of each annotation. A large group may come in several events; another
    /// server may leave out all values.
    GroupChangeRefused {
        annotations: Vec<i32>,
        generations: Vec<i32>,
        modifiers: Vec<i64>,
        property: Property,
        values: Vec<String>,
        code: String,
    },
    /// A text was not changed.
    TextChangeRefused { annotation: i32, generation: i32, modifier: i64, code: String },
    /// Annotations were not removed.
    RemovalRefused { annotations: Vec<i32>, cookie: Option<i32>, code: String },
    /// The board was not cleared.
    ClearRefused { code: String },
    /// The telepointer is not shown.
    TelepointerRefused { code: String },
}

impl Board {
    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &BoardEvent) -> bool {
        match event {
            BoardEvent::Constraints { values } => set(&mut self.constraints, values.clone()),
            BoardEvent::Changed { change, .. } => {
                let before = self.weight_of(change);
                let changed = self.annotations.apply(change);
                self.weight = self.weight - before + self.weight_of(change);
                changed
            }
            BoardEvent::Telepointer { user, anchor, visible } => {
                let before = match visible {
                    true => self.telepointers.insert(*user, anchor.clone()),
                    false => self.telepointers.remove(user),
                };
                let now = visible.then_some(anchor);
                self.weight += now.map_or(0, String::len);
                self.weight -= before.as_ref().map_or(0, String::len);
                before.as_ref() != now
            }
            _ => false,
        }
    }

    /// About how many bytes the board has.
    pub(in crate::client) fn weight(&self) -> usize {
        self.weight
    }

    /// Whether the board is larger than any that is followed.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.annotations.len() > MAX_ANNOTATIONS
            || self.telepointers.len() > MAX_TELEPOINTERS
            || self.weight > MAX_WEIGHT
    }

    /// The bytes of what a change is about.
    fn weight_of(&self, change: &Change) -> usize {
        let of = |id: &i32| self.annotations.get(*id).map_or(0, weight);
        match change {
            Change::Add { id, .. }
            | Change::SetProperties { id, .. }
            | Change::SetText { id, .. }
            | Change::SetImage { id, .. } => of(id),
            // An annotation that is named twice is removed once.
            Change::Remove { ids, .. } => {
                ids.iter().collect::<BTreeSet<_>>().into_iter().map(of).sum()
            }
            Change::Clear { .. } => self.annotations.iter().map(|(_, it)| weight(it)).sum(),
        }
    }
}

/// About how many bytes an annotation has.
fn weight(annotation: &Annotation) -> usize {
    let file = annotation.file.as_ref();
    let file = file.map_or(0, |it| it.url.len() + it.key.len() + it.iv.len() + it.hash.len());
    annotation.properties.values().map(String::len).sum::<usize>() + file
}

impl BoardEvent {
    /// Why the server refused what was asked for, where the event says so.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::AddRefused { code, .. }
            | Self::ChangeRefused { code, .. }
            | Self::GroupChangeRefused { code, .. }
            | Self::TextChangeRefused { code, .. }
            | Self::RemovalRefused { code, .. }
            | Self::ClearRefused { code }
            | Self::TelepointerRefused { code } => Some(code),
            _ => None,
        }
    }
}

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
