//! Annotations and form fields without an appearance, which the renderer does not draw. The common ones
//! are written as the content of a page of their own, which is drawn over the page.

use std::{collections::BTreeSet, fmt::Write as _};

use hayro::hayro_syntax::{
    object::{Array, Dict, Name, Object, Rect, String as PdfString, dict::keys::ANNOTS},
    page::{Page, Rotation},
};

use super::helvetica::{encode, width_of};

/// The flags of an annotation that is not shown, or not on screens (section 12.5.3 of ISO 32000-2).
const HIDDEN: u32 = (1 << 1) | (1 << 5);

/// Flags of fields (section 12.7.5): a text of several lines, a password, a radio button and a push
/// button.
const MULTILINE: u32 = 1 << 12;
const PASSWORD: u32 = 1 << 13;
const RADIO: u32 = 1 << 15;
const PUSH_BUTTON: u32 = 1 << 16;

/// Upper bound on the parents of a field that are searched for a value. A field can be its own parent.
const MAX_PARENTS: usize = 16;

/// Upper bound on the annotations that are drawn on a page.
const MAX_ANNOTATIONS: usize = 10_000;

/// The size of text that a field does not give, in points.
const DEFAULT_FONT_SIZE: f32 = 12.0;

/// The distance of a text from the border of its field, in points.
const PADDING: f32 = 2.0;

/// The annotations and form fields of a page that are drawn over it.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    /// A PDF with one page of the same size; `None` if there is nothing to draw.
    pub pdf: Option<Vec<u8>>,
    /// The kinds of annotations that cannot be drawn.
    pub left_out: BTreeSet<String>,
}

/// Writes the annotations of a page that have no appearance.
pub(super) fn overlay(page: &Page<'_>) -> Overlay {
    let mut drawing = PageContent::default();
    let mut left_out = BTreeSet::new();
    let annotations = page.raw().get::<Array<'_>>(ANNOTS).unwrap_or_default();
    let catalog = page.xref().get::<Dict<'_>>(page.xref().root_id()).unwrap_or_default();
    let form = catalog.get::<Dict<'_>>(b"AcroForm").unwrap_or_default();
    for annotation in annotations.iter::<Dict<'_>>().take(MAX_ANNOTATIONS) {
        let is_hidden = annotation.get::<u32>(b"F").unwrap_or(0) & HIDDEN != 0;
        if is_hidden || has_appearance(&annotation) {
            continue;
        }
        let kind = annotation.get::<Name<'_>>(b"Subtype");
        let kind = kind.as_ref().map_or("", |kind| kind.as_str());
        let drawn = if kind == "Widget" {
            drawing.field(&Field { annotation: &annotation, form: &form })
        } else {
            drawing.annotation(kind, &annotation)
        };
        if drawn.is_none() && !matches!(kind, "Link" | "Popup" | "PrinterMark" | "TrapNet" | "") {
            left_out.insert(if kind == "Widget" { "form field" } else { kind }.to_owned());
        }
    }
    if drawing.has_unknown_characters {
        left_out.insert("text in letters other than Latin ones".to_owned());
    }
    let pdf = (!drawing.content.is_empty()).then(|| drawing.pdf(page));
    Overlay { pdf, left_out }
}

fn has_appearance(annotation: &Dict<'_>) -> bool {
    let normal = annotation.get::<Dict<'_>>(b"AP").and_then(|it| it.get::<Object<'_>>(b"N"));
    match normal {
        Some(Object::Stream(_)) => true,
        // A state without an appearance, such as "Off", is drawn as nothing.
        Some(Object::Dict(states)) => !states.is_empty(),
        _ => false,
    }
}

/// A field, whose values can be those of its parents or of the form.
struct Field<'a, 'b> {
    annotation: &'b Dict<'a>,
    form: &'b Dict<'a>,
}

