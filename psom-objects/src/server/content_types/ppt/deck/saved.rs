//! Saving a presentation, piece by piece.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use psom::{DurableState, SavedValues};
use serde::{Deserialize, Serialize};

use super::{
    Applied, Deck, DeckChange, Effect, Failed, Item, Markup, Piece, Place, Position, merged,
};
use crate::{
    server::{content_type::Refusal, durable},
    types::ResourceFormat,
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    slides: u32,
    last_number: u64,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers => f.write_str("deck"),
            Self::Position => f.write_str("position"),
            Self::Errors(form) => write!(f, "errors/{}", i32::from(*form)),
            Self::Item(place) => write!(f, "item/{}", key(place)),
            Self::Held(slide) => write!(f, "held/{slide:010}"),
            Self::Begun(user) => write!(f, "begun/{user}"),
        }
    }
}

impl DurableState for Deck {
    type Change = DeckChange;
    type Key = Piece;
    type Effect = Effect;

    fn apply(&mut self, change: DeckChange, touched: &mut Vec<Piece>) -> Effect {
        let mut applied = Applied::default();
        match change {
            DeckChange::Added { user, item } => {
                if self.begun.entry(user).or_default().insert(item.form()) {
                    applied.touched.insert(Piece::Begun(user));
                }
                self.add(item, &mut applied);
            }
            DeckChange::Moved(position) => {
                self.position = position;
                applied.touched.insert(Piece::Position);
            }
            DeckChange::Failed(failed) => {
                self.add_errors(failed);
                applied.touched.insert(Piece::Errors(failed.form));
            }
        }
        touched.extend(applied.touched);
        applied.effect
    }

    fn keys(&self) -> Vec<Piece> {
        let forms: BTreeSet<_> = self.errors.keys().map(|(form, _)| *form).collect();
        [Piece::Numbers, Piece::Position]
            .into_iter()
            .chain(forms.into_iter().map(Piece::Errors))
            .chain(self.items.keys().cloned().map(Piece::Item))
            .chain(self.held.keys().copied().map(Piece::Held))
            .chain(self.begun.keys().copied().map(Piece::Begun))
            .collect()
    }

    fn value(&self, key: &Piece) -> Option<String> {
        match key {
            Piece::Numbers => {
                let numbers = Numbers { slides: self.slides, last_number: self.last_number };
                Some(durable::json(&numbers))
            }
            Piece::Position => Some(durable::json(&self.position.xml)),
            Piece::Errors(form) => {
                let errors = self.errors.range((*form, 0)..=(*form, u32::MAX));
                let errors = merged(errors.map(|(&(form, slide), &code)| (form, slide, code)));
                let runs = errors.iter().map(|of| (of.begin, of.end, i32::from(of.code)));
                let runs = runs.collect::<Vec<_>>();
                (!runs.is_empty()).then(|| durable::json(&runs))
            }
            Piece::Item(place) => self.items.get(place).map(durable::json),
            Piece::Held(slide) => self.held.get(slide).map(|held| durable::json(&held.markup)),
            Piece::Begun(user) => self.begun.get(user).map(|forms| {
                durable::json(&forms.iter().map(|form| i32::from(*form)).collect::<Vec<_>>())
            }),
        }
    }
}

impl Deck {
    fn add_errors(&mut self, failed: Failed) {
        let slides = failed.begin..=failed.end;
        self.errors.extend(slides.map(|slide| ((failed.form, slide), failed.code)));
    }

    /// Restores the state from its saved values.
    pub(in super::super) fn restore(saved: &SavedValues<'_>) -> Result<Self, Refusal> {
        let bad = |what: &str| Refusal::malformed(format!("the presentation has a bad {what}"));
        let Numbers { slides, last_number } = saved.required("deck")?;
        let position = Position::read(&saved.required::<String>("position")?);
        let position = position.ok().flatten().ok_or_else(|| bad("position"))?;
        let begun = BTreeMap::new();
        let mut deck = Self { last_number, position, begun, ..Self::new(0, slides) };
        for (name, item) in saved.below::<Item>("item")? {
            let number = name.rsplit('/').next().and_then(|number| number.parse().ok());
            deck.items.insert(item.place(number.unwrap_or_default()), item);
        }
        for (_, markup) in saved.below::<Markup>("held")? {
            if let Some(ready) = deck.defer_markup(markup) {
                deck.items.insert(Place::Markup(ready.slide), Item::Markup(ready));
            }
        }
        for (form, runs) in saved.below::<Vec<(u32, u32, i32)>>("errors")? {
            let form = form.parse().map(i32::into).map_err(|_| bad("error"))?;
            for (begin, end, code) in runs {
                if end >= slides.max(1) {
                    return Err(bad("error"));
                }
                deck.add_errors(Failed { begin, end, form, code: code.into() });
            }
        }
        for (user, forms) in saved.below::<Vec<i32>>("begun")? {
            let user = user.parse().map_err(|_| bad("uploader"))?;
            deck.begun.insert(user, forms.into_iter().map(ResourceFormat::from).collect());
        }
        Ok(deck)
    }
}

/// Returns the key of a place. A number is at its end.
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
