use crate::package::{INITIAL_LOCATION, Location, ManifestError};

/// A location of a presentation, with its XML document in the form that is sent to all clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) slide: u32,
    pub(super) xml: String,
}

impl Position {
    /// Returns the first slide before any click.
    pub(super) fn start() -> Self {
        let xml = Location::default().to_xml().unwrap_or_default();
        Self { slide: 0, xml }
    }

    /// Parses the location that a client requests. Returns `None` for a valid location whose
    /// normalized document is too long for a call.
    pub(super) fn read(text: &str) -> Result<Option<Self>, ManifestError> {
        if text == INITIAL_LOCATION {
            return Ok(Some(Self::start()));
        }
        let location = Location::parse(text)?;
        let xml = location.to_xml().ok().filter(|xml| psom::wire::fits_in_string(xml));
        Ok(xml.map(|xml| Self { slide: location.slide, xml }))
    }
}
