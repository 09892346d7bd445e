//! Filled regions as polygons, so that they can be converted between the fill rules and divided.

use i_overlay::{
    core::{fill_rule::FillRule, overlay_rule::OverlayRule},
    float::{simplify::SimplifyShape as _, single::SingleFloatOverlay as _},
};

use super::{
    outline::{ROUND_TO, SIMPLIFY_TOLERANCE, Segment, data, rounded, simplified},
    path::Point,
};

/// The largest distance of a polygon from the curve that it replaces, in pixels. It cannot be seen.
const FLATTEN_TOLERANCE: f64 = 0.1;

/// Upper bound on the lines that replace a curve.
const MAX_LINES: f64 = 1000.0;

/// The overlap of neighboring parts of an opaque region, in pixels, so that no seam is visible.
const OVERLAP: f64 = 0.5;

/// The side below which a part of a region is drawn as a rectangle, in pixels.
const MIN_SIDE: f64 = 0.5;

/// Upper bound on the pairs of lines that are close to each other. The library that computes regions
/// stores every crossing, so that paths with more pairs could take any amount of memory and time.
const MAX_CLOSE_PAIRS: u64 = 20_000_000;

/// The number of columns, and of rows, by which lines that are close to each other are counted.
const GRID_CELLS: usize = 64;

type Polygon = Vec<[f64; 2]>;

/// A rectangle: left, top, right, bottom.
type Rectangle = [f64; 4];

/// Returns a region whose filling by the nonzero rule looks like filling the path by the even-odd rule.
/// Returns `None` if too many lines of the path may cross.
pub(super) fn even_odd_as_nonzero(segments: &[Segment]) -> Option<Vec<Segment>> {
    let polygons = flattened(segments);
    if has_too_many_crossings(&polygons) {
        return None;
    }
    Some(outline(&polygons.simplify_shape(FillRule::EvenOdd).concat()))
}

/// Divides a region, which is filled by the nonzero rule, into regions whose data has at most `max_chars`
/// characters. Together they look like the whole. The parts of an opaque region overlap a little; those
/// of a translucent one must not. Returns `None` if too many lines of the path may cross.
pub(super) fn divided(
    segments: &[Segment],
    max_chars: usize,
    is_opaque: bool,
) -> Option<Vec<Vec<Segment>>> {
    let mut parts = Vec::new();
    let whole = flattened(segments);
    if has_too_many_crossings(&whole) {
        return None;
    }
    let bounds = bounds(&whole);
    let mut queue = vec![(whole, bounds)];
    while let Some((polygons, bounds)) = queue.pop() {
        let segments = outline(&polygons);
        if segments.is_empty() {
            continue;
        }
        if data(&segments).len() <= max_chars {
            parts.push(segments);
            continue;
        }
        let [left, top, right, bottom] = bounds;
        if right - left <= MIN_SIDE && bottom - top <= MIN_SIDE {
            parts.push(outline(&[corners(bounds)]));
            continue;
        }
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        let halves = if right - left > bottom - top {
            [[left, top, x, bottom], [x, top, right, bottom]]
        } else {
            [[left, top, right, y], [left, y, right, bottom]]
        };
        // The first half is drawn first.
        for half in halves.into_iter().rev() {
            let shown = if is_opaque { grown(half, bounds) } else { half };
            let shapes =
                polygons.overlay(&corners(shown), OverlayRule::Intersect, FillRule::NonZero);
            queue.push((shapes.concat(), half));
        }
    }
    Some(parts)
}

/// Reports whether more lines than the library can handle may cross. Counts the pairs of lines that pass
/// through the same cell of a grid. Lines that cross have a cell in common.
fn has_too_many_crossings(polygons: &[Polygon]) -> bool {
    let [left, top, right, bottom] = bounds(polygons);
    let mut lines_by_cell = vec![0u64; GRID_CELLS * GRID_CELLS];
    let mut pairs = 0;
    for polygon in polygons {
        for (index, from) in polygon.iter().enumerate() {
            let to = polygon[(index + 1) % polygon.len()];
            let (upper, lower) = if from[1] <= to[1] { (*from, to) } else { (to, *from) };
            let [first_row, last_row] = [upper, lower].map(|at| cell_of(at[1], top, bottom));
            let row_height = (bottom - top) / GRID_CELLS as f64;
            for row in first_row..=last_row {
                let row_top = top + row as f64 * row_height;
                let x_at = |y: f64| {
                    upper[0] + (y - upper[1]) / (lower[1] - upper[1]) * (lower[0] - upper[0])
                };
                // Only a line that is not horizontal leaves its first row.
                let begin = if row == first_row { upper[0] } else { x_at(row_top) };
                let end = if row == last_row { lower[0] } else { x_at(row_top + row_height) };
                let [begin, end] = [begin, end].map(|x| cell_of(x, left, right));
                for column in begin.min(end)..=begin.max(end) {
                    let lines = &mut lines_by_cell[row * GRID_CELLS + column];
                    pairs += *lines;
                    *lines += 1;
                }
            }
            if pairs > MAX_CLOSE_PAIRS {
                return true;
            }
        }
    }
    false
}

