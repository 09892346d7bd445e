//! What comes from the user: values, and paths in SVG files.

use std::{collections::BTreeSet, path::Path};

use psom_objects::annotation;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use crate::{
    failure::{Failure, Result, While},
    files,
};

/// The largest SVG file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

pub fn point(text: &str) -> Result<String, String> {
    let is_point = annotation::pair(text).is_some();
    is_point.then(|| text.to_owned()).ok_or_else(|| "write two numbers like 10,20".to_owned())
}

pub fn number(text: &str) -> Result<String, String> {
    let is_number = annotation::number(text).is_some_and(|number| number >= 0.0);
    is_number.then(|| text.to_owned()).ok_or_else(|| "write a number like 2.5".to_owned())
}

pub fn color(text: &str) -> Result<String, String> {
    let is_color = annotation::color(text).is_some();
    is_color
        .then(|| text.to_owned())
        .ok_or_else(|| "write a color like #ff0000, or none".to_owned())
}

/// A path, with what its file says of it.
#[derive(Debug, Default, PartialEq)]
pub struct Drawing {
    pub data: String,
    pub at: (f64, f64),
    pub stroke: Option<String>,
    pub width: Option<String>,
    pub fill: Option<String>,
}

impl Drawing {
    /// Where it is when it is moved on.
    pub fn moved(&self, by: Option<&str>) -> String {
        let (x, y) = by.and_then(annotation::pair).unwrap_or_default();
        format!("{},{}", self.at.0 + x, self.at.1 + y)
    }
}

/// The paths of an SVG file, and what of it cannot be drawn.
#[derive(Debug, Default, PartialEq)]
pub struct Drawings {
    pub drawings: Vec<Drawing>,
    pub left_out: Option<String>,
}

/// Whether this begins like a path. What follows a mistake in one is not drawn, here as everywhere.
pub fn is_path(data: &str) -> bool {
    let rest = data.trim_start().strip_prefix(['M', 'm']);
    let first = rest.map(|rest| rest.trim_start().trim_start_matches(['+', '-', '.']));
    first.is_some_and(|first| first.starts_with(|c: char| c.is_ascii_digit()))
}

/// The paths of an SVG file.
pub fn read(file: &Path) -> Result<Drawings> {
    let shown = file.display();
    let bytes = files::read(file, LARGEST)?;
    let no_svg = || Failure::new(format!("{shown} is no SVG file; draw one that is"));
    let text = String::from_utf8(bytes).map_err(|_| no_svg())?;
    let drawings = paths(&text).or_cannot(format_args!("read {shown} as an SVG file"))?;
    if drawings.drawings.is_empty() {
        return Err(Failure::new(format!("{shown} has no path; draw a file that has some")));
    }
    Ok(drawings)
}

/// Elements whose paths are only used by others, and not shown where they stand.
const UNSHOWN: [&str; 6] = ["defs", "clipPath", "mask", "marker", "pattern", "symbol"];

/// Shapes that are no path.
const SHAPES: [&str; 9] =
    ["circle", "ellipse", "image", "line", "polygon", "polyline", "rect", "text", "use"];

fn paths(svg: &str) -> Result<Drawings, quick_xml::Error> {
    let mut reader = Reader::from_str(svg);
    let (mut drawings, mut left_out) = (Vec::new(), BTreeSet::new());
    let mut unshown = 0_usize;
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Eof => break,
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name();
                let name: &str = name.as_ref();
                let opens = matches!(event, Event::Start(_));
                if UNSHOWN.contains(&name) {
                    unshown += usize::from(opens);
                } else if unshown > 0 {
                } else if name == "path" {
                    drawings.extend(drawing(start, &mut left_out));
                } else if SHAPES.contains(&name) {
                    left_out.insert("shapes that are no path");
                } else if start.attributes().flatten().any(|it| it.key.as_ref() == "transform") {
                    left_out.insert("transforms of groups");
                }
            }
            Event::End(end) if UNSHOWN.contains(&end.local_name().as_ref()) => {
                unshown = unshown.saturating_sub(1);
            }
            _ => {}
        }
    }
    let left_out: Vec<_> = left_out.into_iter().collect();
    let left_out = Some(left_out.join(", ")).filter(|all| !all.is_empty());
    Ok(Drawings { drawings, left_out })
}

