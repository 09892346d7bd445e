//! Reading the paths of an SVG file. The library usvg resolves styles, units, references and shapes.

use std::{borrow::Cow, collections::BTreeSet, ops::Range, path::Path};

use kurbo::{BezPath, PathEl};
use psom_objects::annotation;
use usvg::{
    FillRule, Group, ImageHrefResolver, Node, Options, Paint, Transform, Tree, roxmltree,
    tiny_skia_path::PathSegment,
};

use super::{
    outline::{
        ROUND_TO, SIMPLIFY_TOLERANCE, Segment, data, even_odd_as_nonzero, rounded, simplified,
        split,
    },
    path, region,
};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files,
    xml::decode,
};

/// Upper bound on an SVG file.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The namespace of SVG.
const SVG: &str = "http://www.w3.org/2000/svg";

/// A path with its style. A style of `None` is not given.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Drawing {
    pub data: String,
    pub stroke: Option<String>,
    pub width: Option<String>,
    pub fill: Option<String>,
    /// The segments of the data, if they come from a file.
    pub segments: Vec<Segment>,
}

impl Drawing {
    /// Returns the drawing of a path that was checked, without a style.
    pub(crate) fn of_path(data: String) -> Self {
        let segments = BezPath::from_svg(&data).map_or_else(
            |_| Vec::new(),
            |path| {
                let point = |point: kurbo::Point| (point.x, point.y);
                let segment = |element: PathEl| match element {
                    PathEl::MoveTo(to) => Segment::Move(point(to)),
                    PathEl::LineTo(to) => Segment::Line(point(to)),
                    PathEl::QuadTo(control, to) => Segment::Quad(point(control), point(to)),
                    PathEl::CurveTo(one, two, to) => {
                        Segment::Cubic(point(one), point(two), point(to))
                    }
                    PathEl::ClosePath => Segment::Close,
                };
                path.into_iter().map(segment).collect()
            },
        );
        Self { data, segments, ..Self::default() }
    }

    /// Returns drawings whose data has at most `max_chars` characters, and which look like this one
    /// together. A longer path is simplified. If that does not suffice, its region is divided, and then
    /// its line. A filled path that crosses itself too often stays too long.
    pub(crate) fn fitted(self, max_chars: usize) -> Vec<Self> {
        if self.data.len() <= max_chars || self.segments.is_empty() {
            return vec![self];
        }
        let segments = rounded(&simplified(&self.segments, SIMPLIFY_TOLERANCE), ROUND_TO);
        let simpler = Self { data: data(&segments), segments, ..self };
        if simpler.data.len() <= max_chars {
            return vec![simpler];
        }
        const NONE: &str = "none";
        let with =
            |segments: Vec<Segment>| Self { data: data(&segments), segments, ..simpler.clone() };
        let mut parts = Vec::new();
        if let Some(fill) = simpler.fill.as_deref().filter(|fill| *fill != NONE) {
            // Colors with an opacity have two more digits.
            let is_opaque = fill.len() < "#aarrggbb".len();
            // The path stays too long, so the board rejects it.
            let Some(regions) = region::divided(&simpler.segments, max_chars, is_opaque) else {
                return vec![simpler];
            };
            let regions = regions.into_iter();
            parts.extend(regions.map(|part| Self { stroke: Some(NONE.to_owned()), ..with(part) }));
        }
        if simpler.stroke.as_deref() != Some(NONE) {
            let lines = split(&simpler.segments, max_chars).into_iter();
            parts.extend(lines.map(|part| Self { fill: Some(NONE.to_owned()), ..with(part) }));
        }
        parts
    }
}

/// The paths of an SVG file, and a list of the parts that cannot be drawn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Drawings {
    pub drawings: Vec<Drawing>,
    pub left_out: Option<String>,
}

/// Reads the paths of an SVG file.
pub(crate) fn read(file: &Path) -> Result<Drawings> {
    let shown = file.display();
    let text = decode(&files::read(file, MAX_FILE_BYTES)?)
        .filter(|text| text.contains("<svg"))
        .ok_or_else(|| CommandError::new(format!("{shown} is not an SVG file; name one")))?;
    let drawings = drawings(&text).or_cannot(format_args!("read {shown} as an SVG file"))?;
    if drawings.drawings.is_empty() {
        return Err(CommandError::new(format!(
            "{shown} has nothing to draw; draw a file that has paths or shapes"
        )));
    }
    Ok(drawings)
}

