use crate::annotation::{Properties, Property, property::Malformed, read};

fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

fn properties(pairs: &[(Property, &str)]) -> Properties {
    pairs.iter().map(|(property, value)| (*property, (*value).to_owned())).collect()
}

#[test]
fn properties_have_the_names_of_the_specification() {
    let names: Vec<_> = Property::ALL.map(Property::name).into();
    let table = "LOCALID ANCHOR EXTENT DRAWINGTYPE STROKE STROKETHICKNESS FILL DATA IMAGETYPE TEXT \
                 WIDTH FONTFACE FONTSIZE FONTCOLOR TEXTDIRECTION";
    assert_eq!(names.join(" "), table);
    assert!(Property::ALL.iter().all(|of| Property::from_name(of.name()) == Some(*of)));
    assert_eq!(Property::from_name("anchor"), None);
}

#[test]
fn ruling_14_properties_are_rows_of_pairs_or_two_rows() {
    let expected = properties(&[(Property::Anchor, "1,2"), (Property::Stroke, "#ff0000")]);
    let pairs = rows(&[&["ANCHOR", "1,2"], &["STROKE", "#ff0000"]]);
    assert_eq!(read(pairs).unwrap(), expected);
    let columns = rows(&[&["ANCHOR", "STROKE"], &["1,2", "#ff0000"]]);
    assert_eq!(read(columns).unwrap(), expected);
    let three = rows(&[&["ANCHOR", "STROKE", "TEXT"], &["1,2", "#ff0000", ""]]);
    assert_eq!(read(three).unwrap().len(), 3);
    let one = rows(&[&["TEXT"], &["hello"]]);
    assert_eq!(read(one).unwrap(), properties(&[(Property::Text, "hello")]));
    // Rows that can be read as pairs are pairs.
    let both = rows(&[&["ANCHOR", "TEXT"], &["TEXT", "ANCHOR"]]);
    let expected = properties(&[(Property::Anchor, "TEXT"), (Property::Text, "ANCHOR")]);
    assert_eq!(read(both).unwrap(), expected);
    assert_eq!(read(Vec::new()).unwrap(), Properties::new());
}

#[test]
fn malformed_properties_keep_the_readable_ones() {
    let known = |pairs: &[(Property, &str)]| Err(Malformed { known: properties(pairs) });
    let unknown = rows(&[&["ANCHOR", "1,2"], &["COLOUR", "red"]]);
    assert_eq!(read(unknown), known(&[(Property::Anchor, "1,2")]));
    let twice = rows(&[&["ANCHOR", "1,2"], &["ANCHOR", "3,4"]]);
    assert_eq!(read(twice), known(&[(Property::Anchor, "3,4")]));
    let columns_twice = rows(&[&["WIDTH", "WIDTH"], &["1", "2"]]);
    assert_eq!(read(columns_twice), known(&[(Property::Width, "2")]));
    assert_eq!(read(rows(&[&["ANCHOR"]])), known(&[]));
    assert_eq!(read(rows(&[&[], &[]])), Ok(Properties::new()));
    assert_eq!(read(rows(&[&["ANCHOR", "1", "2"]])), known(&[]));
}