fn drawing(start: &BytesStart<'_>, left_out: &mut BTreeSet<&'static str>) -> Option<Drawing> {
    let mut drawing = Drawing::default();
    for attribute in start.attributes().flatten() {
        let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else { continue };
        let value = value.into_owned();
        let mut colored = || {
            let is_color = annotation::color(&value).is_some();
            if !is_color {
                left_out.insert("colors that are not like #ff0000");
            }
            is_color.then(|| value.clone())
        };
        match attribute.key.as_ref() {
            "d" => drawing.data = value,
            "stroke" => drawing.stroke = colored(),
            "fill" => drawing.fill = colored(),
            "stroke-width" => {
                let is_number = annotation::number(&value).is_some_and(|number| number >= 0.0);
                drawing.width = is_number.then_some(value);
            }
            "transform" => match translation(&value) {
                Some(at) => drawing.at = at,
                None => drop(left_out.insert("transforms other than translate")),
            },
            "style" => drop(left_out.insert("styles")),
            _ => {}
        }
    }
    if drawing.data.trim().is_empty() {
        return None;
    }
    let is_path = is_path(&drawing.data);
    if !is_path {
        left_out.insert("paths that cannot be read");
    }
    is_path.then_some(drawing)
}

/// What a path is moved by, where that is all that is done to it.
fn translation(transform: &str) -> Option<(f64, f64)> {
    let inner = transform.trim().strip_prefix("translate(")?.strip_suffix(')')?;
    let mut numbers = inner.split([' ', ',']).filter(|part| !part.is_empty());
    let x = annotation::number(numbers.next()?)?;
    let y = numbers.next().map_or(Some(0.0), annotation::number)?;
    numbers.next().is_none().then_some((x, y))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_path_of_a_file_is_read() {
        let svg = r##"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">
            <g><path d="M0 0&#10;L1 1" stroke="#ff0000" stroke-width="3" fill="red"/></g>
            <path d="M5 5" transform="translate(10 -2.5)" fill="#00ff00"></path>
            <path/><rect d="M1 1"/></svg>"##;
        let Drawings { drawings: read, left_out } = paths(svg).unwrap();
        let expected = "colors that are not like #ff0000, shapes that are no path";
        assert_eq!(left_out.as_deref(), Some(expected));
        assert_eq!(read.len(), 2);
        let first = Drawing {
            data: "M0 0\nL1 1".to_owned(),
            stroke: Some("#ff0000".to_owned()),
            width: Some("3".to_owned()),
            ..Drawing::default()
        };
        assert_eq!(read[0], first);
        assert_eq!((read[1].at, read[1].fill.as_deref()), ((10.0, -2.5), Some("#00ff00")));
        assert_eq!(read[1].moved(Some("1,1")), "11,-1.5");
        assert!(paths("<svg><path d='M0 0'></svg>").is_err());
    }

    #[test]
    fn what_is_not_shown_is_not_drawn_and_what_is_left_out_is_told() {
        let svg = r##"<svg><defs><path d="M1 1"/><clipPath><path d="M2 2"/></clipPath></defs>
            <clipPath id="a"><path d="M3 3"/></clipPath><defs/><path d="M4 4"/>
            <symbol/><path d="L5 5"/></svg>"##;
        let Drawings { drawings, left_out } = paths(svg).unwrap();
        let data: Vec<_> = drawings.iter().map(|drawing| drawing.data.as_str()).collect();
        assert_eq!(data, ["M4 4"]);
        assert_eq!(left_out.as_deref(), Some("paths that cannot be read"));
        let svg = r##"<svg><g transform="scale(2)"><path d="m-.5 1" style="fill:red"
            transform="rotate(3)"/></g></svg>"##;
        let expected = "styles, transforms of groups, transforms other than translate";
        assert_eq!(paths(svg).unwrap().left_out.as_deref(), Some(expected));
        assert_eq!(paths(r##"<svg><path d="M0 0" fill="none"/></svg>"##).unwrap().left_out, None);
        for none in ["", "x", "L1 1", "M", "M x", "10,20"] {
            assert!(!is_path(none), "{none}");
        }
    }

    #[test]
    fn values_are_checked_before_anything_is_sent() {
        assert!(point("1,2").is_ok() && point("1").is_err());
        assert!(number("2.5").is_ok() && number("-1").is_err() && number("NaN").is_err());
        assert!(color("#ff0000").is_ok() && color("none").is_ok() && color("red").is_err());
        assert_eq!(translation("translate(5)"), Some((5.0, 0.0)));
        assert_eq!(translation("translate(5,6)"), Some((5.0, 6.0)));
        assert_eq!(translation("rotate(5)"), None);
    }
}
