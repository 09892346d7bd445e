//! Drawing a board as an SVG picture.

use std::fmt::Write as _;

use psom_objects::annotation::{Annotation, Kind, Property, color, number, pair};

use super::{
    path::{self, Bounds, MAX_COORDINATE, short},
    wrap::{ems, wrap},
};

/// The space around the annotations.
const MARGIN_PX: f64 = 20.0;

/// Upper bound on the longer side of the picture. A larger board is scaled down.
const MAX_SIDE_PX: f64 = 4096.0;

/// The size of an empty board.
const EMPTY: Bounds = Bounds { left: 0.0, top: 0.0, right: 640.0, bottom: 480.0 };

/// The width of a slide in the units of annotations.
const SLIDE_WIDTH: f64 = 960.0;

/// The picture of a slide.
#[derive(Debug)]
pub(crate) struct SlidePicture {
    bytes: Vec<u8>,
    /// The size in pixels.
    width: f64,
    height: f64,
}

impl SlidePicture {
    /// Takes a picture whose size can be read.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        let size = imagesize::blob_size(&bytes).ok()?;
        let pixels = |side: usize| u32::try_from(side).ok().filter(|side| *side > 0).map(f64::from);
        Some(Self { width: pixels(size.width)?, height: pixels(size.height)?, bytes })
    }

    fn bounds(&self) -> Bounds {
        Bounds::new(0.0, 0.0, SLIDE_WIDTH, SLIDE_WIDTH * self.height / self.width)
    }
}

/// Draws annotations as a self-contained SVG picture: drawings, texts and images in their order on white
/// ground, each with its identifier (`annotation-7`). The picture is as large as they are, or as large as the
/// slide below them.
///
/// `picture` returns the bytes of an image: PNG, JPEG, GIF, WebP or BMP. An image without bytes, or
/// with other bytes, is drawn as an empty frame. Values that cannot be parsed are ignored, and no
/// value can break out of its place in the XML.
pub(crate) fn to_svg<'a>(
    annotations: impl Iterator<Item = (i32, &'a Annotation)>,
    slide: Option<&SlidePicture>,
    mut picture: impl FnMut(&Annotation) -> Option<Vec<u8>>,
) -> String {
    let mut elements = String::new();
    let mut bounds: Option<Bounds> = None;
    for (id, annotation) in annotations {
        let drawn = match annotation.kind {
            Kind::Drawing => drawing(annotation, id, &mut elements),
            Kind::Text => text(annotation, id, &mut elements),
            Kind::Image => Some(image(annotation, id, picture(annotation), &mut elements)),
        };
        let all = bounds.into_iter().chain(drawn);
        bounds = all.reduce(Bounds::union);
    }
    let bounds = match slide {
        Some(slide) => slide.bounds(),
        None => bounds.map_or(EMPTY, |bounds| bounds.grown(MARGIN_PX)),
    };
    let Bounds { left, top, right, bottom } = bounds;
    let (width, height) = (right - left, bottom - top);
    // A slide keeps its resolution.
    let largest = slide.map_or(1.0, |slide| slide.width / width);
    let scale = (MAX_SIDE_PX / width.max(height)).min(largest);
    let ground = slide.map_or_else(String::new, |slide| slide_image(slide, bounds));
    let mut svg = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"{} {} {} {}\">\n<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" \
         fill=\"#ffffff\"/>\n{ground}{elements}</svg>\n",
        short((width * scale).max(1.0)),
        short((height * scale).max(1.0)),
        short(left),
        short(top),
        short(width),
        short(height),
        short(left),
        short(top),
        short(width),
        short(height),
    );
    svg
}

/// Draws the picture of a slide.
fn slide_image(slide: &SlidePicture, bounds: Bounds) -> String {
    let Some(media_type) = media_type(&slide.bytes) else { return String::new() };
    format!(
        "<image width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         href=\"data:{media_type};base64,{}\"/>\n",
        short(bounds.right),
        short(bounds.bottom),
        base64(&slide.bytes)
    )
}

/// Draws a path. Returns `None` if there is none.
fn drawing(annotation: &Annotation, id: i32, svg: &mut String) -> Option<Bounds> {
    let path = path::parse(annotation.get(Property::Data)?)?;
    let (x, y) = anchor(annotation);
    let thickness = size(annotation, Property::StrokeThickness, 2.0);
    let stroke = paint(annotation, Property::Stroke, "stroke", Some([255, 0, 0, 0]));
    let fill = paint(annotation, Property::Fill, "fill", None);
    let _ = writeln!(
        svg,
        "<path id=\"annotation-{id}\" d=\"{}\"{}{stroke}{fill} stroke-width=\"{}\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
        path.data,
        match (x, y) {
            (0.0, 0.0) => String::new(),
            _ => format!(" transform=\"translate({} {})\"", short(x), short(y)),
        },
        short(thickness),
    );
    Some(path.bounds.moved(x, y).grown(thickness / 2.0))
}

