//! From keys to places in a presentation.

use crossterm::event::{KeyCode, KeyEvent};

use crate::terminal::keys::is_end;

/// The meaning of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyAction {
    Next,
    Previous,
    First,
    Last,
    /// The slide with this number, from 1.
    To(u32),
    /// Leave the stage.
    Stop,
    /// List the keys.
    Help,
}

/// The keys that a user has pressed: the digits of a slide's number.
#[derive(Debug, Default)]
pub(super) struct Digits(Option<u32>);

impl Digits {
    /// Returns the meaning of a key, if it has one.
    pub(super) fn step(&mut self, key: &KeyEvent) -> Option<KeyAction> {
        let number = self.0.take();
        if is_end(key) {
            return Some(KeyAction::Stop);
        }
        match (key.code, number) {
            (KeyCode::Char(c), _) if c.is_ascii_digit() => {
                let digit = c.to_digit(10)?;
                // A number above the number of slides later becomes the last slide.
                self.0 = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
                None
            }
            (KeyCode::Enter, Some(number)) => Some(KeyAction::To(number)),
            (KeyCode::Right | KeyCode::Down | KeyCode::PageDown | KeyCode::Enter, _)
            | (KeyCode::Char(' ' | 'n'), _) => Some(KeyAction::Next),
            (KeyCode::Left | KeyCode::Up | KeyCode::PageUp | KeyCode::Backspace, _)
            | (KeyCode::Char('p'), _) => Some(KeyAction::Previous),
            (KeyCode::Home, _) => Some(KeyAction::First),
            (KeyCode::End, _) => Some(KeyAction::Last),
            (KeyCode::Esc | KeyCode::Char('q'), _) => Some(KeyAction::Stop),
            (KeyCode::Char('?' | 'h'), _) => Some(KeyAction::Help),
            _ => None,
        }
    }
}

/// A place: a slide, from 0, and the number of its clicks that have happened.
pub(super) type SlidePlace = (u32, u32);

/// Returns the place to which a step leads, or `None` if it leads nowhere. `clicks` returns the number of
/// clicks that the animations of a slide need.
pub(super) fn target(
    step: KeyAction,
    (slide, click): SlidePlace,
    count: u32,
    clicks: impl Fn(u32) -> u32,
) -> Option<SlidePlace> {
    let last = count.checked_sub(1)?;
    let place = match step {
        KeyAction::Next if click < clicks(slide) => (slide, click + 1),
        KeyAction::Next if slide < last => (slide + 1, 0),
        KeyAction::Previous if click > 0 => (slide, click - 1),
        // The previous slide is shown with all of its clicks, as it was before it was left.
        KeyAction::Previous if slide > 0 => (slide - 1, clicks(slide - 1)),
        KeyAction::First => (0, 0),
        KeyAction::Last => (last, 0),
        KeyAction::To(number) => (number.clamp(1, count) - 1, 0),
        KeyAction::Next | KeyAction::Previous | KeyAction::Stop | KeyAction::Help => return None,
    };
    (place != (slide, click)).then_some(place)
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn steps(codes: &[KeyCode]) -> Vec<KeyAction> {
        let mut digits = Digits::default();
        let key = |code: &KeyCode| KeyEvent::new(*code, KeyModifiers::NONE);
        codes.iter().filter_map(|code| digits.step(&key(code))).collect()
    }

    #[test]
    fn keys_have_the_usual_meaning() {
        use KeyCode::{
            Backspace, Char, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Up,
        };
        assert_eq!(steps(&[Right, Down, PageDown, Char(' '), Enter]), [KeyAction::Next; 5]);
        assert_eq!(steps(&[Left, Up, PageUp, Backspace, Char('p')]), [KeyAction::Previous; 5]);
        assert_eq!(steps(&[Home, End, Char('x')]), [KeyAction::First, KeyAction::Last]);
        assert_eq!(
            steps(&[Esc, Char('q'), Char('?')]),
            [KeyAction::Stop, KeyAction::Stop, KeyAction::Help]
        );
        let ctrl_c = KeyEvent::new(Char('c'), KeyModifiers::CONTROL);
        assert_eq!(Digits::default().step(&ctrl_c), Some(KeyAction::Stop));
    }

    #[test]
    fn digits_and_enter_go_to_a_slide() {
        use KeyCode::{Char, Enter, Right};
        assert_eq!(
            steps(&[Char('1'), Char('2'), Enter, Enter]),
            [KeyAction::To(12), KeyAction::Next]
        );
        assert_eq!(
            steps(&[Char('1'), Right, Char('2'), Enter]),
            [KeyAction::Next, KeyAction::To(2)]
        );
        assert_eq!(steps(&[&[Char('9'); 20][..], &[Enter]].concat()), [KeyAction::To(u32::MAX)]);
    }

    #[test]
    fn steps_run_through_clicks_and_slides() {
        // The second of three slides has two clicks.
        let clicks = |slide| if slide == 1 { 2 } else { 0 };
        let go = |step, place| target(step, place, 3, clicks);
        let forward = [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0)];
        for pair in forward.windows(2) {
            assert_eq!(go(KeyAction::Next, pair[0]), Some(pair[1]));
            assert_eq!(go(KeyAction::Previous, pair[1]), Some(pair[0]));
        }
        assert_eq!((go(KeyAction::Next, (2, 0)), go(KeyAction::Previous, (0, 0))), (None, None));
        assert_eq!(
            (go(KeyAction::Last, (0, 0)), go(KeyAction::First, (2, 0))),
            (Some((2, 0)), Some((0, 0)))
        );
        assert_eq!(
            (go(KeyAction::To(2), (0, 0)), go(KeyAction::To(99), (0, 0))),
            (Some((1, 0)), Some((2, 0)))
        );
        assert_eq!(
            (go(KeyAction::To(0), (1, 0)), go(KeyAction::To(2), (1, 0))),
            (Some((0, 0)), None)
        );
        assert_eq!(target(KeyAction::Next, (0, 0), 0, |_| 0), None);
    }
}
