use crate::annotation::{Constraint, ErrorCode};

#[test]
fn codes_parse_their_own_short_ascii_names() {
    for code in ErrorCode::ALL {
        let name = code.name();
        assert!(name.len() <= 32 && name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        assert_eq!(name.parse(), Ok(code));
        assert_eq!(format!("{code:?}"), name);
    }
    assert!("notfound".parse::<ErrorCode>().is_err());
}

#[test]
fn constraints_have_the_numbers_of_the_specification() {
    let numbers = Constraint::ALL.map(Constraint::number);
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    for constraint in Constraint::ALL {
        assert_eq!(Constraint::from_number(constraint.number()), Some(constraint));
        assert_eq!(constraint.name(), format!("{constraint:?}"));
    }
    assert_eq!([Constraint::from_number(0), Constraint::from_number(12)], [None; 2]);
}