/// Returns the row or the column of the grid that contains a coordinate.
fn cell_of(value: f64, from: f64, to: f64) -> usize {
    let cells = GRID_CELLS as f64;
    #[expect(clippy::cast_possible_truncation, reason = "the number is clamped")]
    #[expect(clippy::cast_sign_loss, reason = "the number is clamped")]
    let cell = ((value - from) / (to - from) * cells).clamp(0.0, cells - 1.0) as usize;
    cell
}

/// Returns a rectangle with the overlap, within the whole.
fn grown([left, top, right, bottom]: Rectangle, within: Rectangle) -> Rectangle {
    [
        (left - OVERLAP).max(within[0] - OVERLAP),
        (top - OVERLAP).max(within[1] - OVERLAP),
        (right + OVERLAP).min(within[2] + OVERLAP),
        (bottom + OVERLAP).min(within[3] + OVERLAP),
    ]
}

fn corners([left, top, right, bottom]: Rectangle) -> Polygon {
    vec![[left, top], [right, top], [right, bottom], [left, bottom]]
}

fn bounds(polygons: &[Polygon]) -> Rectangle {
    let none = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    polygons.iter().flatten().fold(none, |[left, top, right, bottom], [x, y]| {
        [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
    })
}

/// Returns the subpaths of a path as polygons.
fn flattened(segments: &[Segment]) -> Vec<Polygon> {
    let mut polygons: Vec<Polygon> = Vec::new();
    let (mut at, mut start) = ((0.0, 0.0), (0.0, 0.0));
    for segment in segments {
        let begins = matches!(segment, Segment::Move(_));
        if begins || polygons.is_empty() {
            polygons.push(Vec::new());
        }
        let Some(polygon) = polygons.last_mut() else { continue };
        let steps = |bend: f64| {
            let lines = (bend / FLATTEN_TOLERANCE).sqrt().ceil().clamp(1.0, MAX_LINES);
            #[expect(clippy::cast_possible_truncation, reason = "the number is clamped")]
            #[expect(clippy::cast_sign_loss, reason = "the number is clamped")]
            let lines = lines as u32;
            (1..=lines).map(move |step| f64::from(step) / f64::from(lines))
        };
        let distance = |one: Point, other: Point| (one.0 - other.0).hypot(one.1 - other.1);
        match *segment {
            Segment::Move(to) => {
                polygon.push([to.0, to.1]);
                start = to;
            }
            Segment::Line(to) => polygon.push([to.0, to.1]),
            Segment::Quad(control, to) => {
                let middle = mix(at, to, 0.5);
                polygon.extend(steps(distance(middle, control) / 2.0).map(|t| {
                    let (x, y) = mix(mix(at, control, t), mix(control, to, t), t);
                    [x, y]
                }));
            }
            Segment::Cubic(one, two, to) => {
                let bend = distance(mix(at, two, 0.5), one).max(distance(mix(one, to, 0.5), two));
                polygon.extend(steps(bend * 1.5).map(|t| {
                    let (a, b, c) = (mix(at, one, t), mix(one, two, t), mix(two, to, t));
                    let (x, y) = mix(mix(a, b, t), mix(b, c, t), t);
                    [x, y]
                }));
            }
            Segment::Close => {
                // The next subpath can begin here without a move.
                polygons.push(vec![[start.0, start.1]]);
            }
        }
        at = match *segment {
            Segment::Move(to)
            | Segment::Line(to)
            | Segment::Quad(_, to)
            | Segment::Cubic(_, _, to) => to,
            Segment::Close => start,
        };
    }
    polygons.retain(|polygon| polygon.len() > 2);
    polygons
}

fn mix(one: Point, other: Point, t: f64) -> Point {
    (one.0 + (other.0 - one.0) * t, one.1 + (other.1 - one.1) * t)
}

/// Returns polygons as a path, without details that cannot be seen.
fn outline(polygons: &[Polygon]) -> Vec<Segment> {
    let mut segments = Vec::new();
    for polygon in polygons {
        let points = polygon.iter().enumerate().map(|(index, [x, y])| match index {
            0 => Segment::Move((*x, *y)),
            _ => Segment::Line((*x, *y)),
        });
        let path: Vec<Segment> = points.collect();
        let mut path = rounded(&simplified(&path, SIMPLIFY_TOLERANCE), ROUND_TO);
        path.dedup_by(|next, before| next.end() == before.end());
        if path.len() > 2 {
            segments.extend(path);
            segments.push(Segment::Close);
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{
        Segment::{Close, Cubic, Line, Move, Quad},
        *,
    };

    /// Reports whether a region that is filled by the nonzero rule contains a point.
    fn winds(segments: &[Segment], [x, y]: [f64; 2]) -> bool {
        let mut winding = 0;
        for polygon in flattened(segments) {
            for (index, from) in polygon.iter().enumerate() {
                let to = polygon[(index + 1) % polygon.len()];
                let side = (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
                if from[1] <= y && to[1] > y && side > 0.0 {
                    winding += 1;
                } else if from[1] > y && to[1] <= y && side < 0.0 {
                    winding -= 1;
                }
            }
        }
        winding != 0
    }

    /// A star with many points, which winds around its center.
    fn star(points: u32) -> Vec<Segment> {
        let mut segments: Vec<Segment> = (0..points)
            .map(|index| {
                let angle = f64::from(index) * std::f64::consts::PI * 4.0 / f64::from(points);
                let radius = if index % 2 == 0 { 100.0 } else { 60.0 };
                Line((200.0 + radius * angle.cos(), 200.0 + radius * angle.sin()))
            })
            .collect();
        segments[0] = Move((300.0, 200.0));
        segments.push(Close);
        segments
    }

    #[test]
    fn divided_regions_cover_the_same_points() {
        let curved = vec![
            Move((0.0, 0.0)),
            Cubic((300.0, 0.0), (300.0, 0.0), (300.0, 300.0)),
            Quad((150.0, 100.0), (0.0, 300.0)),
            Close,
            Move((50.0, 50.0)),
            Line((50.0, 150.0)),
            Line((150.0, 150.0)),
            Close,
        ];
        for (region, max_chars) in [(star(999), 1000), (curved, 120)] {
            for is_opaque in [true, false] {
                let parts = divided(&region, max_chars, is_opaque).unwrap();
                assert!(parts.len() > 1);
                assert!(parts.iter().all(|part| data(part).len() <= max_chars));
                let mut differences = 0;
                for x in 0..100 {
                    for y in 0..100 {
                        let point = [f64::from(x) * 3.01 + 0.37, f64::from(y) * 3.01 + 0.19];
                        let covered = parts.iter().filter(|part| winds(part, point)).count();
                        differences += usize::from((covered > 0) != winds(&region, point));
                        assert!(is_opaque || covered < 2, "{point:?}");
                    }
                }
                // Points nearer to an edge than the tolerance.
                assert!(differences < 60, "{differences}");
            }
        }
    }

    #[test]
    fn a_path_with_thousands_of_crossings_is_converted() {
        // Every chord of the star crosses most of the others.
        let chords = (0..300).map(|index| {
            let angle = f64::from(index) * std::f64::consts::PI * (1.0 - 1.0 / 301.0);
            Line((200.0 + 100.0 * angle.cos(), 200.0 + 100.0 * angle.sin()))
        });
        let mut chords: Vec<Segment> = chords.collect();
        chords[0] = Move((300.0, 200.0));
        assert!(even_odd_as_nonzero(&chords).is_some_and(|region| !region.is_empty()));
    }

    #[test]
    fn a_path_with_millions_of_crossings_is_refused() {
        let details = (0..20_000).map(|index| {
            let angle = f64::from(index) * 1.7;
            Line((angle.cos() * 0.4, angle.sin() * 0.4))
        });
        let mut region: Vec<Segment> = details.collect();
        region[0] = Move((0.4, 0.0));
        assert_eq!(divided(&region, 40, true), None);
        assert_eq!(even_odd_as_nonzero(&region), None);
    }

    #[test]
    fn a_region_of_tiny_details_ends() {
        let details = (0..2_000).map(|index| {
            let angle = f64::from(index) * std::f64::consts::TAU / 2_000.0;
            let radius = if index % 2 == 0 { 0.4 } else { 0.39 };
            Line((angle.cos() * radius, angle.sin() * radius))
        });
        let mut region: Vec<Segment> = details.collect();
        region[0] = Move((0.4, 0.0));
        let parts = divided(&region, 10, true).unwrap();
        assert!(!parts.is_empty() && parts.len() < 100, "{}", parts.len());
    }

    #[test]
    fn regions_that_cross_keep_their_even_odd_filling() {
        let pentagram: Vec<Segment> = (0..5)
            .map(|index| {
                let angle = f64::from(index) * std::f64::consts::PI * 0.8;
                let point = (100.0 + 90.0 * angle.sin(), 100.0 - 90.0 * angle.cos());
                if index == 0 { Move(point) } else { Line(point) }
            })
            .collect();
        assert!(winds(&pentagram, [100.0, 100.0]));
        let converted = even_odd_as_nonzero(&pentagram).unwrap();
        assert!(!winds(&converted, [100.0, 100.0]));
        assert!(winds(&converted, [100.0, 30.0]));
        assert_eq!(even_odd_as_nonzero(&[]), Some(vec![]));
    }
}