impl<'a> Field<'a, '_> {
    fn get(&self, key: &[u8]) -> Option<Object<'a>> {
        let mut field = self.annotation.clone();
        for _ in 0..MAX_PARENTS {
            if let Some(value) = field.get::<Object<'a>>(key) {
                return Some(value);
            }
            field = field.get::<Dict<'a>>(b"Parent")?;
        }
        None
    }

    fn number(&self, key: &[u8]) -> u32 {
        let number = self.get(key).or_else(|| self.form.get(key)).and_then(Object::into_i32);
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
    }

    fn text(&self, key: &[u8]) -> Option<String> {
        self.get(key).and_then(text_of)
    }

    fn style(&self) -> TextStyle {
        let default = self.get(b"DA").or_else(|| self.form.get(b"DA"));
        let default = default.and_then(text_of).unwrap_or_default();
        TextStyle { alignment: self.number(b"Q"), ..TextStyle::parse(&default) }
    }
}

/// The style of a text, from its default appearance (section 12.7.4.3).
struct TextStyle {
    /// In points; 0 means that the text fits its field.
    size: f32,
    /// An operator that sets the color.
    color: String,
    /// 0: left, 1: center, 2: right.
    alignment: u32,
}

impl TextStyle {
    fn parse(appearance: &str) -> Self {
        let words: Vec<&str> = appearance.split_whitespace().collect();
        let at = |operator: &str| words.iter().rposition(|word| *word == operator);
        let number = |word: &&str| word.parse::<f32>().ok().filter(|number| number.is_finite());
        let size = at("Tf").and_then(|at| number(words.get(at.checked_sub(1)?)?));
        let mut color = "0 g".to_owned();
        for (operator, count) in [("g", 1), ("rg", 3), ("k", 4)] {
            let values = at(operator).and_then(|at| words.get(at.checked_sub(count)?..at));
            if let Some(values) =
                values.filter(|values| values.iter().all(|it| number(it).is_some()))
            {
                color = format!("{} {operator}", values.join(" "));
            }
        }
        Self { size: size.unwrap_or(0.0).clamp(0.0, 1000.0), color, alignment: 0 }
    }
}

/// Returns the text of a string or a name.
fn text_of(object: Object<'_>) -> Option<String> {
    match object {
        Object::String(text) => Some(decoded(&text)),
        Object::Name(name) => Some(name.as_str().to_owned()),
        // Long texts may be streams.
        Object::Stream(stream) => stream.decoded_data().ok().map(|data| decoded_bytes(&data)),
        Object::Array(parts) => {
            let parts: Vec<String> = parts.iter::<PdfString<'_>>().map(|it| decoded(&it)).collect();
            Some(parts.join(", "))
        }
        _ => None,
    }
}

fn decoded(text: &PdfString<'_>) -> String {
    decoded_bytes(text.as_bytes())
}

/// Decodes a text string (section 7.9.2.2).
fn decoded_bytes(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}

/// The content of a page while it is written.
#[derive(Default)]
struct PageContent {
    content: String,
    has_unknown_characters: bool,
    /// The opacities in percent, each a graphics state.
    opacities: BTreeSet<u32>,
}

