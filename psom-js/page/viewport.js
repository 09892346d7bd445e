// @ts-check
// The part of a board that is visible: a scale, and the board's point in the top left corner.

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {import('./drawing.js').Bounds} Bounds */

/** The smallest and the largest scale: 50 boards wide, and 20 pixels for each unit. */
const SCALES = { least: 0.02, most: 20 };
/** A small board is not enlarged beyond this when it is fitted. */
const MAX_FITTED_SCALE = 4;

export class Viewport {
  scale = 1;
  origin = { x: 0, y: 0 };

  /** @param {() => { width: number, height: number }} size the size of the canvas in CSS pixels */
  constructor(size) {
    this.size = size;
  }

  /** Returns the board's point under a pixel of the canvas. @param {number} x @param {number} y @returns {Point} */
  toBoard(x, y) {
    return { x: x / this.scale + this.origin.x, y: y / this.scale + this.origin.y };
  }

  /** Moves the view by pixels of the canvas. @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.origin.x += dx / this.scale;
    this.origin.y += dy / this.scale;
  }

  /** Scales the view around a pixel of the canvas. @param {number} factor @param {number} x @param {number} y */
  zoom(factor, x, y) {
    const before = this.toBoard(x, y);
    this.scale = Math.max(SCALES.least, Math.min(SCALES.most, this.scale * factor));
    const after = this.toBoard(x, y);
    this.origin.x += before.x - after.x;
    this.origin.y += before.y - after.y;
  }

  /** Shows a rectangle of the board as large as it fits, in the middle. @param {Bounds} bounds */
  fit(bounds) {
    const { width, height } = this.size();
    const [wide, high] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
    this.scale = Math.max(SCALES.least, Math.min(width / wide, height / high, MAX_FITTED_SCALE));
    this.origin = {
      x: (bounds.left + bounds.right) / 2 - width / 2 / this.scale,
      y: (bounds.top + bounds.bottom) / 2 - height / 2 / this.scale,
    };
  }

  /** Whether any of a rectangle is visible. @param {Bounds} bounds */
  shows({ left, top, right, bottom }) {
    const { width, height } = this.size();
    const end = this.toBoard(width, height);
    return right >= this.origin.x && left <= end.x && bottom >= this.origin.y && top <= end.y;
  }

  /** Makes a context draw in the units of the board. @param {CanvasRenderingContext2D} context */
  use(context) {
    const scale = this.scale * (devicePixelRatio || 1);
    context.setTransform(scale, 0, 0, scale, -this.origin.x * scale, -this.origin.y * scale);
  }
}
