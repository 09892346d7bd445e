//! A presentation as it is saved, piece by piece.

use std::collections::BTreeMap;

use psom::Scope;
use serde::{Deserialize, Serialize};

use super::{Change, Deck, Failed, Item, Markup, Place, Position};
use crate::{
    server::{Memory, Recollection, Refusal},
    types::{ResourceErrorCode, ResourceFormat},
};

/// What was saved last, so that only what is new is saved.
pub(in super::super) type Pieces = BTreeMap<String, String>;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    slides: u32,
    last_number: u64,
}

#[derive(Serialize, Deserialize)]
struct Errors(Vec<(i32, u32, u32, i32)>);

impl Deck {
    /// Saves what has changed.
    pub(in super::super) fn save(
        &self,
        scope: &mut Scope,
        memory: &Memory,
        before: &mut Pieces,
        change: Option<&Change>,
    ) {
        // The commonest change of all touches one piece.
        if let Some(Change::Moved(position)) = change {
            return memory.keep(scope, "position", &position.xml);
        }
        if change.is_none() {
            memory.keep(scope, "position", &self.position.xml);
        }
        let now = self.pieces();
        for (key, text) in &now {
            if before.get(key) != Some(text) {
                memory.save_text(scope, key, text);
            }
        }
        for key in before.keys().filter(|key| !now.contains_key(*key)) {
            memory.erase(scope, key);
        }
        *before = now;
    }

    /// All pieces but the position.
    fn pieces(&self) -> Pieces {
        let mut pieces = Pieces::new();
        // There is nothing in it that JSON cannot say.
        let mut put = |key: String, text: serde_json::Result<String>| {
            pieces.extend(text.ok().map(|text| (key, text)));
        };
        let numbers = Numbers { slides: self.slides, last_number: self.last_number };
        put("deck".into(), serde_json::to_string(&numbers));
        let errors = self.errors();
        let errors = errors
            .iter()
            .map(|failed| (failed.form.into(), failed.begin, failed.end, failed.code.into()));
        put("errors".into(), serde_json::to_string(&Errors(errors.collect())));
        for (place, item) in &self.items {
            put(format!("item/{}", key(place)), serde_json::to_string(item));
        }
        for (slide, held) in &self.held {
            put(format!("held/{slide:010}"), serde_json::to_string(&held.markup));
        }
        for (user, forms) in &self.begun {
            let forms: Vec<i32> = forms.iter().map(|form| (*form).into()).collect();
            put(format!("begun/{user}"), serde_json::to_string(&forms));
        }
        pieces
    }

    /// The presentation as it was saved. Whoever was uploading is not there any more.
    pub(in super::super) fn restore(saved: &Recollection<'_>) -> Result<(Self, Pieces), Refusal> {
        let bad = |what: &str| Refusal::malformed(format!("the presentation has a bad {what}"));
        let Numbers { slides, last_number } = saved.must("deck")?;
        let position = Position::read(&saved.must::<String>("position")?);
        let position = position.ok().flatten().ok_or_else(|| bad("position"))?;
        let mut deck = Self { slides, last_number, position, ..Self::new() };
        for (name, item) in saved.below::<Item>("item")? {
            let number = name.rsplit('/').next().and_then(|number| number.parse().ok());
            deck.items.insert(item.place(number.unwrap_or_default()), item);
        }
        for (_, markup) in saved.below::<Markup>("held")? {
            if let Some(ready) = deck.hold(markup) {
                deck.items.insert(Place::Markup(ready.slide), Item::Markup(ready));
            }
        }
        let Errors(errors) = saved.must("errors")?;
        for (form, begin, end, code) in errors {
            if end >= slides.max(1) {
                return Err(bad("error"));
            }
            let (form, code) = (ResourceFormat::from(form), ResourceErrorCode::from(code));
            deck.apply(&Change::Failed(Failed { begin, end, form, code }));
        }
        for (user, forms) in saved.below::<Vec<i32>>("begun")? {
            let user = user.parse().map_err(|_| bad("uploader"))?;
            deck.begun.insert(user, forms.into_iter().map(ResourceFormat::from).collect());
        }
        let pieces = deck.pieces();
        let users: Vec<_> = deck.begun.keys().copied().collect();
        for user in users {
            let code = ResourceErrorCode::UploaderClientDisconnected;
            for failed in deck.left_undone(user, code) {
                deck.apply(&Change::Failed(failed));
            }
        }
        Ok((deck, pieces))
    }
}

/// The key of a place; where it goes by a number, that stands at the end.
fn key(place: &Place) -> String {
    match place {
        Place::Preview => "preview".into(),
        Place::Thumbnails => "thumbnails".into(),
        Place::Notes(number) => format!("notes/{number:020}"),
        Place::Partial(number) => format!("partial/{number:020}"),
        Place::Full => "full".into(),
        Place::Shared(name) => format!("shared/{name}"),
        Place::Markup(slide) => format!("markup/{slide:010}"),
        Place::Jpeg(slide) => format!("jpeg/{slide:010}"),
        Place::Native => "native".into(),
    }
}
