use std::{collections::BTreeMap, fmt};

/// A property of an annotation (section 3.1.4.1.12). The [module](super) describes the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// The adding client's name for the annotation.
    LocalId,
    /// The position.
    Anchor,
    /// The size of a drawing or an image.
    Extent,
    /// The kind of a drawing.
    DrawingType,
    /// The color of a drawing's line.
    Stroke,
    /// The thickness of a drawing's line.
    StrokeThickness,
    /// The fill color of a drawing.
    Fill,
    /// The path of a drawing.
    Data,
    /// The file type of an image.
    ImageType,
    /// The text of a text annotation.
    Text,
    /// The width at which the lines of a text break.
    Width,
    /// The font of a text.
    FontFace,
    /// The size of a text's font.
    FontSize,
    /// The color of a text.
    FontColor,
    /// The direction of a text: left to right or right to left.
    TextDirection,
}

/// Properties and their values.
pub type Properties = BTreeMap<Property, String>;

impl Property {
    /// All properties in the order of the specification's table.
    pub const ALL: [Self; 15] = [
        Self::LocalId,
        Self::Anchor,
        Self::Extent,
        Self::DrawingType,
        Self::Stroke,
        Self::StrokeThickness,
        Self::Fill,
        Self::Data,
        Self::ImageType,
        Self::Text,
        Self::Width,
        Self::FontFace,
        Self::FontSize,
        Self::FontColor,
        Self::TextDirection,
    ];

    /// Returns the property's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::LocalId => "LOCALID",
            Self::Anchor => "ANCHOR",
            Self::Extent => "EXTENT",
            Self::DrawingType => "DRAWINGTYPE",
            Self::Stroke => "STROKE",
            Self::StrokeThickness => "STROKETHICKNESS",
            Self::Fill => "FILL",
            Self::Data => "DATA",
            Self::ImageType => "IMAGETYPE",
            Self::Text => "TEXT",
            Self::Width => "WIDTH",
            Self::FontFace => "FONTFACE",
            Self::FontSize => "FONTSIZE",
            Self::FontColor => "FONTCOLOR",
            Self::TextDirection => "TEXTDIRECTION",
        }
    }

    /// Returns the property with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|property| property.name() == name)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some properties are malformed. Contains those that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub known: Properties,
}

/// Reads a `String[][]` of properties: rows of a name and a value each. If that fails, a row of
/// names and a row of values are accepted too (ruling 14).
pub(crate) fn read(rows: Vec<Vec<String>>) -> Result<Properties, Malformed> {
    let known_at = |row: &Vec<String>| row.first().and_then(|name| Property::from_name(name));
    let is_pairs = rows.iter().all(|row| row.len() == 2 && known_at(row).is_some());
    if !is_pairs
        && let [names, values] = rows.as_slice()
        && names.len() == values.len()
        && let Some(names) =
            names.iter().map(|name| Property::from_name(name)).collect::<Option<Vec<_>>>()
    {
        return collect(names.into_iter().zip(values.iter().cloned()), true);
    }
    let pairs = rows.into_iter().filter_map(|row| {
        let [name, value] = <[String; 2]>::try_from(row).ok()?;
        Some((Property::from_name(&name)?, value))
    });
    collect(pairs, is_pairs)
}

/// Collects properties, each of which must occur once.
pub(super) fn collect(
    pairs: impl Iterator<Item = (Property, String)>,
    mut is_well_formed: bool,
) -> Result<Properties, Malformed> {
    let mut properties = Properties::new();
    for (property, value) in pairs {
        is_well_formed &= properties.insert(property, value).is_none();
    }
    if is_well_formed { Ok(properties) } else { Err(Malformed { known: properties }) }
}

/// Returns properties as the `String[][]` of a call.
pub(crate) fn rows(properties: &Properties) -> Vec<Vec<String>> {
    properties.iter().map(|(name, value)| vec![name.name().to_owned(), value.clone()]).collect()
}
