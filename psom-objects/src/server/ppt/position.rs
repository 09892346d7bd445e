use crate::package::{INITIAL_LOCATION, Location, ManifestError};

/// The longest text that a call carries, in its encoded bytes.
const MAX_STRING: usize = 65_535;

/// A place of a presentation, with its document in the one form that everybody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) slide: u32,
    pub(super) xml: String,
}

impl Position {
    /// The first slide, before any click.
    pub(super) fn start() -> Self {
        let xml = Location::default().to_xml().unwrap_or_default();
        Self { slide: 0, xml }
    }

    /// What a client asks for; nothing where it is a place, but its document has grown beyond what
    /// a call can carry back.
    pub(super) fn read(text: &str) -> Result<Option<Self>, ManifestError> {
        if text == INITIAL_LOCATION {
            return Ok(Some(Self::start()));
        }
        let location = Location::parse(text)?;
        let xml = location.to_xml().ok().filter(|xml| wire_length(xml) <= MAX_STRING);
        Ok(xml.map(|xml| Self { slide: location.slide, xml }))
    }
}

/// The bytes of a text in a call: 1 to 3 for each UTF-16 code unit.
fn wire_length(text: &str) -> usize {
    let encoded = |unit: u16| match unit {
        0x0001..=0x007f => 1,
        0..=0x07ff => 2,
        _ => 3,
    };
    text.encode_utf16().map(encoded).sum()
}
