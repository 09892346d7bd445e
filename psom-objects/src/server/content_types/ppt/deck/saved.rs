//! Saving a presentation, piece by piece.

use psom::Scope;
use serde::{Deserialize, Serialize};

use super::{Deck, DeckChange, Failed, Item, Markup, Piece, Place, Position, merged};
use crate::{
    server::content_type::{Memory, Refusal, SavedValues},
    types::{ResourceErrorCode, ResourceFormat},
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    slides: u32,
    last_number: u64,
}

impl Deck {
    /// Saves the pieces that have changed since the last call.
    pub(in super::super) fn save(&mut self, scope: &mut Scope, memory: &Memory) {
        for piece in std::mem::take(&mut self.touched) {
            self.save_piece(scope, memory, &piece);
        }
    }

    fn save_piece(&self, scope: &mut Scope, memory: &Memory, piece: &Piece) {
        let key = match piece {
            Piece::Numbers => "deck".into(),
            Piece::Position => "position".into(),
            Piece::Errors(form) => format!("errors/{}", i32::from(*form)),
            Piece::Item(place) => format!("item/{}", key(place)),
            Piece::Held(slide) => format!("held/{slide:010}"),
            Piece::Begun(user) => format!("begun/{user}"),
        };
        match piece {
            Piece::Numbers => {
                let numbers = Numbers { slides: self.slides, last_number: self.last_number };
                memory.keep(scope, &key, &numbers);
            }
            Piece::Position => memory.keep(scope, &key, &self.position.xml),
            Piece::Errors(form) => {
                let errors = self.errors.range((*form, 0)..=(*form, u32::MAX));
                let errors = merged(errors.map(|(&(form, slide), &code)| (form, slide, code)));
                let runs = errors.iter().map(|of| (of.begin, of.end, i32::from(of.code)));
                let runs = runs.collect::<Vec<_>>();
                keep(scope, memory, &key, Some(&runs).filter(|runs| !runs.is_empty()));
            }
            Piece::Item(place) => keep(scope, memory, &key, self.items.get(place)),
            Piece::Held(slide) => {
                keep(scope, memory, &key, self.held.get(slide).map(|held| &held.markup));
            }
            Piece::Begun(user) => {
                let forms = self.begun.get(user);
                let numbers = forms.map(|forms| forms.iter().map(|form| i32::from(*form)));
                keep(scope, memory, &key, numbers.map(Iterator::collect::<Vec<_>>).as_ref());
            }
        }
    }

    /// Restores a presentation. Uploads that the end of the previous run interrupted are not
    /// resumed.
    pub(in super::super) fn restore(saved: &SavedValues<'_>) -> Result<Self, Refusal> {
        let bad = |what: &str| Refusal::malformed(format!("the presentation has a bad {what}"));
        let Numbers { slides, last_number } = saved.required("deck")?;
        let position = Position::read(&saved.required::<String>("position")?);
        let position = position.ok().flatten().ok_or_else(|| bad("position"))?;
        let mut deck = Self { slides, last_number, position, ..Self::new() };
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
                deck.apply(&DeckChange::Failed(Failed { begin, end, form, code: code.into() }));
            }
        }
        for (user, forms) in saved.below::<Vec<i32>>("begun")? {
            let user = user.parse().map_err(|_| bad("uploader"))?;
            deck.begun.insert(user, forms.into_iter().map(ResourceFormat::from).collect());
        }
        deck.touched.clear();
        let users: Vec<_> = deck.begun.keys().copied().collect();
        for user in users {
            let code = ResourceErrorCode::UploaderClientDisconnected;
            for failed in deck.left_undone(user, code) {
                deck.apply(&DeckChange::Failed(failed));
            }
        }
        Ok(deck)
    }
}

/// Saves an existing piece, and erases a missing one.
fn keep(scope: &mut Scope, memory: &Memory, key: &str, value: Option<&impl Serialize>) {
    match value {
        Some(value) => memory.keep(scope, key, value),
        None => memory.erase(scope, key),
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
