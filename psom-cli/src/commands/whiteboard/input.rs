//! What comes from the user: values, and paths in SVG files.

use std::{fs, path::Path};

use psom_objects::annotation;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use crate::failure::{Failure, Result, While};

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

/// The paths of an SVG file.
pub fn read(file: &Path) -> Result<Vec<Drawing>> {
    let shown = file.display();
    let size = fs::metadata(file).or_cannot(format_args!("read {shown}"))?.len();
    if size > LARGEST {
        return Err(Failure::new(format!("{shown} is too large to be drawn; draw a part of it")));
    }
    let text = fs::read_to_string(file).or_cannot(format_args!("read {shown}"))?;
    let drawings = paths(&text).or_cannot(format_args!("read {shown} as an SVG file"))?;
    if drawings.is_empty() {
        return Err(Failure::new(format!("{shown} has no path; draw a file that has some")));
    }
    Ok(drawings)
}

fn paths(svg: &str) -> Result<Vec<Drawing>, quick_xml::Error> {
    let mut reader = Reader::from_str(svg);
    let mut drawings = Vec::new();
    loop {
        match reader.read_event()? {
            Event::Eof => return Ok(drawings),
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "path" => {
                drawings.extend(drawing(&start));
            }
            _ => {}
        }
    }
}

fn drawing(start: &BytesStart<'_>) -> Option<Drawing> {
    let mut drawing = Drawing::default();
    for attribute in start.attributes().flatten() {
        let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else { continue };
        let value = value.into_owned();
        let colored = || Some(value.clone()).filter(|value| annotation::color(value).is_some());
        match attribute.key.as_ref() {
            "d" => drawing.data = value,
            "stroke" => drawing.stroke = colored(),
            "fill" => drawing.fill = colored(),
            "stroke-width" => {
                let is_number = annotation::number(&value).is_some_and(|number| number >= 0.0);
                drawing.width = is_number.then_some(value);
            }
            "transform" => drawing.at = translation(&value).unwrap_or_default(),
            _ => {}
        }
    }
    (!drawing.data.trim().is_empty()).then_some(drawing)
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
        let read = paths(svg).unwrap();
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
    fn values_are_checked_before_anything_is_sent() {
        assert!(point("1,2").is_ok() && point("1").is_err());
        assert!(number("2.5").is_ok() && number("-1").is_err() && number("NaN").is_err());
        assert!(color("#ff0000").is_ok() && color("none").is_ok() && color("red").is_err());
        assert_eq!(translation("translate(5)"), Some((5.0, 0.0)));
        assert_eq!(translation("translate(5,6)"), Some((5.0, 6.0)));
        assert_eq!(translation("rotate(5)"), None);
    }
}
