// @ts-check
// Strokes: simplification, smoothing, and the path data that goes on the wire.
//
// A stroke is sent as the center line of the pen, smoothed with quadratic curves, and its width as
// STROKETHICKNESS. An outline polygon (the result of libraries that vary the width with the pressure) would
// be about five times as long, and other clients could change neither its color nor its width.

/** @typedef {{ x: number, y: number }} Point */

/** The longest path data that one annotation gets, in characters: below the server's limit of 20,000. */
export const MAX_DATA = 15_000;

/**
 * Removes points that are closer to the line between their neighbors than the tolerance
 * (Ramer, Douglas and Peucker, without recursion).
 * @param {Point[]} points @param {number} tolerance
 */
export function simplify(points, tolerance) {
  if (points.length < 3) return points;
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  /** @type {[number, number][]} */
  const ranges = [[0, points.length - 1]];
  for (let range; (range = ranges.pop()); ) {
    const [first, last] = range;
    let farthest = 0;
    let index = -1;
    for (let i = first + 1; i < last; i += 1) {
      const distance = distanceToSegment(points[i], points[first], points[last]);
      if (distance > farthest) [farthest, index] = [distance, i];
    }
    if (index >= 0 && farthest > tolerance) {
      keep[index] = 1;
      ranges.push([first, index], [index, last]);
    }
  }
  return points.filter((_, i) => keep[i]);
}

/** @param {Point} p @param {Point} a @param {Point} b */
export function distanceToSegment(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/**
 * Returns the path data of a stroke, in as many pieces as its length needs. Each piece begins where the one
 * before ends, so that no gap is visible.
 * @param {Point[]} points @param {number} tolerance the largest deviation, in board units
 * @returns {string[]}
 */
export function strokeData(points, tolerance) {
  const simple = simplify(points, tolerance);
  if (simple.length === 1) return [`M${pair(simple[0])}l0.01 0`];
  /** @type {string[]} */
  const pieces = [];
  let data = `M${pair(simple[0])}`;
  for (let i = 1; i < simple.length; i += 1) {
    const last = i === simple.length - 1;
    const middle = last ? simple[i] : { x: (simple[i].x + simple[i + 1].x) / 2, y: (simple[i].y + simple[i + 1].y) / 2 };
    data += i === 1 && last ? `L${pair(simple[i])}` : `Q${pair(simple[i])} ${pair(middle)}`;
    if (data.length > MAX_DATA && !last) {
      pieces.push(data);
      data = `M${pair(middle)}`;
    }
  }
  pieces.push(data);
  return pieces;
}

/** Path data of a shape that was dragged from one corner to the other. @param {string} tool @param {Point} from @param {Point} to */
export function shapeData(tool, from, to) {
  const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
  const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
  switch (tool) {
    case 'rectangle':
      return `M${round(left)} ${round(top)}H${round(right)}V${round(bottom)}H${round(left)}Z`;
    case 'ellipse': {
      const [rx, ry] = [(right - left) / 2, (bottom - top) / 2];
      const y = round(top + ry);
      const arc = `A${round(rx)} ${round(ry)} 0 0 1`;
      return `M${round(left)} ${y}${arc} ${round(right)} ${y}${arc} ${round(left)} ${y}Z`;
    }
    case 'arrow': {
      const angle = Math.atan2(to.y - from.y, to.x - from.x);
      const length = Math.min(18, Math.hypot(to.x - from.x, to.y - from.y) / 2);
      const side = (/** @type {number} */ turn) =>
        pair({ x: to.x - length * Math.cos(angle + turn), y: to.y - length * Math.sin(angle + turn) });
      return `M${pair(from)}L${pair(to)}M${side(0.5)}L${pair(to)}L${side(-0.5)}`;
    }
    default:
      return `M${pair(from)}L${pair(to)}`;
  }
}

/** @param {Point} point */
const pair = ({ x, y }) => `${round(x)} ${round(y)}`;
/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