type LeftOut = BTreeSet<&'static str>;

pub(crate) fn drawings(text: &str) -> Result<Drawings, String> {
    // SVG that is copied from HTML has no namespace declaration.
    let with_namespace;
    let text = if text.contains(SVG) {
        text
    } else {
        with_namespace = text.replacen("<svg", &format!("<svg xmlns=\"{SVG}\""), 1);
        &with_namespace
    };
    let text = known_colors(text);
    let xml_options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&text, xml_options)
        .map_err(|error| error.to_string())?;
    let mut left_out = LeftOut::new();
    for element in document.descendants() {
        match element.tag_name().name() {
            "text" => drop(left_out.insert("texts")),
            "image" => drop(left_out.insert("images")),
            _ => {}
        }
    }
    let options = Options {
        // An SVG file must not make the program read other files.
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_xmltree(&document, &options).map_err(|error| error.to_string())?;
    let mut drawings = Vec::new();
    collect(tree.root(), 1.0, &mut drawings, &mut left_out);
    let left_out: Vec<_> = left_out.into_iter().collect();
    let left_out = Some(left_out.join(", ")).filter(|list| !list.is_empty());
    Ok(Drawings { drawings, left_out })
}

/// Rewrites the colors of CSS that usvg draws black: an opacity of `rgb()` in percent, and the name that
/// CSS has added to those of SVG.
fn known_colors(text: &str) -> Cow<'_, str> {
    const ADDED: &str = "rebeccapurple";
    let lower = text.to_ascii_lowercase();
    let names = lower.match_indices(ADDED);
    let mut changes: Vec<_> =
        names.map(|(at, _)| (at..at + ADDED.len(), "#663399".to_owned())).collect();
    changes.extend(lower.match_indices("rgb").filter_map(|(at, _)| opacity(&lower, at)));
    if changes.is_empty() {
        return text.into();
    }
    changes.sort_by_key(|(place, _)| place.start);
    let (mut known, mut done) = (String::new(), 0);
    for (place, new) in &changes {
        // Nested functions give one place twice.
        if let Some(between) = text.get(done..place.start) {
            known += between;
            known += new;
            done = place.end;
        }
    }
    known += &text[done..];
    known.into()
}

/// Returns where the function `rgb()` or `rgba()` has an opacity in percent, and the same as a number.
fn opacity(lower: &str, at: usize) -> Option<(Range<usize>, String)> {
    /// More than four numbers and the characters between them need.
    const MAX_FUNCTION_BYTES: usize = 128;
    let end = lower.as_bytes().iter().skip(at).take(MAX_FUNCTION_BYTES);
    let end = at + end.take_while(|byte| byte.is_ascii() && **byte != b')').count();
    let (name, parameters) = lower[at..end].split_once('(')?;
    let between = |found: char| matches!(found, ',' | '/') || found.is_ascii_whitespace();
    let fourth = parameters.split(between).filter(|part| !part.is_empty()).nth(3)?;
    let percent: f64 = fourth.strip_suffix('%')?.parse().ok()?;
    let start = end - parameters.len() + parameters.rfind(fourth)?;
    matches!(name, "rgb" | "rgba")
        .then(|| (start..start + fourth.len(), (percent / 100.0).to_string()))
}

/// Collects the paths of a group in their order. `opacity` is that of the groups around it.
fn collect(group: &Group, opacity: f32, drawings: &mut Vec<Drawing>, left_out: &mut LeftOut) {
    let opacity = opacity * group.opacity().get();
    if group.clip_path().is_some() || group.mask().is_some() || !group.filters().is_empty() {
        left_out.insert("clips, masks and filters");
    }
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, opacity, drawings, left_out),
            Node::Path(path) if path.is_visible() => {
                drawings.extend(drawing(path, opacity, left_out));
            }
            Node::Path(_) | Node::Image(_) | Node::Text(_) => {}
        }
    }
}

