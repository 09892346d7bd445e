//! The data of an SVG path: read, checked, measured.

use std::{iter::Peekable, str::Bytes};

/// Coordinates beyond are no picture any more, and are not read.
pub(super) const FAR: f64 = 1e6;

/// A rectangle around points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Bounds {
    pub(super) fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { left: x, top: y, right: x + width, bottom: y + height }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub(super) fn moved(self, x: f64, y: f64) -> Self {
        Self {
            left: self.left + x,
            top: self.top + y,
            right: self.right + x,
            bottom: self.bottom + y,
        }
    }

    pub(super) fn grown(self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }
}

/// A path as it was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    /// The data, written anew.
    pub data: String,
    /// What it covers, without the thickness of a stroke. Curves stay inside of it.
    pub bounds: Bounds,
}

/// Reads the data of a path, up to the first mistake in it, as pictures are shown everywhere.
/// `None` where not even its first point can be read.
pub(super) fn read(data: &str) -> Option<Path> {
    let mut pen = Pen::default();
    let mut input = Input(data.bytes().peekable());
    while let Some(command) = input.command() {
        let is_first_move = pen.bounds.is_none();
        if is_first_move && !command.eq_ignore_ascii_case(&b'm') {
            break;
        }
        if pen.all(command, &mut input).is_none() {
            break;
        }
    }
    Some(Path { data: pen.data, bounds: pen.bounds? })
}

/// A number with at most three places behind the point.
pub(super) fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

type Point = (f64, f64);

/// What draws while a path is read.
#[derive(Debug, Default)]
struct Pen {
    data: String,
    bounds: Option<Bounds>,
    at: Point,
    start: Point,
    /// The last control point, and whether it is that of a cubic curve.
    control: Option<(bool, Point)>,
}

impl Pen {
    /// All segments of one command; nothing at a mistake.
    fn all(&mut self, command: u8, input: &mut Input<'_>) -> Option<()> {
        let mut command = command;
        loop {
            self.segment(command, input)?;
            // More numbers are the same again, but lines where the first was a move.
            command = match command {
                b'M' => b'L',
                b'm' => b'l',
                b'Z' | b'z' => return Some(()),
                same => same,
            };
            if !input.has_number() {
                return Some(());
            }
        }
    }

    fn segment(&mut self, command: u8, input: &mut Input<'_>) -> Option<()> {
        let (x, y) = if command.is_ascii_lowercase() { self.at } else { (0.0, 0.0) };
        let mut point = || -> Option<Point> { Some((x + input.number()?, y + input.number()?)) };
        match command.to_ascii_uppercase() {
            b'M' => {
                let to = point()?;
                self.draw('M', &[to])?;
                self.start = to;
            }
            b'L' => self.draw('L', &[point()?])?,
            b'T' => self.draw('T', &[point()?])?,
            b'C' => self.draw('C', &[point()?, point()?, point()?])?,
            b'S' => self.draw('S', &[point()?, point()?])?,
            b'Q' => self.draw('Q', &[point()?, point()?])?,
            b'H' => {
                let to = (x + input.number()?, self.at.1);
                self.draw('L', &[to])?;
            }
            b'V' => {
                let to = (self.at.0, y + input.number()?);
                self.draw('L', &[to])?;
            }
            b'A' => {
                let (rx, ry) = (input.number()?.abs(), input.number()?.abs());
                let turned = input.number()?;
                let (large, sweep) = (input.flag()?, input.flag()?);
                let to = (x + input.number()?, y + input.number()?);
                self.arc(Arc { rx, ry, turned, large, sweep }, to)?;
            }
            _ => {
                self.data.push('Z');
                self.at = self.start;
                self.control = None;
            }
        }
        Some(())
    }

    /// Writes a segment; the last of its points is where it ends.
    fn draw(&mut self, command: char, points: &[Point]) -> Option<()> {
        let is_near = |(x, y): &Point| x.abs() <= FAR && y.abs() <= FAR;
        if !points.iter().all(is_near) {
            return None;
        }
        self.data.push(command);
        for (i, (x, y)) in points.iter().enumerate() {
            self.data.push_str(if i == 0 { "" } else { " " });
            self.data.push_str(&format!("{} {}", short(*x), short(*y)));
        }
        points.iter().for_each(|point| self.cover(*point));
        self.control = match (command, points) {
            ('C', [_, control, _]) => Some((true, *control)),
            ('Q', [control, _]) => Some((false, *control)),
            ('S', [control, _]) => {
                self.mirror(true);
                Some((true, *control))
            }
            ('T', _) => Some((false, self.mirror(false))),
            _ => None,
        };
        self.at = *points.last()?;
        Some(())
    }

