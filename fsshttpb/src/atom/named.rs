//! Macros for numbers and bits that have names.

/// Declares a set of flags: an integer whose bits have names. A set prints as its number and the
/// names of its bits, joined with `+`.
macro_rules! flags {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($repr:ty) {
        $($(#[$doc:meta])* $flag:ident = $bit:literal $text:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        $vis struct $name(pub $repr);

        impl $name {
            $($(#[$doc])* pub const $flag: Self = Self(1 << $bit);)*

            /// Reports whether all bits of `flags` are set.
            pub const fn has(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// Returns these flags and those of `flags`.
            #[must_use]
            pub const fn with(self, flags: Self) -> Self {
                Self(self.0 | flags.0)
            }
        }

        impl $crate::atom::Atom for $name {
            fn read(
                reader: &mut $crate::atom::Reader<'_>,
            ) -> Result<Self, $crate::error::DecodeError> {
                $crate::atom::Atom::read(reader).map(Self)
            }

            fn write(&self, writer: &mut $crate::atom::Writer<'_>) {
                self.0.write(writer);
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:#04x} ", self.0)?;
                let names = [$((Self::$flag, $text)),*].into_iter();
                let names: Vec<_> =
                    names.filter(|(flag, _)| self.has(*flag)).map(|(_, text)| text).collect();
                f.write_str(if names.is_empty() { "0" } else { "" })?;
                f.write_str(&names.join("+"))
            }
        }
    };
}

/// Declares a number whose values have names, and the format string that prints them.
macro_rules! named_numbers {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($repr:ty) as $format:literal {
        $($(#[$doc:meta])* $constant:ident = $number:literal $text:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        $vis struct $name(pub u64);

        impl $name {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// Returns the name of the value, if it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }

        impl $crate::atom::Atom for $name {
            fn read(
                reader: &mut $crate::atom::Reader<'_>,
            ) -> Result<Self, $crate::error::DecodeError> {
                <$repr as $crate::atom::Atom>::read(reader).map(|number| Self(number.into()))
            }

            fn write(&self, writer: &mut $crate::atom::Writer<'_>) {
                <$repr as $crate::atom::named::Narrow>::narrow(self.0).write(writer);
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, $format, number = self.0, name = self.name().unwrap_or("unknown"))
            }
        }
    };
}

/// Declares a GUID whose values have names. It prints as the GUID and the name.
macro_rules! named_guids {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$doc:meta])* $constant:ident = $guid:literal $text:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        $vis struct $name(pub $crate::atom::Guid);

        impl $name {
            $($(#[$doc])* pub const $constant: Self = Self($crate::atom::Guid::from_u128($guid));)*

            /// Returns the name of the value, if it has one.
            pub fn name(self) -> Option<&'static str> {
                [$((Self::$constant, $text)),*]
                    .into_iter()
                    .find_map(|(value, text)| (value == self).then_some(text))
            }
        }

        impl $crate::atom::Atom for $name {
            fn read(
                reader: &mut $crate::atom::Reader<'_>,
            ) -> Result<Self, $crate::error::DecodeError> {
                $crate::atom::Atom::read(reader).map(Self)
            }

            fn write(&self, writer: &mut $crate::atom::Writer<'_>) {
                self.0.write(writer);
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} {}", self.0, self.name().unwrap_or("unknown"))
            }
        }
    };
}

pub(crate) use {flags, named_guids, named_numbers};

/// The representation of a named number on the wire.
pub(crate) trait Narrow {
    /// Returns the value in this representation, without the bits that do not fit.
    fn narrow(value: u64) -> Self;
}

impl Narrow for u8 {
    fn narrow(value: u64) -> Self {
        (value & 0xFF) as Self
    }
}

impl Narrow for u32 {
    fn narrow(value: u64) -> Self {
        (value & 0xFFFF_FFFF) as Self
    }
}

impl Narrow for super::CompactU64 {
    fn narrow(value: u64) -> Self {
        Self(value)
    }
}

impl From<super::CompactU64> for u64 {
    fn from(value: super::CompactU64) -> Self {
        value.0
    }
}