/// Returns the drawings of a path: usually one.
fn drawing(path: &usvg::Path, opacity: f32, left_out: &mut LeftOut) -> Vec<Drawing> {
    let transform = path.abs_transform();
    let Some(transformed) = path.data().clone().transform(transform) else { return Vec::new() };
    let mut segments: Vec<Segment> = transformed.segments().map(segment).collect();
    // The region to fill, if its outline differs from the path.
    let mut region = None;
    let mut fill = None;
    if let Some(filled) = path.fill() {
        fill = color(filled.paint(), filled.opacity().get() * opacity, left_out);
        if fill.is_some() && filled.rule() == FillRule::EvenOdd {
            match even_odd_as_nonzero(&segments) {
                Some(oriented) => segments = oriented,
                None => match region::even_odd_as_nonzero(&segments) {
                    Some(oriented) => region = Some(oriented),
                    None => {
                        left_out.insert("the filling of paths that cross themselves too often");
                        fill = None;
                    }
                },
            }
        }
    }
    let (mut stroke, mut width) = (None, None);
    if let Some(stroked) = path.stroke() {
        stroke = color(stroked.paint(), stroked.opacity().get() * opacity, left_out);
        width = Some(f64::from(stroked.width().get()) * scale(transform));
        if stroked.dasharray().is_some() {
            left_out.insert("dashes");
        }
    }
    let none = || Some("none".to_owned());
    let width = width.map(path::short);
    let parts = match region {
        Some(region) => vec![(region, None, fill), (segments, stroke, None)],
        None => vec![(segments, stroke, fill)],
    };
    let parts = parts.into_iter().filter(|(_, stroke, fill)| stroke.is_some() || fill.is_some());
    let drawings = parts.filter_map(|(segments, stroke, fill)| {
        let data = data(&segments);
        // A board cannot show a path with coordinates out of range, so the path is dropped.
        path::parse(&data)?;
        let width = width.clone().filter(|_| stroke.is_some());
        let (stroke, fill) = (stroke.or_else(none), fill.or_else(none));
        Some(Drawing { data, stroke, width, fill, segments })
    });
    drawings.collect()
}

fn segment(segment: PathSegment) -> Segment {
    let point = |point: usvg::tiny_skia_path::Point| (f64::from(point.x), f64::from(point.y));
    match segment {
        PathSegment::MoveTo(to) => Segment::Move(point(to)),
        PathSegment::LineTo(to) => Segment::Line(point(to)),
        PathSegment::QuadTo(control, to) => Segment::Quad(point(control), point(to)),
        PathSegment::CubicTo(one, two, to) => Segment::Cubic(point(one), point(two), point(to)),
        PathSegment::Close => Segment::Close,
    }
}

/// Returns the factor by which a transform scales lengths, on average of all directions.
fn scale(transform: Transform) -> f64 {
    let Transform { sx, kx, ky, sy, .. } = transform;
    f64::from(sx * sy - kx * ky).abs().sqrt()
}

/// Returns a paint in the form of boards, `#AARRGGBB` or `#RRGGBB`.
fn color(paint: &Paint, opacity: f32, left_out: &mut LeftOut) -> Option<String> {
    let Paint::Color(color) = paint else {
        left_out.insert("gradients and patterns");
        return None;
    };
    let (red, green, blue) = (color.red, color.green, color.blue);
    #[expect(clippy::cast_possible_truncation, reason = "the value is clamped to 0..=255")]
    #[expect(clippy::cast_sign_loss, reason = "the value is clamped to 0..=255")]
    let alpha = (opacity * 255.0).round().clamp(0.0, 255.0) as u8;
    Some(if alpha == 255 {
        format!("#{red:02x}{green:02x}{blue:02x}")
    } else {
        format!("#{alpha:02x}{red:02x}{green:02x}{blue:02x}")
    })
}