    fn arc(&mut self, arc: Arc, to: Point) -> Option<()> {
        let Arc { rx, ry, turned, large, sweep } = arc;
        let is_near = [rx, ry, turned, to.0, to.1].iter().all(|number| number.abs() <= FAR);
        if !is_near {
            return None;
        }
        let flag = |flag| if flag { 1 } else { 0 };
        let (large_flag, sweep_flag) = (flag(large), flag(sweep));
        let [radii, x, y] = [format!("{} {}", short(rx), short(ry)), short(to.0), short(to.1)];
        let turned = short(turned);
        self.data.push_str(&format!("A{radii} {turned} {large_flag} {sweep_flag} {x} {y}"));
        self.control = None;
        arc.points(self.at, to).into_iter().for_each(|point| self.cover(point));
        self.cover(to);
        self.at = to;
        Some(())
    }

    /// The control point of a curve that goes on from the one before.
    fn mirror(&mut self, is_cubic: bool) -> Point {
        let (x, y) = self.at;
        let control = self.control.filter(|(of_cubic, _)| *of_cubic == is_cubic);
        let mirrored = control.map_or(self.at, |(_, of)| (2.0 * x - of.0, 2.0 * y - of.1));
        let far = 2.0 * FAR;
        let mirrored = (mirrored.0.clamp(-far, far), mirrored.1.clamp(-far, far));
        self.cover(mirrored);
        mirrored
    }

    fn cover(&mut self, (x, y): Point) {
        let point = Bounds::new(x, y, 0.0, 0.0);
        self.bounds = Some(self.bounds.map_or(point, |bounds| bounds.union(point)));
    }
}

/// A part of an ellipse, as SVG describes it.
#[derive(Debug, Clone, Copy)]
struct Arc {
    rx: f64,
    ry: f64,
    turned: f64,
    large: bool,
    sweep: bool,
}

impl Arc {
    /// Points on the arc, close to each other (SVG 1.1, appendix F.6).
    fn points(self, from: Point, to: Point) -> Vec<Point> {
        const STEPS: i32 = 32;
        let Self { mut rx, mut ry, turned, large, sweep } = self;
        let (sin, cos) = turned.to_radians().sin_cos();
        let (dx, dy) = ((from.0 - to.0) / 2.0, (from.1 - to.1) / 2.0);
        if rx == 0.0 || ry == 0.0 || (dx, dy) == (0.0, 0.0) {
            return Vec::new();
        }
        let (x, y) = (cos * dx + sin * dy, cos * dy - sin * dx);
        let stretch = (x / rx).powi(2) + (y / ry).powi(2);
        if stretch > 1.0 {
            rx *= stretch.sqrt();
            ry *= stretch.sqrt();
        }
        let (a, b) = ((rx * y).powi(2), (ry * x).powi(2));
        let root = (((rx * ry).powi(2) - a - b) / (a + b)).max(0.0).sqrt();
        let root = if large == sweep { -root } else { root };
        let (cx, cy) = (root * rx * y / ry, -root * ry * x / rx);
        let begin = ((y - cy) / ry).atan2((x - cx) / rx);
        let mut angle = ((-y - cy) / ry).atan2((-x - cx) / rx) - begin;
        let turn = std::f64::consts::TAU;
        if sweep && angle < 0.0 {
            angle += turn;
        } else if !sweep && angle > 0.0 {
            angle -= turn;
        }
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let at = |step: i32| {
            let (s, c) = (begin + angle * f64::from(step) / f64::from(STEPS)).sin_cos();
            let (u, v) = (cx + rx * c, cy + ry * s);
            (cos * u - sin * v + middle.0, sin * u + cos * v + middle.1)
        };
        let near = |(x, y): &Point| x.abs() <= 2.0 * FAR && y.abs() <= 2.0 * FAR;
        (0..=STEPS).map(at).filter(near).collect()
    }
}

/// The bytes of a path's data.
struct Input<'a>(Peekable<Bytes<'a>>);

impl Input<'_> {
    fn skip(&mut self, also: &[u8]) {
        while self.0.next_if(|byte| byte.is_ascii_whitespace() || also.contains(byte)).is_some() {}
    }

    fn command(&mut self) -> Option<u8> {
        self.skip(b",");
        self.0.next_if(|byte| b"MmLlHhVvCcSsQqTtAaZz".contains(byte))
    }

    fn has_number(&mut self) -> bool {
        self.skip(b",");
        self.0.peek().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte))
    }

    fn flag(&mut self) -> Option<bool> {
        self.skip(b",");
        self.0.next_if(|byte| b"01".contains(byte)).map(|byte| byte == b'1')
    }

    fn number(&mut self) -> Option<f64> {
        self.skip(b",");
        let mut text = String::new();
        let take = |input: &mut Self, text: &mut String, these: &[u8]| {
            let byte = input.0.next_if(|byte| these.contains(byte));
            byte.map(|byte| text.push(char::from(byte))).is_some()
        };
        let digits = |input: &mut Self, text: &mut String| {
            while take(input, text, b"0123456789") {}
        };
        take(self, &mut text, b"+-");
        digits(self, &mut text);
        if take(self, &mut text, b".") {
            digits(self, &mut text);
        }
        if take(self, &mut text, b"eE") {
            take(self, &mut text, b"+-");
            digits(self, &mut text);
        }
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}
