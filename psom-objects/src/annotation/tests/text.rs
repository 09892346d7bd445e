use proptest::prelude::*;

use crate::annotation::text::{self, Delta, DeltaError, MAX_LENGTH, MAX_PIECE_UNITS, Pieces};

fn apply(text: &str, deltas: &[(i32, i32, &str)]) -> Result<String, DeltaError> {
    let deltas: Vec<_> = deltas.iter().map(|(b, e, c)| Delta::new(*b, *e, *c)).collect();
    text::apply(text, &deltas, 100)
}

#[test]
fn deltas_are_applied_one_after_the_other() {
    let deltas = [(0, 5, "Goodbye"), (7, 8, ", "), (9, 14, "Ada")];
    assert_eq!(apply("Hello World", &deltas).unwrap(), "Goodbye, Ada");
    assert_eq!(apply("Hello", &[(1, 4, "")]).unwrap(), "Ho");
    assert_eq!(apply("", &[(0, 0, "x"), (1, 1, "y")]).unwrap(), "xy");
}

#[test]
fn ruling_13_positions_are_utf_16_code_units() {
    // The clef is two code units.
    assert_eq!(apply("a𝄞b", &[(3, 4, "c")]).unwrap(), "a𝄞c");
    assert_eq!(apply("a𝄞b", &[(1, 3, "")]).unwrap(), "ab");
    assert_eq!(apply("é", &[(1, 1, "!")]).unwrap(), "é!");
}

#[test]
fn delta_outside_the_text_is_rejected() {
    for delta in [(-1, 0, ""), (0, 3, ""), (3, 3, "x"), (2, 1, ""), (0, -1, ""), (0, i32::MAX, "")]
    {
        assert_eq!(apply("ab", &[delta]), Err(DeltaError::OutOfPlace), "{delta:?}");
    }
    // Between the two code units of a character.
    assert_eq!(apply("𝄞", &[(1, 1, "x")]), Err(DeltaError::OutOfPlace));
    assert_eq!(apply("𝄞", &[(0, 1, "")]), Err(DeltaError::OutOfPlace));
    assert_eq!(apply("𝄞", &[(1, 2, "")]), Err(DeltaError::OutOfPlace));
}

#[test]
fn intermediate_texts_respect_the_limit() {
    let long = "x".repeat(101);
    assert_eq!(apply("", &[(0, 0, &long)]), Err(DeltaError::TooLong));
    assert_eq!(apply("", &[(0, 0, &long), (0, 50, "")]), Err(DeltaError::TooLong));
    assert!(apply("", &[(0, 0, &long[..100])]).is_ok());
    // A text fits into a string of the wire even if the server allows more.
    let wide = Delta::new(0, 0, "€".repeat(MAX_LENGTH / 3 + 1));
    assert_eq!(text::apply("", &[wide], usize::MAX), Err(DeltaError::TooLong));
    let wide = Delta::new(0, 0, "€".repeat(MAX_LENGTH / 3));
    assert!(text::apply("", &[wide], usize::MAX).is_ok());
}

/// Checks that a delta copies only the pieces around it, for texts of any length and history.
#[test]
fn cost_of_a_delta_is_independent_of_its_position() {
    let mut text = Pieces::new(&"x".repeat(MAX_LENGTH));
    let mut change = |begin, end, characters: &str| {
        let before = text.copied;
        text.replace(begin, end, characters);
        assert!(text.copied - before <= 3 * MAX_PIECE_UNITS + characters.len());
        assert!(text.pieces.iter().all(|piece| (1..=MAX_PIECE_UNITS).contains(&piece.len())));
        assert!(text.pieces.len() <= 2 * text.length / MAX_PIECE_UNITS + 1);
        assert_eq!(text.length, text.pieces.iter().map(Vec::len).sum::<usize>());
    };
    let long = "y".repeat(3 * MAX_PIECE_UNITS + 1);
    for at in (0..MAX_LENGTH - long.len()).step_by(997) {
        change(0, 1, "");
        change(at, at, "y");
        change(at, at + long.len(), "");
        change(at / 2, at / 2, &long);
    }
    for left in (0..MAX_LENGTH).rev() {
        change(left / 2, left / 2 + 1, "");
    }
}

/// Applies a delta to single code units, as a reference.
fn reference(units: &[u16], deltas: &[Delta]) -> Option<Vec<u16>> {
    let mut units = units.to_vec();
    for delta in deltas {
        let (begin, end) = (usize::try_from(delta.begin).ok()?, usize::try_from(delta.end).ok()?);
        let mut after = units.get(..begin)?.to_vec();
        units.get(begin..end)?;
        // The remaining text must consist of whole characters.
        let cut = [&units[..begin], &units[begin..end], &units[end..]];
        if cut.iter().any(|part| String::from_utf16(part).is_err()) {
            return None;
        }
        after.extend(delta.characters.encode_utf16());
        after.extend(&units[end..]);
        units = after;
    }
    Some(units)
}

proptest! {
    #[test]
    fn random_deltas_match_the_reference(
        text in "[ab\u{e9}\u{20ac}\u{1d11e}]{0,12}",
        deltas in prop::collection::vec((-1..14i32, -1..14i32, "[xy\u{1f600}]{0,3}"), 0..6),
    ) {
        let deltas: Vec<_> = deltas.into_iter().map(|(b, e, c)| Delta::new(b, e, c)).collect();
        let units: Vec<u16> = text.encode_utf16().collect();
        let expected = reference(&units, &deltas).map(|units| String::from_utf16(&units).unwrap());
        prop_assert_eq!(text::apply(&text, &deltas, 1000).ok(), expected);
    }

    /// Compares with the reference for a text of many pieces.
    #[test]
    fn random_deltas_of_a_long_text_match_the_reference(
        times in 0..2000usize,
        deltas in prop::collection::vec((0..4000i32, 0..4000i32, 0..2000usize), 0..4),
    ) {
        // Even positions, because every character has two code units. Most of them are in the text.
        let text = "\u{1d11e}\u{1f600}".repeat(times);
        let deltas: Vec<_> = deltas.into_iter().map(|(a, b, c)| {
            Delta::new(2 * a.min(b), 2 * a.max(b), "\u{1f600}".repeat(c))
        }).collect();
        let units: Vec<u16> = text.encode_utf16().collect();
        let expected = reference(&units, &deltas).map(|units| String::from_utf16(&units).unwrap());
        let expected = expected.filter(|text| text.len() / 2 * 3 <= MAX_LENGTH);
        prop_assert_eq!(text::apply(&text, &deltas, MAX_LENGTH).ok(), expected);
    }
}
