//! Paths, and the files that they come in.

use std::{collections::BTreeSet, path::Path};

use psom_objects::annotation;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use super::path;
use crate::{
    error::{CommandError, OrCannot, Result},
    files,
};

/// The largest SVG file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// How deep an element may be in others.
const DEEPEST: usize = 256;

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

/// The paths of an SVG file.
pub fn read(file: &Path) -> Result<Drawings> {
    let shown = file.display();
    let bytes = files::read(file, LARGEST)?;
    let no_svg = || CommandError::new(format!("{shown} is not an SVG file; name one"));
    let text = String::from_utf8(bytes).map_err(|_| no_svg())?;
    let drawings = paths(&text).or_cannot(format_args!("read {shown} as an SVG file"))?;
    if drawings.drawings.is_empty() {
        return Err(CommandError::new(format!("{shown} has no paths; draw a file that has some")));
    }
    Ok(drawings)
}

/// Elements whose paths are only used by others, and not shown where they stand.
const UNSHOWN: [&str; 6] = ["defs", "clipPath", "mask", "marker", "pattern", "symbol"];

/// Shapes that are no path.
const SHAPES: [&str; 9] =
    ["circle", "ellipse", "image", "line", "polygon", "polyline", "rect", "text", "use"];

/// How a path is drawn. Paths have it from the groups that they are in.
#[derive(Debug, Clone)]
struct Style {
    at: (f64, f64),
    stroke: Option<String>,
    width: Option<String>,
    fill: Option<String>,
    stroke_opacity: f64,
    fill_opacity: f64,
    /// That of all groups together.
    opacity: f64,
}

impl Default for Style {
    fn default() -> Self {
        let (stroke, width, fill) = (None, None, None);
        let [stroke_opacity, fill_opacity, opacity] = [1.0; 3];
        Self { at: (0.0, 0.0), stroke, width, fill, stroke_opacity, fill_opacity, opacity }
    }
}

type LeftOut = BTreeSet<&'static str>;

fn paths(svg: &str) -> Result<Drawings, String> {
    let mut reader = Reader::from_str(svg);
    let (mut drawings, mut left_out) = (Vec::new(), LeftOut::new());
    let (mut unshown, mut groups) = (0_usize, vec![Style::default()]);
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Eof => break,
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name();
                let name: &str = name.as_ref();
                let opens = matches!(event, Event::Start(_));
                let mut style = groups.last().cloned().unwrap_or_default();
                if UNSHOWN.contains(&name) {
                    unshown += usize::from(opens);
                } else if unshown == 0 {
                    if SHAPES.contains(&name) {
                        left_out.insert("shapes that are no path");
                    } else {
                        let data = style.refine(start, &mut left_out);
                        let is_path = name == "path";
                        let data = data.filter(|data| is_path && !data.trim().is_empty());
                        drawings.extend(data.and_then(|data| style.draw(data, &mut left_out)));
                    }
                }
                if opens {
                    groups.push(style);
                }
                if groups.len() > DEEPEST {
                    return Err("its groups are too deep in each other".to_owned());
                }
            }
            Event::End(end) => {
                groups.pop();
                if UNSHOWN.contains(&end.local_name().as_ref()) {
                    unshown = unshown.saturating_sub(1);
                }
            }
            _ => {}
        }
    }
    let left_out: Vec<_> = left_out.into_iter().collect();
    let left_out = Some(left_out.join(", ")).filter(|all| !all.is_empty());
    Ok(Drawings { drawings, left_out })
}

impl Style {
    /// Takes what an element says, and returns the data of a path if it has some.
    fn refine(&mut self, start: &BytesStart<'_>, left_out: &mut LeftOut) -> Option<String> {
        let mut data = None;
        for attribute in start.attributes().flatten() {
            let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else { continue };
            let value = value.trim();
            match attribute.key.as_ref() {
                "d" => data = Some(value.to_owned()),
                // What the group says is what it is.
                _ if value == "inherit" => {}
                "stroke" => self.stroke = colored(value, left_out),
                "fill" => self.fill = colored(value, left_out),
                "stroke-width" => {
                    let is_number = annotation::number(value).is_some_and(|number| number >= 0.0);
                    self.width = is_number.then(|| value.to_owned());
                }
                "stroke-opacity" => self.stroke_opacity = share(value),
                "fill-opacity" => self.fill_opacity = share(value),
                "opacity" => self.opacity *= share(value),
                "transform" => match translation(value) {
                    Some((x, y)) => self.at = (self.at.0 + x, self.at.1 + y),
                    None => drop(left_out.insert("transforms other than translate")),
                },
                "style" | "class" => drop(left_out.insert("styles")),
                "stroke-dasharray" if value != "none" => drop(left_out.insert("dashes")),
                "clip-path" | "mask" | "filter" if value != "none" => {
                    left_out.insert("clips, masks and filters");
                }
                _ => {}
            }
        }
        data
    }

