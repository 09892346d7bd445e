use crate::annotation::{
    Annotation, Board, Change, Kind, Properties, Property, color, number, pair, text::Delta,
};

fn a_text(text: &str) -> Annotation {
    Annotation::new(Kind::Text, 7, Properties::from([(Property::Text, text.to_owned())]))
}

/// Telepointers and unknown numbers are not a [`Kind`].
#[test]
fn only_drawings_texts_and_images_exist() {
    let known = (i32::from(i16::MIN)..i32::from(i16::MAX)).filter_map(Kind::from_number);
    assert_eq!(known.collect::<Vec<_>>(), [Kind::Drawing, Kind::Text, Kind::Image]);
    assert_eq!([Kind::Drawing, Kind::Text, Kind::Image].map(Kind::number), [0, 1, 2]);
}

#[test]
fn board_is_the_result_of_its_changes() {
    let mut board = Board::default();
    assert!(board.apply(&Change::Add { id: 2, annotation: a_text("two") }));
    assert!(board.apply(&Change::Add { id: 1, annotation: a_text("one") }));
    let ids: Vec<_> = board.iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [1, 2]);
    let properties = Properties::from([(Property::Anchor, "1,2".to_owned())]);
    assert!(board.apply(&Change::SetProperties { id: 1, generation: 2, modifier: 9, properties }));
    let one = board.get(1).unwrap();
    assert_eq!((one.generation, one.modifier, one.owner, one.text()), (2, 9, 7, "one"));
    let deltas = vec![Delta::new(0, 1, "0")];
    let text = Change::SetText { id: 1, generation: 3, modifier: 8, text_version: 1, deltas };
    assert!(board.apply(&text));
    assert_eq!((board.get(1).unwrap().text(), board.get(1).unwrap().text_version), ("0ne", 1));
    assert!(board.apply(&Change::Remove { ids: vec![2, 5], remover: 7 }));
    assert!(board.apply(&Change::Clear { remover: 7 }));
    assert!(board.is_empty());
}

#[test]
fn change_of_a_missing_annotation_has_no_effect() {
    let mut board = Board::default();
    let properties = Properties::new();
    assert!(!board.apply(&Change::SetProperties { id: 1, generation: 2, modifier: 9, properties }));
    assert!(!board.apply(&Change::Remove { ids: vec![1], remover: 7 }));
    assert!(!board.apply(&Change::Clear { remover: 7 }));
    assert!(board.is_empty());
}

#[test]
fn delta_outside_the_text_leaves_the_text() {
    let mut board = Board::default();
    board.apply(&Change::Add { id: 1, annotation: a_text("one") });
    let deltas = vec![Delta::new(4, 9, "x")];
    board.apply(&Change::SetText { id: 1, generation: 2, modifier: 9, text_version: 1, deltas });
    assert_eq!(board.get(1).unwrap().text(), "one");
}

#[test]
fn values_parse_in_their_documented_form() {
    assert_eq!(number(" 2.5 "), Some(2.5));
    assert_eq!([number("inf"), number("NaN"), number("1e999"), number("")], [None; 4]);
    assert_eq!(pair("10,-4.5"), Some((10.0, -4.5)));
    assert_eq!([pair("10"), pair("1,2,3"), pair("a,1")], [None; 3]);
    assert_eq!(color("#FF0000"), Some([255, 255, 0, 0]));
    assert_eq!(color("#80ff0000"), Some([128, 255, 0, 0]));
    assert_eq!(color("none"), Some([0; 4]));
    assert_eq!([color("red"), color("#12"), color("#+FF0000"), color("url(#x)")], [None; 4]);
}
