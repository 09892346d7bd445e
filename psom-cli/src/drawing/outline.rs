//! Paths as segments, so that they can be simplified, split and reversed.

use super::path::{Point, short};

/// The largest deviation of a simplified line, in pixels. It cannot be seen.
pub(super) const SIMPLIFY_TOLERANCE: f64 = 0.4;

/// The step to which the coordinates of a simplified path are rounded, in pixels.
pub(super) const ROUND_TO: f64 = 0.1;

/// A segment of a path, with absolute coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Segment {
    /// Begins a subpath.
    Move(Point),
    /// A line to a point.
    Line(Point),
    /// A quadratic curve: its control point and its end.
    Quad(Point, Point),
    /// A cubic curve: its control points and its end.
    Cubic(Point, Point, Point),
    /// A line to the beginning of the subpath.
    Close,
}

impl Segment {
    /// Returns the end point of the segment, or `None` for a close, which ends at the beginning of its
    /// subpath.
    pub(super) fn end(self) -> Option<Point> {
        match self {
            Self::Move(to) | Self::Line(to) | Self::Quad(_, to) | Self::Cubic(_, _, to) => Some(to),
            Self::Close => None,
        }
    }

    fn write(self, data: &mut String) {
        let (command, points): (char, &[Point]) = match &self {
            Self::Move(to) => ('M', &[*to]),
            Self::Line(to) => ('L', &[*to]),
            Self::Quad(control, to) => ('Q', &[*control, *to]),
            Self::Cubic(one, two, to) => ('C', &[*one, *two, *to]),
            Self::Close => ('Z', &[]),
        };
        data.push(command);
        for (index, (x, y)) in points.iter().enumerate() {
            data.push_str(if index == 0 { "" } else { " " });
            data.push_str(&format!("{} {}", short(*x), short(*y)));
        }
    }
}

/// Writes segments as the data of an SVG path.
pub(super) fn data(segments: &[Segment]) -> String {
    let mut data = String::new();
    segments.iter().for_each(|segment| segment.write(&mut data));
    data
}

/// Removes points of polylines that are closer to the remaining lines than the tolerance, with the
/// algorithm of Douglas and Peucker.
pub(super) fn simplified(segments: &[Segment], tolerance: f64) -> Vec<Segment> {
    let mut result = Vec::new();
    let mut line: Vec<Point> = Vec::new();
    let flush = |line: &mut Vec<Point>, result: &mut Vec<Segment>| {
        // The first point belongs to the segment before.
        let kept = kept_points(line, tolerance);
        result.extend(kept.into_iter().skip(1).map(Segment::Line));
        line.clear();
    };
    for segment in segments {
        match segment {
            Segment::Line(to) => line.push(*to),
            other => {
                flush(&mut line, &mut result);
                result.push(*other);
                line.extend(other.end());
            }
        }
    }
    flush(&mut line, &mut result);
    result
}

/// Rounds all coordinates to multiples of a step, which makes the data shorter.
pub(super) fn rounded(segments: &[Segment], step: f64) -> Vec<Segment> {
    let round = |(x, y): Point| ((x / step).round() * step, (y / step).round() * step);
    let rounded = segments.iter().map(|segment| match *segment {
        Segment::Move(to) => Segment::Move(round(to)),
        Segment::Line(to) => Segment::Line(round(to)),
        Segment::Quad(control, to) => Segment::Quad(round(control), round(to)),
        Segment::Cubic(one, two, to) => Segment::Cubic(round(one), round(two), round(to)),
        Segment::Close => Segment::Close,
    });
    rounded.collect()
}

