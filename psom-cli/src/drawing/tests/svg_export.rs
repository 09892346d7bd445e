use quick_xml::events::Event;

use psom_objects::annotation::{Annotation, Board, Change, Kind, Properties, Property};

use crate::drawing::svg_export::to_svg;

/// A PNG of one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

fn board(annotations: &[(Kind, &[(Property, &str)])]) -> Board {
    let mut board = Board::default();
    for (id, (kind, properties)) in (1..).zip(annotations) {
        let properties: Properties =
            properties.iter().map(|(property, value)| (*property, (*value).to_owned())).collect();
        let annotation = Annotation::new(*kind, 1, properties);
        board.apply(&Change::Add { id, annotation });
    }
    board
}

/// An element's name, its attributes and its text.
type Element = (String, Vec<(String, String)>, String);

/// The elements of a picture.
fn elements(svg: &str) -> Vec<Element> {
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut elements = Vec::new();
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(start) => {
                depth += 1;
                elements.push(element(&start));
            }
            Event::Empty(start) => elements.push(element(&start)),
            Event::Text(text) if !elements.is_empty() => {
                elements.last_mut().unwrap().2.push_str(&text.xml10_content());
            }
            Event::GeneralRef(reference) => {
                let name = &*reference;
                let text = match reference.resolve_char_ref().unwrap() {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(name).unwrap().into(),
                };
                elements.last_mut().unwrap().2.push_str(&text);
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "every element ends");
    elements
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
        (attribute.key.as_ref().to_owned(), value.into_owned())
    });
    (start.name().as_ref().to_owned(), attributes.collect(), String::new())
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> &'a str {
    let found = attributes.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value)
}

#[test]
fn a_picture_has_all_annotations_in_order() {
    let board = board(&[
        (
            Kind::Drawing,
            &[
                (Property::Data, "M0 0 L100 50"),
                (Property::Anchor, "10,20"),
                (Property::Stroke, "#80FF0000"),
                (Property::StrokeThickness, "4"),
                (Property::Fill, "#00ff00"),
            ],
        ),
        (
            Kind::Text,
            &[
                (Property::Text, "Hello\nWorld & <you>"),
                (Property::Anchor, "200,0"),
                (Property::FontSize, "20"),
                (Property::FontColor, "#0000ff"),
                (Property::FontFace, "Comic Neue"),
            ],
        ),
        (Kind::Image, &[(Property::Anchor, "0,100"), (Property::Extent, "30,40")]),
    ]);
    let svg = to_svg(board.iter(), None, |_| Some(PIXEL.to_vec()));
    let elements = elements(&svg);
    let names: Vec<_> = elements.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["svg", "rect", "path", "text", "tspan", "tspan", "image"]);
    let [_, _, (_, path, _), (_, text, _), (_, _, first), (_, _, second), (_, image, _)] =
        elements.as_slice()
    else {
        unreachable!()
    };
    assert_eq!(attribute(path, "id"), "annotation-1");
    assert_eq!(attribute(path, "d"), "M0 0L100 50");
    assert_eq!(attribute(path, "transform"), "translate(10 20)");
    assert_eq!(attribute(path, "stroke"), "#ff0000");
    assert_eq!(attribute(path, "stroke-opacity"), "0.502");
    assert_eq!(attribute(path, "stroke-width"), "4");
    assert_eq!(attribute(path, "fill"), "#00ff00");
    assert_eq!(attribute(text, "font-family"), "Comic Neue, sans-serif");
    assert_eq!(attribute(text, "font-size"), "20");
    assert_eq!((first.as_str(), second.trim_end()), ("Hello", "World & <you>"));
    assert!(attribute(image, "href").starts_with("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg"));
    assert_eq!(attribute(image, "width"), "30");
}

#[test]
fn the_view_contains_all_annotations() {
    let view = |board: &Board| {
        let all = elements(&to_svg(board.iter(), None, |_| None));
        attribute(&all[0].1, "viewBox").to_owned()
    };
    assert_eq!(view(&Board::default()), "0 0 640 480");
    let line = board(&[(
        Kind::Drawing,
        &[
            (Property::Data, "M0 0 L100 50"),
            (Property::Anchor, "-1000,500"),
            (Property::StrokeThickness, "10"),
        ],
    )]);
    // The line, half its thickness, and the margin.
    assert_eq!(view(&line), "-1025 475 150 100");
}

