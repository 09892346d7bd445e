use crate::annotation::{
    Annotation, Change, Kind, Properties, Property,
    batch::{Additions, PropertyChanges, TextChanges},
    text::Delta,
};

fn additions() -> (Additions, Vec<Change>) {
    let mut columns = Additions::default();
    let changes = [1, 2, 3].map(|id| {
        let all = [(Property::Text, "a"), (Property::Anchor, "1,2"), (Property::Fill, "none")];
        let own = all.into_iter().take(id as usize - 1);
        let properties: Properties = own.map(|(of, value)| (of, value.to_owned())).collect();
        let mut annotation = Annotation::new(Kind::Text, 7, properties);
        (annotation.generation, annotation.modifier) = (id * 2, 8);
        columns.push(id, &annotation);
        Change::Add { id, annotation }
    });
    (columns, changes.into())
}

fn property_changes() -> PropertyChanges {
    let mut columns = PropertyChanges::default();
    columns.push(1, 2, 7, &Properties::from([(Property::Text, "a".to_owned())]));
    columns.push(2, 3, 7, &Properties::new());
    columns
}

fn text_changes() -> TextChanges {
    let mut columns = TextChanges::default();
    columns.push(1, 2, 7, 1, &[Delta::new(0, 1, "a"), Delta::new(3, 3, "")]);
    columns.push(2, 3, 7, 4, &[]);
    columns
}

/// Checks that the counts assign the elements of the longer arrays to annotations.
#[test]
fn columns_decode_to_the_encoded_changes() {
    let (columns, changes) = additions();
    assert_eq!(columns.counts, [0, 1, 2]);
    assert_eq!(columns.read().unwrap(), changes);
    let read = property_changes().read().unwrap();
    assert!(matches!(&read[..], [
        Change::SetProperties { id: 1, generation: 2, modifier: 7, properties },
        Change::SetProperties { id: 2, properties: none, .. },
    ] if properties.len() == 1 && none.is_empty()));
    let read = text_changes().read().unwrap();
    assert!(matches!(&read[..], [
        Change::SetText { id: 1, text_version: 1, deltas, .. },
        Change::SetText { id: 2, text_version: 4, deltas: none, .. },
    ] if deltas.len() == 2 && none.is_empty()));
}

/// Introduces a mistake.
type Spoil = fn(&mut Additions);

#[test]
fn malformed_additions_are_violations() {
    let wrong: [(&str, Spoil); 12] = [
        ("different lengths", |columns| columns.ids.push(9)),
        ("different lengths", |columns| columns.generations.clear()),
        ("different lengths", |columns| columns.kinds.clear()),
        ("different lengths", |columns| columns.owners.clear()),
        ("different lengths", |columns| columns.modifiers.clear()),
        ("different lengths", |columns| columns.counts.clear()),
        ("different lengths", |columns| columns.values.clear()),
        ("do not add up", |columns| columns.counts[0] = 1),
        ("do not add up", |columns| columns.counts = vec![-1, 2, 2]),
        ("do not add up", |columns| columns.counts = vec![i32::MAX; 3]),
        ("unknown annotation type", |columns| columns.kinds[0] = 3),
        ("unknown property", |columns| columns.names[0] = "COLOUR".to_owned()),
    ];
    for (why, spoil) in wrong {
        let (mut columns, _) = additions();
        spoil(&mut columns);
        let violation = columns.read().unwrap_err().to_string();
        assert!(violation.contains(why), "{violation} but not {why}");
    }
    let (mut columns, _) = additions();
    let last = columns.names.len();
    columns.names[last - 1] = columns.names[last - 2].clone();
    assert!(columns.read().unwrap_err().to_string().contains("duplicate"));
}

#[test]
fn malformed_changes_are_violations() {
    let wrong: [fn(&mut PropertyChanges); 5] = [
        |columns| columns.ids.push(9),
        |columns| columns.modifiers.clear(),
        |columns| columns.counts[1] = 1,
        |columns| columns.names.clear(),
        |columns| columns.names[0].clear(),
    ];
    for spoil in wrong {
        let mut columns = property_changes();
        spoil(&mut columns);
        assert!(columns.read().is_err());
    }
    let wrong: [fn(&mut TextChanges); 7] = [
        |columns| columns.ids.clear(),
        |columns| columns.generations.push(1),
        |columns| columns.versions.clear(),
        |columns| columns.counts = vec![3, -1],
        |columns| columns.begins.clear(),
        |columns| columns.ends.push(1),
        |columns| columns.characters.clear(),
    ];
    for spoil in wrong {
        let mut columns = text_changes();
        spoil(&mut columns);
        assert!(columns.read().is_err());
    }
}

#[test]
fn client_accepts_a_record_full_of_deltas() {
    let mut columns = text_changes();
    columns.push(3, 1, 7, 1, &vec![Delta::new(0, 0, "a"); 50_000]);
    let changes = columns.read().unwrap();
    let is_long =
        |it: &Change| matches!(it, Change::SetText { deltas, .. } if deltas.len() == 50_000);
    assert!(changes.last().is_some_and(is_long));
}
