use crate::annotation::path::{Bounds, read};

fn bounds(data: &str) -> Bounds {
    read(data).unwrap().bounds
}

fn around(left: f64, top: f64, right: f64, bottom: f64) -> Bounds {
    Bounds { left, top, right, bottom }
}

#[test]
fn a_path_is_written_anew_with_absolute_coordinates() {
    assert_eq!(read("M10 10 L 100 100").unwrap().data, "M10 10L100 100");
    assert_eq!(read("m1,2 3,4-1-1z").unwrap().data, "M1 2L4 6L3 5Z");
    assert_eq!(read("M0 0h10v.5.5").unwrap().data, "M0 0L10 0L10 0.5L10 1");
    assert_eq!(read("M0 0a5 5 0 0110 0").unwrap().data, "M0 0A5 5 0 0 1 10 0");
    assert_eq!(read("M1e1 -1.5E-1").unwrap().data, "M10 -0.15");
}

#[test]
fn bounds_hold_curves() {
    assert_eq!(bounds("M0 0 L10 20"), around(0.0, 0.0, 10.0, 20.0));
    assert_eq!(bounds("M0 0 C 0 -10 10 30 10 0"), around(0.0, -10.0, 10.0, 30.0));
    // The second curve's first control point is (20, 10), mirrored at (10, 0).
    assert_eq!(bounds("M0 0 C 0 0 0 -10 10 0 S 12 0 12 0"), around(0.0, -10.0, 20.0, 10.0));
    assert_eq!(bounds("M0 0 Q 5 10 10 0 T 20 0"), around(0.0, -10.0, 20.0, 10.0));
    let half = bounds("M0 0 A 5 5 0 0 1 10 0");
    assert!((half.top + 5.0).abs() < 0.1 && half.bottom.abs() < 1e-9, "{half:?}");
    let half = bounds("M0 0 A 5 5 0 0 0 10 0");
    assert!((half.bottom - 5.0).abs() < 0.1 && half.top.abs() < 1e-9, "{half:?}");
    // Too small to reach, so it is made larger.
    let stretched = bounds("M0 0 A 1 1 0 0 1 10 0");
    assert!((stretched.top + 5.0).abs() < 0.1, "{stretched:?}");
}

#[test]
fn a_path_ends_before_its_first_mistake() {
    for data in ["", "L10 10", "M", "M1", "M nan 0", "M1e999 0", "M 2000000 0", "<script>"] {
        assert_eq!(read(data), None, "{data}");
    }
    assert_eq!(read("M0 0L1 1 onload=alert(1)").unwrap().data, "M0 0L1 1");
    assert_eq!(read("M0 0L1 1\"/><script>").unwrap().data, "M0 0L1 1");
    assert_eq!(read("M0 0A1 1 0 2 0 5 5").unwrap().data, "M0 0");
    assert_eq!(read("M0 0L1e9 1L2 2").unwrap().data, "M0 0");
}

#[test]
fn tiny_numbers_do_not_grow_in_the_picture() {
    let data = "M".to_owned() + &"1e-300 ".repeat(1000);
    assert!(read(&data).unwrap().data.len() < data.len());
}

proptest::proptest! {
    #[test]
    fn anything_is_read_without_a_panic(data in "[MmLlHhVvCcSsQqTtAaZz0-9eE+., -]{0,60}") {
        if let Some(path) = read(&data) {
            let Bounds { left, top, right, bottom } = path.bounds;
            assert!([left, top, right, bottom].iter().all(|number| number.is_finite()));
            // What was written is understood again, and covers the same.
            let again = read(&path.data).unwrap();
            assert_eq!(again.data, path.data);
        }
    }
}
