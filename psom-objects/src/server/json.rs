//! Values as JSON, those that JSON can say.

use serde::{
    Serialize, Serializer,
    ser::{
        Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};

/// A value as JSON. JSON has no number that is not finite; what writes it would put a `null` in
/// the place of one, and nobody could read that as a number again.
pub(super) fn write<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    value.serialize(Finite)?;
    serde_json::to_string(value)
}

/// Looks through a value for numbers that are not finite.
struct Finite;

type Found = serde_json::Result<()>;

/// Methods for what has nothing inside that matters.
macro_rules! plain {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(self, $(_: $argument),*) -> Found {
            Ok(())
        })*
    };
}

/// Methods for what has several things inside.
macro_rules! compound {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(self, $(_: $argument),*) -> serde_json::Result<Self> {
            Ok(self)
        })*
    };
}

impl Serializer for Finite {
    type Ok = ();
    type Error = serde_json::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    plain! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    compound! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_tuple_variant(&'static str, u32, &'static str, usize);
        serialize_map(Option<usize>);
        serialize_struct(&'static str, usize);
        serialize_struct_variant(&'static str, u32, &'static str, usize);
    }

    fn serialize_f32(self, value: f32) -> Found {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Found {
        if value.is_finite() { Ok(()) } else { Err(Error::custom(format!("{value} is no number"))) }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Found {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Found {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Found {
        value.serialize(self)
    }
}

/// What has several things inside, taken one by one.
macro_rules! parts {
    ($($compound:ident::$method:ident($($name:ty)?);)*) => {
        $(impl $compound for Finite {
            type Ok = ();
            type Error = serde_json::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Found {
                value.serialize(Self)
            }

            fn end(self) -> Found {
                Ok(())
            }
        })*
    };
}

parts! {
    SerializeSeq::serialize_element();
    SerializeTuple::serialize_element();
    SerializeTupleStruct::serialize_field();
    SerializeTupleVariant::serialize_field();
    SerializeStruct::serialize_field(&'static str);
    SerializeStructVariant::serialize_field(&'static str);
}

impl SerializeMap for Finite {
    type Ok = ();
    type Error = serde_json::Error;

    /// Which keys there can be is JSON's to say.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Found {
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Found {
        value.serialize(Self)
    }

    fn end(self) -> Found {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

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

    /// Every place in which a number can stand.
    fn everywhere(number: f64) -> Vec<serde_json::Result<String>> {
        vec![
            write(&number),
            write(&(number as f32)),
            write(&Some(number)),
            write(&[number]),
            write(&vec![0.0, number]),
            write(&(1, number)),
            write(&Pair(1, number)),
            write(&Wrapped(number)),
            write(&Named { value: number }),
            write(&Shape::Newtype(number)),
            write(&Shape::Tuple(1, number)),
            write(&Shape::Struct { value: number }),
            write(&BTreeMap::from([("key", number)])),
        ]
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused_wherever_it_stands() {
        assert!(everywhere(1.5).iter().all(Result::is_ok));
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for (place, written) in everywhere(number).into_iter().enumerate() {
                let error = written.unwrap_err().to_string();
                assert!(error.contains("is no number"), "{place}: {error}");
            }
        }
    }

    #[test]
    fn a_number_is_read_as_it_was_to_the_last_bit() {
        let mut bits = 1_u64;
        for _ in 0..10_000 {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let read: f64 = serde_json::from_str(&write(&number).unwrap()).unwrap();
                assert_eq!(read.to_bits(), bits, "{number:e}");
            }
        }
    }

    #[test]
    fn everything_else_is_json() {
        assert_eq!(
            write(&("ä", 'x', true, (), None::<u8>)).unwrap(),
            r#"["ä","x",true,null,null]"#
        );
        assert_eq!(
            write(&BTreeMap::from([(1, i128::MAX)])).unwrap(),
            format!("{{\"1\":{}}}", i128::MAX)
        );
        let error = write(&BTreeMap::from([((1, 2), 3)])).unwrap_err();
        assert!(error.to_string().contains("key must be a string"), "{error}");
    }
}
