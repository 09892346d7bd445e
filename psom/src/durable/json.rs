//! The JSON of saved values.

use serde::Serialize;

use crate::error::SaveError;

/// Serializes the value of a key.
///
/// JSON has no infinities and no NaN, and `serde_json` writes `null` for them, which does not parse
/// as a number again. So this function rejects such a value.
pub(super) fn write(key: &str, value: &impl Serialize) -> Result<String, SaveError> {
    let text = serde_json::to_string(value)
        .map_err(|source| SaveError::Json { key: key.to_owned(), source })?;
    // Only a `null` in the text can hide such a number, so most values need no second look.
    if text.contains("null")
        && let Ok(tree) = ciborium::Value::serialized(value)
        && let Some(number) = find_non_finite(&tree)
    {
        return Err(SaveError::NonFinite { key: key.to_owned(), number });
    }
    Ok(text)
}

/// Returns an infinity or NaN in a value.
fn find_non_finite(value: &ciborium::Value) -> Option<f64> {
    use ciborium::Value;
    match value {
        Value::Float(number) => Some(*number).filter(|number| !number.is_finite()),
        Value::Array(values) => values.iter().find_map(find_non_finite),
        Value::Map(entries) => entries.iter().find_map(|(_, value)| find_non_finite(value)),
        Value::Tag(_, value) => find_non_finite(value),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn written(value: &impl Serialize) -> Result<String, SaveError> {
        write("key", value)
    }

    #[derive(Serialize)]
    enum Shape<T> {
        Newtype(T),
        Tuple(u8, T),
        Struct { value: T },
    }

    #[derive(Serialize)]
    struct Pair<T>(u8, T);

    #[derive(Serialize)]
    struct Wrapped<T>(T);

    #[derive(Serialize)]
    struct Named<T> {
        value: T,
    }

    /// Serializes a number in every position that serde knows.
    fn everywhere(number: f64) -> Vec<Result<String, SaveError>> {
        vec![
            written(&number),
            written(&(number as f32)),
            written(&Some(number)),
            written(&[number]),
            written(&vec![0.0, number]),
            written(&(1, number)),
            written(&Pair(1, number)),
            written(&Wrapped(number)),
            written(&Named { value: number }),
            written(&Shape::Newtype(number)),
            written(&Shape::Tuple(1, number)),
            written(&Shape::Struct { value: number }),
            written(&BTreeMap::from([("key", number)])),
        ]
    }

    #[test]
    fn non_finite_number_is_rejected_in_every_position() {
        assert!(everywhere(1.5).iter().all(Result::is_ok));
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for (place, written) in everywhere(number).into_iter().enumerate() {
                let is_rejected = matches!(written, Err(SaveError::NonFinite { .. }));
                assert!(is_rejected, "{number} at position {place}");
            }
        }
    }

    #[test]
    fn number_is_read_back_bit_for_bit() {
        let mut bits = 1u64;
        for _ in 0..10_000 {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let read: f64 = serde_json::from_str(&written(&number).unwrap()).unwrap();
                assert_eq!(read.to_bits(), bits, "{number:e}");
            }
        }
    }

    #[test]
    fn other_values_are_plain_json() {
        assert_eq!(
            written(&("ä", 'x', true, (), None::<u8>)).unwrap(),
            r#"["ä","x",true,null,null]"#
        );
        assert_eq!(
            written(&BTreeMap::from([(1, i128::MAX)])).unwrap(),
            format!("{{\"1\":{}}}", i128::MAX)
        );
        let map_with_tuple_keys = BTreeMap::from([((1, 2), 3)]);
        assert!(matches!(written(&map_with_tuple_keys), Err(SaveError::Json { .. })));
        let null_texts = ["null", "not null"];
        assert_eq!(written(&null_texts).unwrap(), r#"["null","not null"]"#);
    }
}