/// Returns the anchor of a drawing that is moved by an offset.
pub(crate) fn anchor(offset: Option<&str>) -> String {
    let (x, y) = offset.and_then(annotation::pair).unwrap_or_default();
    format!("{x},{y}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Describes each drawing as `data stroke width fill`.
    fn described(svg: &str) -> Vec<String> {
        let describe = |drawing: Drawing| {
            let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let (stroke, width) = (text(drawing.stroke), text(drawing.width));
            format!("{} {stroke} {width} {}", drawing.data, text(drawing.fill))
        };
        drawings(svg).unwrap().drawings.into_iter().map(describe).collect()
    }

    fn svg(body: &str) -> String {
        format!("<svg xmlns=\"{SVG}\">{body}</svg>")
    }

    #[test]
    fn colors_are_read_in_all_notations() {
        for (attributes, expected) in [
            (r##"stroke="red" fill="none""##, "#ff0000 1 none"),
            (r##"stroke="rgb(255,0,0)" fill="none""##, "#ff0000 1 none"),
            (r##"stroke="#ff000080" fill="none""##, "#80ff0000 1 none"),
            (r##"stroke="hsl(120,100%,50%)" fill="none""##, "#00ff00 1 none"),
            (r##"style="stroke:#00f;fill:none;stroke-width:6""##, "#0000ff 6 none"),
            (r##"stroke="#f00" stroke-width="3px" fill="none""##, "#ff0000 3 none"),
            (r##"stroke="#f00" stroke-width="1pc" fill="none""##, "#ff0000 16 none"),
            ("", "none - #000000"),
        ] {
            let drawn = described(&svg(&format!("<path {attributes} d=\"M0 0 L9 9 V0\"/>")));
            assert_eq!(drawn, [format!("M0 0L9 9L9 0 {expected}")], "{attributes}");
        }
        let by_class = svg("<style>.a{fill:none;stroke:blue}</style><path class='a' d='M0 0H9'/>");
        assert_eq!(described(&by_class), ["M0 0L9 0 #0000ff 1 none"]);
    }

    #[test]
    fn hidden_elements_are_skipped() {
        let hidden =
            svg("<path display='none' d='M0 0 L9 9'/><path visibility='hidden' d='M1 1 L9 9'/>\
             <defs><path d='M2 2 L9 9'/></defs><path stroke='#ff0000' fill='none' d='M3 3 L9 9'/>");
        assert_eq!(described(&hidden), ["M3 3L9 9 #ff0000 1 none"]);
    }

    #[test]
    fn references_and_shapes_become_paths() {
        let used = svg("<defs><path id='p' stroke='red' fill='none' d='M0 0 L9 9'/></defs>\
                        <use href='#p' x='5'/>");
        assert_eq!(described(&used), ["M5 0L14 9 #ff0000 1 none"]);
        let shapes = svg("<rect x='1' y='2' width='3' height='4'/><line x2='9' stroke='red'/>\
                          <polygon points='0,0 9,0 9,9'/>");
        assert_eq!(
            described(&shapes),
            [
                "M1 2L4 2L4 6L1 6Z none - #000000",
                "M0 0L9 0 #ff0000 1 #000000",
                "M0 0L9 0L9 9Z none - #000000",
            ]
        );
        assert_eq!(drawings(&svg("<circle r='5'/>")).unwrap().drawings.len(), 1);
    }

    #[test]
    fn the_view_box_and_transforms_are_applied() {
        let scaled = format!(
            "<svg xmlns=\"{SVG}\" width='200' height='200' viewBox='0 0 20 20'>\
             <path stroke='#ff0000' fill='none' d='M0 0 L9 9'/></svg>"
        );
        assert_eq!(described(&scaled), ["M0 0L90 90 #ff0000 10 none"]);
        let turned = svg("<path transform='rotate(90)' stroke='red' fill='none' d='M0 0 H9'/>");
        assert_eq!(described(&turned), ["M0 0L0 9 #ff0000 1 none"]);
    }

    #[test]
    fn opacities_of_groups_multiply() {
        let grouped = svg("<g opacity='0.5'><path stroke='red' fill='none' opacity='0.5' \
                           d='M0 0 H9'/></g>");
        assert_eq!(described(&grouped), ["M0 0L9 0 #40ff0000 1 none"]);
    }

    #[test]
    fn colors_of_newer_css_are_read() {
        for (color, read) in [
            ("RebeccaPurple", "#663399"),
            ("rgb(255 0 0 / 50%)", "#80ff0000"),
            ("RGBA(10%,20%,30%, 100% )", "#1a334d"),
            ("rgba(255,0,0,.5)", "#80ff0000"),
            ("hsl(120 50% 50% / 0.5)", "#8040bf40"),
            ("hwb(120 0% 0%)", "#00ff00"),
            ("rgb(1,2,3,4%rgb(1,2,3,4%", "#000000"),
            ("rgb(1,2,3,4\u{20ac}%)", "#000000"),
        ] {
            let file = svg(&format!("<path style='fill:{color}' d='M0 0h9v9z'/>"));
            assert_eq!(described(&file), [format!("M0 0L9 0L9 9Z none - {read}")], "{color}");
        }
    }

    #[test]
    fn even_odd_holes_stay_holes() {
        let ring = svg("<path fill-rule='evenodd' fill='#ff0000' \
                        d='M0 0h9v9h-9zM2 2h3v3h-3z'/>");
        assert_eq!(described(&ring), ["M0 0L9 0L9 9L0 9ZM2 5L5 5L5 2L2 2Z none - #ff0000"]);
    }

    #[test]
    fn even_odd_paths_that_cross_become_regions_and_lines() {
        let bow = "fill-rule='evenodd' d='M0 0 L90 90 L90 0 L0 90 Z'";
        let filled = described(&svg(&format!("<path {bow}/>")));
        assert_eq!(filled.len(), 1, "{filled:?}");
        assert!(filled[0].ends_with("Z none - #000000"), "{filled:?}");
        let both = described(&svg(&format!("<path {bow} stroke='red'/>")));
        assert_eq!(both, [&filled[0], "M0 0L90 90L90 0L0 90Z #ff0000 1 none"]);
    }

    #[test]
    fn unsupported_parts_are_listed() {
        let rich = svg("<linearGradient id='g'><stop offset='0' stop-color='red'/>\
             <stop offset='1' stop-color='blue'/></linearGradient>\
             <path fill='url(#g)' stroke='red' stroke-dasharray='2' d='M0 0h9v9z'/>\
             <text>Hello</text>");
        let left_out = drawings(&rich).unwrap().left_out;
        assert_eq!(left_out.as_deref(), Some("dashes, gradients and patterns, texts"));
    }

    #[test]
    fn a_long_stroke_is_simplified_and_split() {
        let zigzag: String =
            (0..1500).map(|index| format!("L{}.25 {}.125 ", index / 2, (index % 2) * 7)).collect();
        let stroke = svg(&format!("<path stroke='red' fill='none' d='M0 0 {zigzag}'/>"));
        let whole = drawings(&stroke).unwrap().drawings.remove(0);
        assert!(whole.data.len() > 10_000);
        let parts = whole.fitted(10_000);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.data.len() <= 10_000));
        let straight: String = (0..3000).map(|x| format!("L{x}.25 0.125 ")).collect();
        let straight = svg(&format!("<path stroke='red' fill='none' d='M0 0 {straight}'/>"));
        let straight = drawings(&straight).unwrap().drawings.remove(0).fitted(10_000);
        assert_eq!(straight.len(), 1);
        assert!(straight[0].data.len() < 100);
    }

    #[test]
    fn a_long_filled_path_is_divided() {
        let edge: String = (0..3000)
            .map(|index| format!("L{}.25 {}.125 ", 50 + index / 4, 50 + (index * 37) % 300))
            .collect();
        for (style, regions, has_lines) in [
            ("fill='red'", true, false),
            ("fill='red' stroke='blue'", true, true),
            ("fill='red' fill-opacity='0.5'", true, false),
            ("fill='none' stroke='blue'", false, true),
        ] {
            let file = svg(&format!("<path {style} d='M0 0 {edge} Z'/>"));
            let whole = drawings(&file).unwrap().drawings.remove(0);
            assert!(whole.data.len() > 10_000);
            let parts = whole.fitted(10_000);
            assert!(parts.iter().all(|part| part.data.len() <= 10_000 && !part.data.is_empty()));
            let none = |color: &Option<String>| color.as_deref() == Some("none");
            let (filled, lines): (Vec<_>, Vec<_>) = parts.iter().partition(|it| !none(&it.fill));
            assert_eq!((filled.len() > 1, lines.len() > 1), (regions, has_lines), "{style}");
            assert!(filled.iter().all(|part| none(&part.stroke)), "{style}");
        }
    }

    #[test]
    fn a_long_path_of_the_command_line_is_split() {
        let curves: String = (0..900).map(|x| format!("q 3.5 {} 5 -7.25 ", x % 50)).collect();
        let drawing = Drawing::of_path(format!("M0 0 {curves}"));
        assert!(drawing.data.len() > 10_000);
        let parts = drawing.clone().fitted(10_000);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.data.len() <= 10_000));
        assert_eq!(drawing.clone().fitted(usize::MAX), [drawing]);
    }

    #[test]
    fn hostile_files_end_with_an_error() {
        let nested = format!("{}{}", "<g>".repeat(100_000), "</g>".repeat(100_000));
        assert!(drawings(&svg(&nested)).is_err());
        let doubled: String = (1..40)
            .map(|level| {
                let below = level - 1;
                format!("<g id='g{level}'><use href='#g{below}'/><use href='#g{below}'/></g>")
            })
            .collect();
        assert!(drawings(&svg(&format!("<g id='g0'><path d='M0 0H9'/></g>{doubled}"))).is_err());
    }
}