    fn draw(&self, data: String, left_out: &mut LeftOut) -> Option<Drawing> {
        if path::mistake(&data).is_some() {
            left_out.insert("what follows a mistake in a path");
        }
        let stroke = faded(self.stroke.as_deref(), self.stroke_opacity * self.opacity);
        let fill = faded(self.fill.as_deref().or(Some("none")), self.fill_opacity * self.opacity);
        let fill = fill.filter(|_| self.fill.is_some());
        let drawing = Drawing { data, at: self.at, stroke, width: self.width.clone(), fill };
        path::parse(&drawing.data).is_some().then_some(drawing)
    }
}

/// A color as boards have it; `#f80` is `#ff8800`.
fn colored(value: &str, left_out: &mut LeftOut) -> Option<String> {
    let short = value.strip_prefix('#').filter(|digits| digits.len() == 3 && digits.is_ascii());
    let value = match short {
        Some(digits) => digits.chars().fold("#".to_owned(), |all, c| format!("{all}{c}{c}")),
        None => value.to_owned(),
    };
    if annotation::color(&value).is_none() {
        left_out.insert("colors that are not like #ff0000");
        return None;
    }
    Some(value)
}

/// A color that is seen so much; black where there is none.
fn faded(color: Option<&str>, opacity: f64) -> Option<String> {
    if opacity >= 1.0 {
        return color.map(str::to_owned);
    }
    let color = color.unwrap_or("#000000");
    let [alpha, red, green, blue] = annotation::color(color)?;
    let alpha = (f64::from(alpha) * opacity).round() as u8;
    Some(match color.starts_with('#') {
        true => format!("#{alpha:02x}{red:02x}{green:02x}{blue:02x}"),
        false => color.to_owned(),
    })
}

/// A part of one: `0.5` or `50%`.
fn share(value: &str) -> f64 {
    let number = match value.strip_suffix('%') {
        Some(percent) => annotation::number(percent).map(|number| number / 100.0),
        None => annotation::number(value),
    };
    number.map_or(1.0, |number| number.clamp(0.0, 1.0))
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
            <path d="M5 5" transform="translate(10 -2.5)" fill="#0f0"></path>
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
    fn hidden_paths_are_skipped_and_omissions_listed() {
        let svg = r##"<svg><defs><path d="M1 1"/><clipPath><path d="M2 2"/></clipPath></defs>
            <clipPath id="a"><path d="M3 3"/></clipPath><defs/><path d="M4 4"/>
            <symbol/><path d="L5 5"/></svg>"##;
        let Drawings { drawings, left_out } = paths(svg).unwrap();
        let data: Vec<_> = drawings.iter().map(|drawing| drawing.data.as_str()).collect();
        assert_eq!(data, ["M4 4"]);
        assert_eq!(left_out.as_deref(), Some("what follows a mistake in a path"));
        let svg = r##"<svg><g class="a" mask="url(#b)"><path d="m-.5 1" style="fill:red"
            stroke-dasharray="2" transform="rotate(3)"/></g></svg>"##;
        let expected = "clips, masks and filters, dashes, styles, transforms other than translate";
        assert_eq!(paths(svg).unwrap().left_out.as_deref(), Some(expected));
        assert_eq!(paths(r##"<svg><path d="M0 0" fill="none"/></svg>"##).unwrap().left_out, None);
        assert!(paths(&"<g>".repeat(DEEPEST)).is_err());
    }

    #[test]
    fn paths_inherit_from_their_groups() {
        let svg = r##"<svg><g stroke="#102030" fill-opacity="0.5" transform="translate(5)">
            <g stroke-width="7" fill="#a0b0c0" opacity="50%" transform="translate(1,2)">
            <path d="M0 0" stroke-opacity=".2"/><path d="M1 1" fill="none" stroke="inherit"/></g>
            <path d="M2 2" fill="#80a0b0c0"/></g><path d="M3 3" stroke-opacity="0"/></svg>"##;
        let Drawings { drawings, left_out } = paths(svg).unwrap();
        assert_eq!(left_out, None);
        let said = |drawing: &Drawing| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let (x, y) = drawing.at;
            let (stroke, fill) = (text(&drawing.stroke), text(&drawing.fill));
            format!("{x},{y} {stroke} {} {fill}", text(&drawing.width))
        };
        let drawn: Vec<_> = drawings.iter().map(said).collect();
        let expected = [
            "6,2 #1a102030 7 #40a0b0c0",
            "6,2 #80102030 7 none",
            "5,0 #102030  #40a0b0c0",
            "0,0 #00000000  ",
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn only_translations_are_applied() {
        assert_eq!(translation("translate(5)"), Some((5.0, 0.0)));
        assert_eq!(translation("translate(5,6)"), Some((5.0, 6.0)));
        assert_eq!(translation("rotate(5)"), None);
    }
}