#[test]
fn long_lines_break_at_the_width_of_the_text() {
    let board = board(&[(
        Kind::Text,
        &[
            (Property::Text, "one two three four Donaudampfschifffahrt"),
            (Property::Width, "80"),
            (Property::FontSize, "16"),
        ],
    )]);
    let lines: Vec<_> = elements(&to_svg(board.iter(), None, |_| None))
        .into_iter()
        .filter(|(name, ..)| name == "tspan")
        .map(|(_, _, text)| text.trim_end().to_owned())
        .collect();
    assert!(lines.len() >= 4, "{lines:?}");
    assert_eq!(lines.join(" ").replace(' ', ""), "onetwothreefourDonaudampfschifffahrt");
    assert!(lines.iter().all(|line| line.chars().count() <= 14), "{lines:?}");
}

#[test]
fn rtl_text_begins_at_its_right_side() {
    let board = board(&[(
        Kind::Text,
        &[
            (Property::Text, "שלום"),
            (Property::TextDirection, "RTL"),
            (Property::Width, "200"),
            (Property::Anchor, "10,0"),
        ],
    )]);
    let all = elements(&to_svg(board.iter(), None, |_| None));
    let find = |of: &str| all.iter().find(|(name, ..)| name == of).unwrap().1.clone();
    assert_eq!(attribute(&find("text"), "direction"), "rtl");
    assert_eq!(attribute(&find("tspan"), "x"), "210");
}

#[test]
fn an_image_without_a_picture_is_a_frame() {
    let board = board(&[(Kind::Image, &[(Property::Extent, "30,40")])]);
    for picture in [None, Some(b"<svg onload='alert(1)'/>".to_vec()), Some(Vec::new())] {
        let svg = to_svg(board.iter(), None, |_| picture.clone());
        assert!(!svg.contains("<image") && svg.contains("stroke-dasharray"), "{svg}");
    }
}

#[test]
fn hostile_values_cannot_break_out_of_the_xml() {
    let evil = "\"/><script>alert(1)</script><x y='";
    let all: Vec<_> = Property::ALL.iter().map(|property| (*property, evil)).collect();
    let path = [(Property::Data, "M0 0L9 9"), (Property::Stroke, evil), (Property::Fill, evil)];
    let text = [
        (Property::Text, "\u{0}\u{1}]]>&amp;<b>\u{fffe}"),
        (Property::FontFace, evil),
        (Property::FontColor, "url(javascript:alert(1))"),
        (Property::TextDirection, evil),
    ];
    let huge = ["1e308", "-1e308", "NaN", "inf", "99999999999999999999"].map(|number| {
        let pair = format!("{number},{number}");
        let name = |of: Property| {
            let value = match of {
                Property::Data => format!("M{number} {number} L1 1"),
                Property::Anchor | Property::Extent => pair.clone(),
                Property::Text => "x".to_owned(),
                _ => number.to_owned(),
            };
            (of, value)
        };
        Property::ALL.map(name)
    });
    let huge: Vec<Vec<(Property, &str)>> = huge
        .iter()
        .map(|values| values.iter().map(|(of, value)| (*of, value.as_str())).collect())
        .collect();
    let mut annotations: Vec<(Kind, &[(Property, &str)])> = vec![(Kind::Text, &text)];
    for kind in [Kind::Drawing, Kind::Text, Kind::Image] {
        annotations.push((kind, &all));
        annotations.extend(huge.iter().map(|values| (kind, values.as_slice())));
    }
    annotations.push((Kind::Drawing, &path));
    let svg = to_svg(board(&annotations).iter(), None, |_| Some(PIXEL.to_vec()));
    let elements = elements(&svg);
    let known = ["svg", "rect", "path", "text", "tspan", "image"];
    assert!(elements.iter().all(|(name, ..)| known.contains(&name.as_str())), "{svg}");
    for (name, attributes, _) in &elements {
        for (key, value) in attributes {
            let is_text = key == "font-family" || key == "href";
            assert!(is_text || !value.contains("alert"), "{name} {key}={value}");
            assert!(!key.starts_with("on"));
            assert!(is_text || !value.contains("NaN") && !value.contains("inf"), "{key}={value}");
        }
    }
    // All of the text is there, as text.
    assert!(elements.iter().any(|(_, _, text)| text.contains("alert(1)</script>")), "{svg}");
}

proptest::proptest! {
    #[test]
    fn any_board_is_a_well_formed_picture(
        values in proptest::collection::vec(proptest::arbitrary::any::<String>(), 15),
        kind in 0..3,
    ) {
        let values: Vec<_> =
            Property::ALL.iter().zip(&values).map(|(of, value)| (*of, value.as_str())).collect();
        let kind = Kind::from_number(kind).unwrap();
        elements(&to_svg(board(&[(kind, &values)]).iter(), None, |_| None));
    }
}