impl PageContent {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.content, "{text}");
    }

    /// Draws an annotation. Returns `None` if its kind is not known, or if it has no rectangle.
    fn annotation(&mut self, kind: &str, annotation: &Dict<'_>) -> Option<()> {
        let rect = annotation.get::<Rect>(b"Rect");
        let width = border_width(annotation);
        let stroke = color(annotation, b"C", "RG").unwrap_or_else(|| "0 G".to_owned());
        let fill = color(annotation, b"IC", "rg").filter(|fill| !fill.is_empty());
        let paint = match (&fill, width > 0.0 && !stroke.is_empty()) {
            (Some(_), true) => "B",
            (Some(_), false) => "f",
            (None, true) => "S",
            (None, false) => "n",
        };
        let points = |key: &[u8]| numbers(annotation, key);
        let mut path = String::new();
        let start = format!(
            "{stroke} {} {width} w 1 J 1 j {}",
            fill.unwrap_or_default(),
            dashes(annotation)
        );
        match kind {
            "Square" | "Circle" => {
                let rect = inset(&rect?, width / 2.0);
                path = if kind == "Square" { rectangle(&rect) } else { ellipse(&rect) };
                path = format!("{start} {path} {paint}");
            }
            "Line" => path = format!("{start} {} S", polyline(&points(b"L"))?),
            "PolyLine" => path = format!("{start} {} S", polyline(&points(b"Vertices"))?),
            "Polygon" => path = format!("{start} {} h {paint}", polyline(&points(b"Vertices"))?),
            "Ink" => {
                for stroke in annotation.get::<Array<'_>>(b"InkList")?.iter::<Array<'_>>() {
                    let points: Vec<f32> = stroke.iter::<f32>().collect();
                    let _ = write!(path, "{} S ", polyline(&points)?);
                }
                path = format!("{start} {path}");
            }
            "Highlight" | "Underline" | "StrikeOut" | "Squiggly" => {
                path = Self::marked(kind, annotation, &stroke)?;
            }
            "FreeText" => {
                let rect = rect?;
                let back = color(annotation, b"C", "rg").filter(|color| !color.is_empty());
                if let Some(back) = back {
                    self.line(format_args!("q {back} {} f Q", rectangle(&rect)));
                }
                let appearance = annotation.get::<Object<'_>>(b"DA").and_then(text_of);
                let style = TextStyle {
                    alignment: annotation.get::<u32>(b"Q").unwrap_or(0),
                    ..TextStyle::parse(&appearance.unwrap_or_default())
                };
                let text = annotation.get::<Object<'_>>(b"Contents").and_then(text_of)?;
                self.text(&rect, &text, &style, true);
            }
            "Stamp" => {
                let rect = rect?;
                let name = annotation.get::<Name<'_>>(b"Name");
                let name = name.as_ref().map_or("Draft", |name| name.as_str());
                let stroke = color(annotation, b"C", "RG").filter(|color| !color.is_empty());
                let stroke = stroke.unwrap_or_else(|| "0.8 0 0 RG".to_owned());
                self.line(format_args!("q {stroke} 2 w {} S Q", rectangle(&inset(&rect, 1.0))));
                let style = TextStyle {
                    size: 0.0,
                    color: stroke.replace("RG", "rg").replace('G', "g").replace('K', "k"),
                    alignment: 1,
                };
                self.text(&inset(&rect, 3.0), &name.to_uppercase(), &style, false);
            }
            _ => return None,
        }
        if !path.is_empty() {
            let opacity = annotation.get::<f32>(b"CA").unwrap_or(1.0).clamp(0.0, 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "the value is 0..=100")]
            #[expect(clippy::cast_sign_loss, reason = "the value is 0..=100")]
            let percent = (opacity * 100.0).round() as u32;
            self.opacities.insert(percent);
            self.line(format_args!("q /O{percent} gs {path} Q"));
        }
        Some(())
    }

    /// Returns the lines or the areas that mark text.
    fn marked(kind: &str, annotation: &Dict<'_>, stroke: &str) -> Option<String> {
        let quads = numbers(annotation, b"QuadPoints");
        let rect = annotation.get::<Rect>(b"Rect");
        // Without quadrilaterals, the whole rectangle is marked.
        let quads = match (quads.as_slice(), rect) {
            ([], Some(rect)) => {
                let [left, bottom, right, top] = sides(&rect);
                vec![left, top, right, top, left, bottom, right, bottom]
            }
            _ => quads,
        };
        let mut path = String::new();
        for quad in quads.chunks_exact(8) {
            let &[a, b, c, d, e, f, g, h] = quad else { continue };
            let (left, right) = (((a + e) / 2.0, (b + f) / 2.0), ((c + g) / 2.0, (d + h) / 2.0));
            let height = (b - f).hypot(a - e);
            let _ = match kind {
                // The corners come in the order of reading, not around the quadrilateral.
                "Highlight" => write!(path, "{a} {b} m {c} {d} l {g} {h} l {e} {f} l h f "),
                "StrikeOut" => {
                    let width = (height / 16.0).max(0.5);
                    write!(path, "{width} w {} {} m {} {} l S ", left.0, left.1, right.0, right.1)
                }
                _ => {
                    let (width, up) = ((height / 16.0).max(0.5), height / 16.0);
                    write!(path, "{width} w {e} {} m {g} {} l S ", f + up, h + up)
                }
            };
        }
        if path.is_empty() {
            return None;
        }
        let fill = stroke.replace("RG", "rg").replace('G', "g").replace('K', "k");
        let fill = if kind == "Highlight" { format!("/M gs {fill}") } else { stroke.to_owned() };
        Some(format!("{fill} {path}"))
    }

    /// Draws a form field. Returns `None` if its kind is not known.
    fn field(&mut self, field: &Field<'_, '_>) -> Option<()> {
        let rect = field.annotation.get::<Rect>(b"Rect")?;
        let looks = field.annotation.get::<Dict<'_>>(b"MK").unwrap_or_default();
        let kind = field.get(b"FT").and_then(Object::into_name)?;
        let flags = field.number(b"Ff");
        if let Some(back) = color(&looks, b"BG", "rg").filter(|color| !color.is_empty()) {
            self.line(format_args!("q {back} {} f Q", rectangle(&rect)));
        }
        let width = border_width(field.annotation);
        if let Some(border) = color(&looks, b"BC", "RG").filter(|color| !color.is_empty()) {
            let frame = rectangle(&inset(&rect, width / 2.0));
            self.line(format_args!("q {border} {width} w {frame} S Q"));
        }
        let inner = inset(&rect, width);
        let style = field.style();
        match &*kind {
            b"Tx" => {
                let mut text = field.text(b"V").unwrap_or_default();
                if flags & PASSWORD != 0 {
                    text = "*".repeat(text.chars().count());
                }
                self.text(&inner, &text, &style, flags & MULTILINE != 0);
            }
            b"Ch" => {
                let value = field.text(b"V").unwrap_or_default();
                let text = shown_option(field, &value).unwrap_or(value);
                self.text(&inner, &text, &style, false);
            }
            b"Btn" if flags & PUSH_BUTTON != 0 => {
                let text = looks.get::<Object<'_>>(b"CA").and_then(text_of).unwrap_or_default();
                self.text(&inner, &text, &TextStyle { alignment: 1, ..style }, false);
            }
            b"Btn" => {
                let state = field.annotation.get::<Name<'_>>(b"AS");
                let state = state.map(|name| name.as_str().to_owned()).or_else(|| field.text(b"V"));
                if state.is_some_and(|state| !matches!(&*state, "" | "Off")) {
                    let mark = looks.get::<Object<'_>>(b"CA").and_then(text_of);
                    let default = if flags & RADIO != 0 { "l" } else { "4" };
                    let mark = mark.and_then(|mark| mark.chars().next().map(String::from));
                    self.mark(&inner, &mark.unwrap_or_else(|| default.to_owned()), &style);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Draws a sign of the font of symbols in the middle of a rectangle.
    fn mark(&mut self, rect: &Rect, mark: &str, style: &TextStyle) {
        /// The width and the height of most signs of the font, in units of its size.
        const WIDTH: f32 = 0.8;
        const HEIGHT: f32 = 0.7;
        let [left, bottom, right, top] = sides(rect);
        let size = if style.size > 0.0 { style.size } else { (top - bottom).min(right - left) };
        let x = (left + right - WIDTH * size) / 2.0;
        let y = (bottom + top - HEIGHT * size) / 2.0;
        let (mark, _) = encode(mark);
        let color = &style.color;
        self.line(format_args!("BT /Z {size} Tf {color} {x} {y} Td <{mark}> Tj ET"));
    }

    /// Draws a text in a rectangle: at its top if it has several lines, otherwise in its middle.
    fn text(&mut self, rect: &Rect, text: &str, style: &TextStyle, is_multiline: bool) {
        /// The height of capital letters and the distance of lines, in units of the font's size.
        const CAPITALS: f32 = 0.72;
        const LEADING: f32 = 1.2;
        let [left, bottom, right, top] = sides(rect);
        let room = (right - left - 2.0 * PADDING).max(1.0);
        let size = match style.size {
            size if size > 0.0 => size,
            _ if is_multiline => DEFAULT_FONT_SIZE,
            _ => {
                let by_width = room / width_of(text).max(0.1);
                ((top - bottom) * 0.7).min(by_width).clamp(1.0, 144.0)
            }
        };
        let lines = if is_multiline {
            wrapped(text, room / size)
        } else {
            vec![text.replace(['\r', '\n'], " ")]
        };
        let clip = rectangle(rect);
        self.line(format_args!("q {clip} W n"));
        let mut y = if is_multiline {
            top - PADDING - size * CAPITALS
        } else {
            (bottom + top - size * CAPITALS) / 2.0
        };
        for line in lines {
            let width = width_of(&line) * size;
            let x = match style.alignment {
                1 => (left + right - width) / 2.0,
                2 => right - PADDING - width,
                _ => left + PADDING,
            };
            let (bytes, is_complete) = encode(&line);
            self.has_unknown_characters |= !is_complete;
            let color = &style.color;
            self.line(format_args!("BT /F {size} Tf {color} {x} {y} Td <{bytes}> Tj ET"));
            y -= size * LEADING;
        }
        self.line(format_args!("Q"));
    }

    /// Returns a PDF with one page that is like another page and has this content.
    fn pdf(&self, page: &Page<'_>) -> Vec<u8> {
        let boxed = |rect: Rect| format!("[{} {} {} {}]", rect.x0, rect.y0, rect.x1, rect.y1);
        let rotate = match page.rotation() {
            Rotation::None => 0,
            Rotation::Horizontal => 90,
            Rotation::Flipped => 180,
            Rotation::FlippedHorizontal => 270,
        };
        let mut states = String::new();
        for percent in &self.opacities {
            let opacity = f64::from(*percent) / 100.0;
            let _ = write!(states, "/O{percent} << /ca {opacity} /CA {opacity} >> ");
        }
        format!(
            "%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n\
             2 0 obj << /Type /Pages /Count 1 /Kids [3 0 R] >> endobj\n\
             3 0 obj << /Type /Page /Parent 2 0 R /MediaBox {} /CropBox {} /Rotate {rotate} \
             /Contents 4 0 R /Resources << /ExtGState << /M << /BM /Multiply >> {states}>> /Font << \
             /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> \
             /Z << /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >> >> >> >> endobj\n\
             4 0 obj << /Length {} >>\nstream\n{}\nendstream\nendobj\n\
             trailer << /Size 5 /Root 1 0 R >>\n",
            boxed(page.media_box()),
            boxed(page.crop_box()),
            self.content.len(),
            self.content
        )
        .into_bytes()
    }
}

/// Returns the text that a choice field shows for a value.
fn shown_option(field: &Field<'_, '_>, value: &str) -> Option<String> {
    let options = field.get(b"Opt").and_then(Object::into_array)?;
    options.iter::<Array<'_>>().find_map(|option| {
        let mut parts = option.iter::<PdfString<'_>>();
        let (exported, shown) = (parts.next()?, parts.next()?);
        (decoded(&exported) == value).then(|| decoded(&shown))
    })
}

/// Breaks a text into lines of at most `room` units of the font's size.
fn wrapped(text: &str, room: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.replace("\r\n", "\n").split(['\r', '\n']) {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && width_of(&line) + width_of(" ") + width_of(word) > room {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Returns an operator that sets a color; empty for an array that means no color.
fn color(dict: &Dict<'_>, key: &[u8], operator: &str) -> Option<String> {
    let values = dict.get::<Array<'_>>(key)?;
    let values: Vec<f32> = values.iter::<f32>().map(|value| value.clamp(0.0, 1.0)).collect();
    let is_stroke = operator == "RG";
    let operator = match (values.len(), is_stroke) {
        (1, true) => "G",
        (1, false) => "g",
        (3, _) => operator,
        (4, true) => "K",
        (4, false) => "k",
        _ => return Some(String::new()),
    };
    let values: Vec<String> = values.iter().map(f32::to_string).collect();
    Some(format!("{} {operator}", values.join(" ")))
}

/// Returns the width of the border (section 12.5.4).
fn border_width(annotation: &Dict<'_>) -> f32 {
    let style = annotation.get::<Dict<'_>>(b"BS").and_then(|style| style.get::<f32>(b"W"));
    let border = || annotation.get::<Array<'_>>(b"Border")?.iter::<f32>().nth(2);
    style.or_else(border).unwrap_or(1.0).clamp(0.0, 100.0)
}

/// Returns the operator for the dashes of the border.
fn dashes(annotation: &Dict<'_>) -> String {
    let Some(style) = annotation.get::<Dict<'_>>(b"BS") else { return String::new() };
    if style.get::<Name<'_>>(b"S").is_none_or(|name| &*name != b"D") {
        return String::new();
    }
    let lengths = style.get::<Array<'_>>(b"D").map(|array| array.iter::<f32>().collect());
    let lengths: Vec<f32> = lengths.unwrap_or_else(|| vec![3.0]);
    if lengths.iter().any(|length| *length <= 0.0) {
        return String::new();
    }
    let lengths: Vec<String> = lengths.iter().map(f32::to_string).collect();
    format!("[{}] 0 d", lengths.join(" "))
}

fn numbers(dict: &Dict<'_>, key: &[u8]) -> Vec<f32> {
    dict.get::<Array<'_>>(key).map(|array| array.iter::<f32>().collect()).unwrap_or_default()
}

/// Returns left, bottom, right and top.
#[expect(clippy::cast_possible_truncation, reason = "coordinates of pages need no f64")]
fn sides(rect: &Rect) -> [f32; 4] {
    [rect.x0 as f32, rect.y0 as f32, rect.x1 as f32, rect.y1 as f32]
}

fn inset(rect: &Rect, by: f32) -> Rect {
    let by = f64::from(by).min(rect.width().min(rect.height()) / 2.0);
    Rect { x0: rect.x0 + by, y0: rect.y0 + by, x1: rect.x1 - by, y1: rect.y1 - by }
}

fn rectangle(rect: &Rect) -> String {
    format!("{} {} {} {} re", rect.x0, rect.y0, rect.width(), rect.height())
}

fn ellipse(rect: &Rect) -> String {
    /// The distance of the control points of a quarter of a circle, in radii.
    const CONTROL: f64 = 0.552_285;
    let (x, y) = ((rect.x0 + rect.x1) / 2.0, (rect.y0 + rect.y1) / 2.0);
    let (rx, ry) = (rect.width() / 2.0, rect.height() / 2.0);
    let (cx, cy) = (rx * CONTROL, ry * CONTROL);
    format!(
        "{} {y} m {} {} {} {} {x} {} c {} {} {} {} {} {y} c {} {} {} {} {x} {} c {} {} {} {} {} {y} c h",
        x + rx,
        x + rx,
        y + cy,
        x + cx,
        y + ry,
        y + ry,
        x - cx,
        y + ry,
        x - rx,
        y + cy,
        x - rx,
        x - rx,
        y - cy,
        x - cx,
        y - ry,
        y - ry,
        x + cx,
        y - ry,
        x + rx,
        y - cy,
        x + rx,
    )
}

/// Returns a path through points, or `None` for fewer than two.
fn polyline(points: &[f32]) -> Option<String> {
    let mut path = String::new();
    let mut points = points.chunks_exact(2);
    let first = points.next()?;
    let _ = write!(path, "{} {} m", first[0], first[1]);
    let mut has_more = false;
    for point in points {
        let _ = write!(path, " {} {} l", point[0], point[1]);
        has_more = true;
    }
    has_more.then_some(path)
}
