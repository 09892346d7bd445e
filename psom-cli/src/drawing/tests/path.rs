use crate::drawing::path::{Bounds, mistake, parse};

fn bounds(data: &str) -> Bounds {
    parse(data).unwrap().bounds
}

fn around(left: f64, top: f64, right: f64, bottom: f64) -> Bounds {
    Bounds { left, top, right, bottom }
}

#[test]
fn parsed_data_has_absolute_coordinates() {
    assert_eq!(parse("M10 10 L 100 100").unwrap().data, "M10 10L100 100");
    assert_eq!(parse("m1,2 3,4-1-1z").unwrap().data, "M1 2L4 6L3 5Z");
    assert_eq!(parse("M0 0h10v.5.5").unwrap().data, "M0 0L10 0L10 0.5L10 1");
    assert_eq!(parse("M0 0a5 5 0 0110 0").unwrap().data, "M0 0A5 5 0 0 1 10 0");
    assert_eq!(parse("M1e1 -1.5E-1").unwrap().data, "M10 -0.15");
}

#[test]
fn bounds_contain_curves() {
    assert_eq!(bounds("M0 0 L10 20"), around(0.0, 0.0, 10.0, 20.0));
    assert_eq!(bounds("M0 0 C 0 -10 10 30 10 0"), around(0.0, -10.0, 10.0, 30.0));
    // The second curve's first control point is (20, 10), mirrored at (10, 0).
    assert_eq!(bounds("M0 0 C 0 0 0 -10 10 0 S 12 0 12 0"), around(0.0, -10.0, 20.0, 10.0));
    assert_eq!(bounds("M0 0 Q 5 10 10 0 T 20 0"), around(0.0, -10.0, 20.0, 10.0));
    let half = bounds("M0 0 A 5 5 0 0 1 10 0");
    assert!((half.top + 5.0).abs() < 0.1 && half.bottom.abs() < 1e-9, "{half:?}");
    let half = bounds("M0 0 A 5 5 0 0 0 10 0");
    assert!((half.bottom - 5.0).abs() < 0.1 && half.top.abs() < 1e-9, "{half:?}");
    // Radii that are too small are enlarged.
    let stretched = bounds("M0 0 A 1 1 0 0 1 10 0");
    assert!((stretched.top + 5.0).abs() < 0.1, "{stretched:?}");
}

#[test]
fn parsing_stops_at_the_first_mistake() {
    for data in ["", "L10 10", "M", "M1", "M nan 0", "M1e999 0", "M 2000000 0", "<script>"] {
        assert_eq!(parse(data), None, "{data}");
    }
    assert_eq!(parse("M0 0L1 1 onload=alert(1)").unwrap().data, "M0 0L1 1");
    assert_eq!(parse("M0 0L1 1\"/><script>").unwrap().data, "M0 0L1 1");
    assert_eq!(parse("M0 0A1 1 0 2 0 5 5").unwrap().data, "M0 0");
    assert_eq!(parse("M0 0L1e9 1L2 2").unwrap().data, "M0 0");
}

#[test]
fn tiny_numbers_do_not_make_the_data_longer() {
    let data = format!("M{}", "1e-300 ".repeat(1000));
    assert!(parse(&data).unwrap().data.len() < data.len());
}

#[test]
fn the_first_mistake_is_found() {
    let arcs = "m3.5,8a.5.5 0 01.5-.5h8a.5.5 0 010 1H4a.5.5 0 01-.5-.5z M1e1-2E-1 t1 1";
    for whole in ["M0 0", " M,1 2 3 4 z", "M0 0C1 2 3 4 5 6 7 8 9 10 11 12S1 2 3 4", arcs] {
        assert_eq!(mistake(whole), None, "{whole}");
    }
    for (data, at) in [
        ("", 0),
        (" x", 1),
        ("L1 1", 0),
        ("M1", 2),
        ("M1 1 L2 2 L3 x", 13),
        ("M1 1 L2 2 3", 11),
        ("M1 1 A1 1 0 2 0 5 5", 12),
        ("M1 1 B3", 5),
        ("M1 1 Z 3", 7),
        ("M1 1 L. 2", 6),
        ("M1 1 L1e 2", 6),
    ] {
        assert_eq!(mistake(data), Some(at), "{data}");
    }
}

proptest::proptest! {
    #[test]
    fn any_data_is_parsed_without_a_panic(data in "[MmLlHhVvCcSsQqTtAaZz0-9eE+., -]{0,60}") {
        if let Some(path) = parse(&data) {
            let Bounds { left, top, right, bottom } = path.bounds;
            assert!([left, top, right, bottom].iter().all(|number| number.is_finite()));
            // The written data parses to itself.
            let again = parse(&path.data).unwrap();
            assert_eq!(again.data, path.data);
        }
    }
}
