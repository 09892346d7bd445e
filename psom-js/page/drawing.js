// @ts-check
// Drawing annotations on a canvas, and finding the annotation under a point.

import { KIND } from '../meeting/board.js';

/** @typedef {import('../meeting/board.js').Annotation} Annotation */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds */

const LINE_HEIGHT = 1.25;
const FONT = 'system-ui, sans-serif';
/** Coordinates beyond this are not drawn; the server's own pictures use the same bound. */
const FAR = 1_000_000;

/** The shape of an annotation, computed once for each of its generations. */
export class Shape {
  /** @param {Annotation} annotation @param {CanvasRenderingContext2D} measure */
  constructor(annotation, measure) {
    const get = (/** @type {string} */ name) => annotation.properties.get(name) ?? '';
    this.annotation = annotation;
    this.generation = annotation.generation;
    this.file = annotation.file;
    [this.x, this.y] = numbers(get('ANCHOR'), [0, 0]);
    if (annotation.kind === KIND.drawing) {
      this.path = new Path2D(get('DATA'));
      this.stroke = color(get('STROKE')) ?? '#000000';
      this.fill = color(get('FILL'));
      this.width = number(get('STROKETHICKNESS'), 2);
      this.bounds = grow(move(pathBounds(get('DATA')), this.x, this.y), this.width / 2 + 1);
    } else if (annotation.kind === KIND.text) {
      this.size = Math.max(1, number(get('FONTSIZE'), 16));
      this.fill = color(get('FONTCOLOR')) ?? '#000000';
      this.rightToLeft = get('TEXTDIRECTION').toUpperCase() === 'RTL';
      measure.font = this.font = `${this.size}px ${FONT}`;
      const limit = number(get('WIDTH'), Infinity) || Infinity;
      this.lines = get('TEXT').split(/\r\n|\r|\n/).flatMap((line) => wrap(line, limit, measure));
      const widest = Math.max(1, ...this.lines.map((line) => measure.measureText(line).width));
      const height = this.lines.length * this.size * LINE_HEIGHT;
      this.bounds = { left: this.x, top: this.y, right: this.x + widest, bottom: this.y + height };
    } else {
      const [width, height] = numbers(get('EXTENT'), [320, 240]);
      this.bounds = { left: this.x, top: this.y, right: this.x + width, bottom: this.y + height };
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {(file: any) => CanvasImageSource | undefined} picture */
  draw(context, picture) {
    const { left, top, right, bottom } = this.bounds;
    if (this.path) {
      context.save();
      context.translate(this.x, this.y);
      context.lineCap = context.lineJoin = 'round';
      if (this.fill) {
        context.fillStyle = this.fill;
        context.fill(this.path);
      }
      if (this.stroke) {
        context.strokeStyle = this.stroke;
        context.lineWidth = this.width ?? 2;
        context.stroke(this.path);
      }
      context.restore();
    } else if (this.lines) {
      context.font = this.font ?? '';
      context.fillStyle = this.fill ?? '#000000';
      context.textBaseline = 'alphabetic';
      context.direction = this.rightToLeft ? 'rtl' : 'ltr';
      context.textAlign = 'start';
      for (const [line, baseline] of this.baselines()) context.fillText(line, this.rightToLeft ? right : left, baseline);
    } else {
      const image = this.file && picture(this.file);
      if (image) return context.drawImage(image, left, top, right - left, bottom - top);
      context.save();
      context.strokeStyle = '#808080';
      context.setLineDash([6, 4]);
      context.strokeRect(left, top, right - left, bottom - top);
      context.restore();
    }
  }

  /** The lines of a text with the heights of their baselines. @returns {[string, number][]} */
  baselines() {
    const size = this.size ?? 16;
    return (this.lines ?? []).map((line, i) => [line, this.bounds.top + size + i * size * LINE_HEIGHT]);
  }

  /** Whether a point is on the annotation. @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} slack */
  hit(context, x, y, slack) {
    const { left, top, right, bottom } = this.bounds;
    if (x < left - slack || x > right + slack || y < top - slack || y > bottom + slack) return false;
    if (!this.path) return true;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.lineWidth = (this.width ?? 2) + 2 * slack;
    const [px, py] = [x - this.x, y - this.y];
    const hit = context.isPointInStroke(this.path, px, py) || Boolean(this.fill && context.isPointInPath(this.path, px, py));
    context.restore();
    return hit;
  }
}

/** Breaks a line that is wider than the limit at spaces, and a word that is wider than the limit between its characters. @param {string} line @param {number} limit @param {CanvasRenderingContext2D} measure */
function wrap(line, limit, measure) {
  if (!Number.isFinite(limit) || measure.measureText(line).width <= limit) return [line];
  /** @type {string[]} */
  const lines = [];
  let current = '';
  for (const word of line.split(/(?<=\s)/)) {
    if (current && measure.measureText((current + word).trimEnd()).width > limit) {
      lines.push(current.trimEnd());
      current = '';
    }
    current += word;
    while (measure.measureText(current.trimEnd()).width > limit) {
      const clusters = [...new Intl.Segmenter().segment(current)].map(({ segment }) => segment);
      let count = clusters.length - 1;
      while (count > 1 && measure.measureText(clusters.slice(0, count).join('')).width > limit) count -= 1;
      if (count < 1) break;
      lines.push(clusters.slice(0, count).join(''));
      current = clusters.slice(count).join('');
    }
  }
  lines.push(current.trimEnd());
  return lines;
}

/** A rectangle around path data: every coordinate pair counts, control points included. @param {string} data @returns {Bounds} */
export function pathBounds(data) {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let [x, y] = [0, 0];
  let [startX, startY] = [0, 0];
  const cover = (/** @type {number} */ px, /** @type {number} */ py) => {
    bounds.left = Math.min(bounds.left, px);
    bounds.top = Math.min(bounds.top, py);
    bounds.right = Math.max(bounds.right, px);
    bounds.bottom = Math.max(bounds.bottom, py);
  };
  const LENGTH = /** @type {Record<string, number>} */ ({ M: 2, L: 2, T: 2, H: 1, V: 1, C: 6, S: 4, Q: 4, A: 7, Z: 0 });
  for (const [, letter, text] of data.matchAll(/([a-zA-Z])([^a-zA-Z]*(?:[eE][-+]?\d+[^a-zA-Z]*)*)/g)) {
    const command = letter.toUpperCase();
    const relative = letter !== command;
    const length = LENGTH[command];
    if (length === undefined) break;
    if (command === 'Z') [x, y] = [startX, startY];
    const all = (text.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g) ?? []).map(Number);
    for (let at = 0; length && at + length <= all.length; at += length) {
      const values = all.slice(at, at + length);
      const [ox, oy] = relative ? [x, y] : [0, 0];
      if (command === 'H') x = ox + values[0];
      else if (command === 'V') y = oy + values[0];
      else if (command === 'A') {
        const [rx, ry] = values;
        const [ex, ey] = [ox + values[5], oy + values[6]];
        const reach = Math.max(Math.abs(rx), Math.abs(ry)) * 2;
        const [cx, cy] = [(x + ex) / 2, (y + ey) / 2];
        cover(cx - reach / 2, cy - reach / 2);
        cover(cx + reach / 2, cy + reach / 2);
        [x, y] = [ex, ey];
      } else {
        for (let i = 0; i < length; i += 2) cover(ox + values[i], oy + values[i + 1]);
        [x, y] = [ox + values[length - 2], oy + values[length - 1]];
      }
      if (command === 'M' && at === 0) [startX, startY] = [x, y];
      cover(x, y);
    }
  }
  return bounds.left > bounds.right ? { left: 0, top: 0, right: 0, bottom: 0 } : bounds;
}

/** @param {Bounds} b @param {number} x @param {number} y */
const move = (b, x, y) => ({ left: b.left + x, top: b.top + y, right: b.right + x, bottom: b.bottom + y });
/** @param {Bounds} b @param {number} by */
const grow = (b, by) => ({ left: b.left - by, top: b.top - by, right: b.right + by, bottom: b.bottom + by });

/** @param {string} text @param {number} otherwise */
function number(text, otherwise) {
  const value = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) && Math.abs(value) <= FAR ? value : otherwise;
}

/** @param {string} text @param {[number, number]} otherwise @returns {[number, number]} */
function numbers(text, otherwise) {
  const [first, second] = text.split(',');
  return [number(first ?? '', otherwise[0]), number(second ?? '', otherwise[1])];
}

/** Reads `#AARRGGBB`, `#RRGGBB` or `none`; anything else is undefined. @param {string} text */
export function color(text) {
  const match = /^#([0-9a-f]{2})?([0-9a-f]{6})$/i.exec(text.trim());
  return match ? `#${match[2]}${match[1] ?? ''}` : undefined;
}
