//! The grammar of SVG path data: parsing, checking and measuring.

/// Upper bound on coordinates. No picture needs larger ones.
pub(crate) const MAX_COORDINATE: f64 = 1e6;

/// A rectangle around points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Bounds {
    pub(crate) fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { left: x, top: y, right: x + width, bottom: y + height }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub(crate) fn moved(self, x: f64, y: f64) -> Self {
        Self {
            left: self.left + x,
            top: self.top + y,
            right: self.right + x,
            bottom: self.bottom + y,
        }
    }

    pub(crate) fn grown(self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }
}

/// A path that was parsed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    /// The data with absolute coordinates.
    pub data: String,
    /// A rectangle that contains the path, without the width of its stroke.
    pub bounds: Bounds,
}

/// Parses the data of a path up to the first mistake, as the SVG specification requires. Returns
/// `None` if the first point cannot be parsed.
pub(crate) fn parse(data: &str) -> Option<Path> {
    let (pen, _) = parse_to_mistake(data);
    Some(Path { data: pen.data, bounds: pen.bounds? })
}

/// Returns the byte position of the first mistake in the data of a path. Data without a segment has
/// a mistake at its end.
pub(crate) fn mistake(data: &str) -> Option<usize> {
    parse_to_mistake(data).1
}

fn parse_to_mistake(data: &str) -> (Pen, Option<usize>) {
    let mut pen = Pen::default();
    let mut input = Input::new(data);
    while let Some(command) = input.command() {
        let must_be_move = pen.bounds.is_none();
        if must_be_move && !command.eq_ignore_ascii_case(&b'm') {
            return (pen, Some(input.token));
        }
        if pen.segments(command, &mut input).is_none() {
            return (pen, Some(input.token));
        }
    }
    let is_complete = input.peek().is_none() && pen.bounds.is_some();
    (pen, (!is_complete).then_some(input.token))
}

/// Writes a number with at most three decimals.
pub(crate) fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A point in pixels, x to the right and y down.
pub(crate) type Point = (f64, f64);

/// Writes a path while it is parsed.
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
    /// Writes all segments of one command. Returns `None` at a mistake.
    fn segments(&mut self, command: u8, input: &mut Input<'_>) -> Option<()> {
        let mut command = command;
        loop {
            self.segment(command, input)?;
            // More numbers repeat the command. After a move, they are lines.
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

    /// Writes a segment, which ends at the last of its points.
    fn draw(&mut self, command: char, points: &[Point]) -> Option<()> {
        let is_near = |(x, y): &Point| x.abs() <= MAX_COORDINATE && y.abs() <= MAX_COORDINATE;
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
        let is_near =
            [rx, ry, turned, to.0, to.1].iter().all(|number| number.abs() <= MAX_COORDINATE);
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

    /// Returns the control point of a curve that continues the previous one.
    fn mirror(&mut self, is_cubic: bool) -> Point {
        let (x, y) = self.at;
        let control = self.control.filter(|(of_cubic, _)| *of_cubic == is_cubic);
        let mirrored = control.map_or(self.at, |(_, of)| (2.0 * x - of.0, 2.0 * y - of.1));
        let far = 2.0 * MAX_COORDINATE;
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
    /// Returns points on the arc that are close to each other (SVG 1.1, appendix F.6).
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
        let near =
            |(x, y): &Point| x.abs() <= 2.0 * MAX_COORDINATE && y.abs() <= 2.0 * MAX_COORDINATE;
        (0..=STEPS).map(at).filter(near).collect()
    }
}

/// The data of a path while it is parsed. Commas count as white space.
struct Input<'a> {
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// The start of the current token.
    token: usize,
}

impl<'a> Input<'a> {
    fn new(data: &'a str) -> Self {
        Self { bytes: data.as_bytes(), at: 0, token: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, matches: impl Fn(u8) -> bool) -> Option<u8> {
        let byte = self.peek().filter(|byte| matches(*byte))?;
        self.at += 1;
        Some(byte)
    }

    /// Skips white space to the beginning of the next token.
    fn begin_token(&mut self) {
        while self.take(|byte| byte.is_ascii_whitespace() || byte == b',').is_some() {}
        self.token = self.at;
    }

    fn command(&mut self) -> Option<u8> {
        self.begin_token();
        self.take(|byte| b"MmLlHhVvCcSsQqTtAaZz".contains(&byte))
    }

    fn has_number(&mut self) -> bool {
        self.begin_token();
        self.peek().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte))
    }

    fn flag(&mut self) -> Option<bool> {
        self.begin_token();
        self.take(|byte| matches!(byte, b'0' | b'1')).map(|byte| byte == b'1')
    }

    fn digits(&mut self) {
        while self.take(|byte| byte.is_ascii_digit()).is_some() {}
    }

    fn number(&mut self) -> Option<f64> {
        self.begin_token();
        let is_sign = |byte| matches!(byte, b'+' | b'-');
        let _ = self.take(is_sign);
        self.digits();
        if self.take(|byte| byte == b'.').is_some() {
            self.digits();
        }
        if self.take(|byte| matches!(byte, b'e' | b'E')).is_some() {
            let _ = self.take(is_sign);
            self.digits();
        }
        // Only ASCII bytes were taken.
        let text = std::str::from_utf8(&self.bytes[self.token..self.at]).ok()?;
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}
