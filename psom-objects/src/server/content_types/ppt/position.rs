use crate::package::{INITIAL_LOCATION, Location, ManifestError};

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
        let xml = location.to_xml().ok().filter(|xml| psom::wire::fits_in_string(xml));
        Ok(xml.map(|xml| Self { slide: location.slide, xml }))
    }
}