/// Returns the points of a polyline that have to remain.
fn kept_points(points: &[Point], tolerance: f64) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut is_kept = vec![false; points.len()];
    let last = points.len() - 1;
    (is_kept[0], is_kept[last]) = (true, true);
    // An explicit stack: a polyline can be long.
    let mut ranges = vec![(0, last)];
    while let Some((begin, end)) = ranges.pop() {
        let farthest = (begin + 1..end)
            .map(|index| (distance(points[index], points[begin], points[end]), index))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((distance, index)) = farthest
            && distance > tolerance
        {
            is_kept[index] = true;
            ranges.extend([(begin, index), (index, end)]);
        }
    }
    points.iter().zip(is_kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

/// Returns the distance of a point from a line segment.
fn distance(point: Point, begin: Point, end: Point) -> f64 {
    let (dx, dy) = (end.0 - begin.0, end.1 - begin.1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 {
        0.0
    } else {
        (((point.0 - begin.0) * dx + (point.1 - begin.1) * dy) / length).clamp(0.0, 1.0)
    };
    (point.0 - begin.0 - along * dx).hypot(point.1 - begin.1 - along * dy)
}

/// Splits a path into paths whose data has at most `max_chars` characters. Together, their strokes
/// look like the stroke of the whole.
pub(super) fn split(segments: &[Segment], max_chars: usize) -> Vec<Vec<Segment>> {
    let mut parts = vec![Vec::new()];
    let (mut length, mut at, mut start) = (0, None, None);
    for segment in segments {
        // A close would lead to the beginning of the part instead of the subpath.
        let segment = match (segment, start) {
            (Segment::Close, Some(start)) => Segment::Line(start),
            (segment, _) => *segment,
        };
        let added = data(&[segment]).len();
        if length + added > max_chars
            && let Some(at) = at
            && !matches!(segment, Segment::Move(_))
        {
            length = data(&[Segment::Move(at)]).len();
            parts.push(vec![Segment::Move(at)]);
        } else if length + added > max_chars && length > 0 {
            length = 0;
            parts.push(Vec::new());
        }
        length += added;
        if let Segment::Move(to) = segment {
            start = Some(to);
        }
        at = segment.end().or(at);
        if let Some(part) = parts.last_mut() {
            part.push(segment);
        }
    }
    parts.retain(|part| part.len() > 1);
    parts
}

/// Orients the subpaths of a path so that filling it by the nonzero rule looks like filling it by the
/// even-odd rule. Boards have only the nonzero rule. Returns `None` if a subpath crosses itself or
/// another one, because no orientation helps then.
pub(super) fn even_odd_as_nonzero(segments: &[Segment]) -> Option<Vec<Segment>> {
    let subpaths: Vec<&[Segment]> =
        segments.split_inclusive(|segment| *segment == Segment::Close).collect();
    let is_simple = |subpath: &&[Segment]| {
        subpath.iter().skip(1).all(|segment| !matches!(segment, Segment::Move(_)))
    };
    if !subpaths.iter().all(is_simple) {
        return None;
    }
    let polygons: Vec<Vec<Point>> = subpaths.iter().map(|subpath| polygon(subpath)).collect();
    if crosses(&polygons) {
        return None;
    }
    let mut oriented = Vec::new();
    for (index, (subpath, polygon)) in subpaths.iter().zip(&polygons).enumerate() {
        let first = *polygon.first()?;
        let others = polygons.iter().enumerate().filter(|(other, _)| *other != index);
        let depth = others.filter(|(_, other)| contains(other, first)).count();
        let is_clockwise = area(polygon) > 0.0;
        if is_clockwise == (depth % 2 == 0) {
            oriented.extend_from_slice(subpath);
        } else {
            oriented.extend(reversed(subpath));
        }
    }
    Some(oriented)
}

/// Approximates a subpath by a polygon.
fn polygon(subpath: &[Segment]) -> Vec<Point> {
    const STEPS: i32 = 16;
    let mut points: Vec<Point> = Vec::new();
    for segment in subpath {
        let from = points.last().copied().unwrap_or_default();
        let mix = |one: Point, other: Point, t: f64| {
            (one.0 + (other.0 - one.0) * t, one.1 + (other.1 - one.1) * t)
        };
        let steps = (1..=STEPS).map(|step| f64::from(step) / f64::from(STEPS));
        match segment {
            Segment::Move(to) | Segment::Line(to) => points.push(*to),
            Segment::Quad(control, to) => {
                points.extend(steps.map(|t| mix(mix(from, *control, t), mix(*control, *to, t), t)))
            }
            Segment::Cubic(one, two, to) => points.extend(steps.map(|t| {
                let (a, b, c) = (mix(from, *one, t), mix(*one, *two, t), mix(*two, *to, t));
                mix(mix(a, b, t), mix(b, c, t), t)
            })),
            Segment::Close => {}
        }
    }
    points
}

/// Returns twice the signed area of a polygon.
fn area(polygon: &[Point]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().zip(next).map(|(one, other)| one.0 * other.1 - other.0 * one.1).sum()
}

fn contains(polygon: &[Point], point: Point) -> bool {
    let next = polygon.iter().cycle().skip(1);
    let crossings = polygon.iter().zip(next).filter(|(one, other)| {
        (one.1 > point.1) != (other.1 > point.1)
            && point.0 < (other.0 - one.0) * (point.1 - one.1) / (other.1 - one.1) + one.0
    });
    crossings.count() % 2 == 1
}

/// Upper bound on the edges that are compared with each other. Larger paths count as crossing.
const MAX_COMPARED_EDGES: usize = 2000;

/// Reports whether edges of the polygons cross.
fn crosses(polygons: &[Vec<Point>]) -> bool {
    let edges: Vec<(Point, Point)> = polygons
        .iter()
        .flat_map(|polygon| polygon.iter().copied().zip(polygon.iter().copied().cycle().skip(1)))
        .collect();
    if edges.len() > MAX_COMPARED_EDGES {
        return true;
    }
    let side =
        |(a, b): (Point, Point), p: Point| (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0);
    edges.iter().enumerate().any(|(index, one)| {
        edges[index + 1..].iter().any(|other| {
            side(*one, other.0) * side(*one, other.1) < 0.0
                && side(*other, one.0) * side(*other, one.1) < 0.0
        })
    })
}

/// Returns a subpath in the other direction.
fn reversed(subpath: &[Segment]) -> Vec<Segment> {
    let ends: Vec<Point> = subpath.iter().filter_map(|segment| segment.end()).collect();
    let Some(last) = ends.last() else { return subpath.to_vec() };
    let mut result = vec![Segment::Move(*last)];
    for (index, segment) in subpath.iter().enumerate().skip(1).rev() {
        let Some(to) = ends.get(index - 1).copied() else { continue };
        match segment {
            Segment::Move(_) | Segment::Close => {}
            Segment::Line(_) => result.push(Segment::Line(to)),
            Segment::Quad(control, _) => result.push(Segment::Quad(*control, to)),
            Segment::Cubic(one, two, _) => result.push(Segment::Cubic(*two, *one, to)),
        }
    }
    if subpath.last() == Some(&Segment::Close) {
        result.push(Segment::Close);
    }
    result
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn points_near_a_line_are_removed() {
        use Segment::{Line, Move};
        let line = [Move((0.0, 0.0)), Line((5.0, 0.2)), Line((10.0, 0.0)), Line((10.0, 9.0))];
        let expected = [Move((0.0, 0.0)), Line((10.0, 0.0)), Line((10.0, 9.0))];
        assert_eq!(simplified(&line, 0.5), expected);
        assert_eq!(simplified(&line, 0.1), line);
    }

    #[test]
    fn a_split_path_draws_the_same_lines() {
        use Segment::{Close, Line, Move};
        let mut whole = vec![Move((0.0, 0.0))];
        whole.extend((1..100).map(|x| Line((f64::from(x), f64::from(x * x % 7)))));
        whole.push(Close);
        let parts = split(&whole, 60);
        assert!(parts.iter().all(|part| data(part).len() <= 60));
        let lines: Vec<Segment> = parts.iter().flat_map(|part| part[1..].to_vec()).collect();
        let mut expected = whole[1..100].to_vec();
        expected.push(Line((0.0, 0.0)));
        assert_eq!(lines, expected);
        for pair in parts.windows(2) {
            assert_eq!(pair[1][0].end(), pair[0].last().unwrap().end());
        }
    }

    #[test]
    fn nested_subpaths_get_opposite_orientations() {
        use Segment::{Close, Line, Move};
        let square = |at: f64, side: f64| {
            [
                Move((at, at)),
                Line((at + side, at)),
                Line((at + side, at + side)),
                Line((at, at + side)),
                Close,
            ]
        };
        let nested = [square(0.0, 9.0), square(2.0, 3.0)].concat();
        let oriented = even_odd_as_nonzero(&nested).unwrap();
        assert_eq!(oriented[..5], nested[..5]);
        assert!(area(&polygon(&oriented[..5])) > 0.0 && area(&polygon(&oriented[5..])) < 0.0);
        let crossing = [square(0.0, 9.0), square(5.0, 9.0)].concat();
        assert_eq!(even_odd_as_nonzero(&crossing), None);
    }
}