/// Draws the lines of a text. Returns `None` if there are none.
fn text(annotation: &Annotation, id: i32, svg: &mut String) -> Option<Bounds> {
    let text = Some(annotation.text()).filter(|text| !text.trim().is_empty())?;
    let (x, y) = anchor(annotation);
    let size = size(annotation, Property::FontSize, 16.0).max(1.0);
    let width = annotation.get(Property::Width).and_then(number).filter(|width| *width > 0.0);
    let lines = wrap(text, width.unwrap_or(f64::INFINITY) / size);
    let longest = lines.iter().map(|line| ems(line)).fold(0.0, f64::max) * size;
    let right_to_left =
        annotation.get(Property::TextDirection).is_some_and(|to| to.eq_ignore_ascii_case("RTL"));
    let width = width.map_or(longest, |width| width.min(MAX_COORDINATE).max(longest));
    // A text from right to left begins at its right side.
    let (start, direction) =
        if right_to_left { (x + width, " direction=\"rtl\"") } else { (x, "") };
    let face = face(annotation.get(Property::FontFace).unwrap_or_default());
    let fill = paint(annotation, Property::FontColor, "fill", Some([255, 0, 0, 0]));
    let line_height = size * 1.25;
    let _ = write!(
        svg,
        "<text id=\"annotation-{id}\" xml:space=\"preserve\" font-family=\"{face}\" \
         font-size=\"{}\"{fill}{direction}>",
        short(size),
    );
    for (i, line) in (0u32..).zip(&lines) {
        let baseline = y + size + f64::from(i) * line_height;
        let _ = write!(
            svg,
            "<tspan x=\"{}\" y=\"{}\">{}</tspan>",
            short(start),
            short(baseline),
            escaped(line)
        );
    }
    svg.push_str("</text>\n");
    let height = f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX)) * line_height;
    Some(Bounds::new(x, y, width, height))
}

/// Draws an image, or a frame in its place.
fn image(annotation: &Annotation, id: i32, bytes: Option<Vec<u8>>, svg: &mut String) -> Bounds {
    let (x, y) = anchor(annotation);
    let extent = annotation.get(Property::Extent).and_then(pair);
    let extent = extent.filter(|(width, height)| *width > 0.0 && *height > 0.0);
    let (width, height) = extent.unwrap_or((320.0, 240.0));
    let (width, height) = (width.min(MAX_COORDINATE), height.min(MAX_COORDINATE));
    let place = format!(
        "id=\"annotation-{id}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        short(x),
        short(y),
        short(width),
        short(height)
    );
    let bytes = bytes.unwrap_or_default();
    let _ = match media_type(&bytes) {
        Some(media_type) => {
            let fit = if extent.is_some() { " preserveAspectRatio=\"none\"" } else { "" };
            let data = base64(&bytes);
            writeln!(svg, "<image {place}{fit} href=\"data:{media_type};base64,{data}\"/>")
        }
        None => writeln!(
            svg,
            "<rect {place} fill=\"none\" stroke=\"#808080\" stroke-dasharray=\"6 4\"/>"
        ),
    };
    Bounds::new(x, y, width, height)
}

/// Returns the anchor of an annotation; by default the origin.
fn anchor(annotation: &Annotation) -> (f64, f64) {
    let (x, y) = annotation.get(Property::Anchor).and_then(pair).unwrap_or_default();
    (x.clamp(-MAX_COORDINATE, MAX_COORDINATE), y.clamp(-MAX_COORDINATE, MAX_COORDINATE))
}

/// Returns the value of a thickness or a height.
fn size(annotation: &Annotation, property: Property, otherwise: f64) -> f64 {
    annotation.get(property).and_then(number).unwrap_or(otherwise).clamp(0.0, 1000.0)
}

/// Returns a color and its opacity as attributes.
fn paint(
    annotation: &Annotation,
    property: Property,
    attribute: &str,
    otherwise: Option<[u8; 4]>,
) -> String {
    match annotation.get(property).and_then(color).or(otherwise) {
        None | Some([0, ..]) => format!(" {attribute}=\"none\""),
        Some([alpha, red, green, blue]) => {
            let opacity = match alpha {
                255 => String::new(),
                _ => format!(" {attribute}-opacity=\"{}\"", short(f64::from(alpha) / 255.0)),
            };
            format!(" {attribute}=\"#{red:02x}{green:02x}{blue:02x}\"{opacity}")
        }
    }
}

/// Returns the name of a font without characters that are invalid in it, and a fallback font.
fn face(name: &str) -> String {
    let keep = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | ',');
    let name: String = name.chars().filter(keep).collect();
    match name.trim() {
        "" => "sans-serif".to_owned(),
        name => format!("{}, sans-serif", escaped(name)),
    }
}

/// Escapes a text for XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => escaped.push(c),
            // XML does not allow the other characters.
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// Returns the media type of a picture, by its first bytes.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'B', b'M', ..] => Some("image/bmp"),
        _ => None,
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let padding = digit > three.len();
            text.push(if padding { '=' } else { char::from(DIGITS[value as usize]) });
        }
    }
    text
}
