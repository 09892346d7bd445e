// @ts-check
// A board as a picture: an SVG text, or a canvas.

import { KIND } from '../meeting/board.js';
import { h } from './dom.js';
import { Shape } from './drawing.js';

/** The longer side of a picture in pixels. Larger boards are scaled down. */
const MAX_SIDE = 4096;
/** The width of a slide in units of the board. */
const SLIDE_WIDTH = 960;
const MARGIN = 20;
const EMPTY = { left: 0, top: 0, right: 640, bottom: 480 };

/** @typedef {import('../meeting/board.js').Annotation} Annotation */
/** @typedef {{ bytes: Uint8Array, bitmap: ImageBitmap }} Picture */

/** A drawing of annotations, below which a slide can be. */
export class Drawing {
  /** @param {Annotation[]} annotations @param {(annotation: Annotation) => Picture | undefined} picture @param {Picture} [slide] */
  constructor(annotations, picture, slide) {
    this.context = /** @type {CanvasRenderingContext2D} */ (h('canvas', {}).getContext('2d'));
    this.shapes = annotations.map((annotation) => new Shape(annotation, this.context));
    this.picture = picture;
    this.slide = slide;
    this.bounds = this.#bounds();
    const { left, top, right, bottom } = this.bounds;
    [this.width, this.height] = [right - left, bottom - top];
    // A slide keeps its own resolution.
    this.scale = Math.min(MAX_SIDE / Math.max(this.width, this.height), slide ? slide.bitmap.width / SLIDE_WIDTH : 1);
  }

  #bounds() {
    if (this.slide) return { left: 0, top: 0, right: SLIDE_WIDTH, bottom: (SLIDE_WIDTH * this.slide.bitmap.height) / this.slide.bitmap.width };
    if (!this.shapes.length) return EMPTY;
    const all = this.shapes.map(({ bounds }) => bounds);
    const edge = (/** @type {'left' | 'top' | 'right' | 'bottom'} */ side, /** @type {(a: number, b: number) => number} */ pick) => all.map((bounds) => bounds[side]).reduce((a, b) => pick(a, b));
    return { left: edge('left', Math.min) - MARGIN, top: edge('top', Math.min) - MARGIN, right: edge('right', Math.max) + MARGIN, bottom: edge('bottom', Math.max) + MARGIN };
  }

  /** @returns {Promise<Uint8Array>} */
  async png() {
    const { context, scale } = this;
    context.canvas.width = Math.max(1, Math.round(this.width * scale));
    context.canvas.height = Math.max(1, Math.round(this.height * scale));
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(scale, 0, 0, scale, -this.bounds.left * scale, -this.bounds.top * scale);
    if (this.slide) context.drawImage(this.slide.bitmap, 0, 0, this.width, this.height);
    for (const shape of this.shapes) shape.draw(context, () => this.picture(shape.annotation)?.bitmap);
    const blob = await new Promise((resolve) => context.canvas.toBlob(resolve, 'image/png'));
    return new Uint8Array(await /** @type {Blob} */ (blob).arrayBuffer());
  }

  svg() {
    const { left, top } = this.bounds;
    const box = `x="${left}" y="${top}" width="${this.width}" height="${this.height}"`;
    const elements = this.shapes.map((shape) => this.#element(shape));
    const slide = this.slide ? `<image ${box} preserveAspectRatio="none" href="${dataUrl(this.slide.bytes)}"/>\n` : '';
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${this.width * this.scale}" ` +
      `height="${this.height * this.scale}" viewBox="${left} ${top} ${this.width} ${this.height}">\n` +
      `<rect ${box} fill="#ffffff"/>\n${slide}${elements.join('\n')}\n</svg>\n`
    );
  }

  /** @param {Shape} shape */
  #element(shape) {
    const { annotation, bounds, x, y } = shape;
    const { left, top, right, bottom } = bounds;
    const id = `id="annotation-${annotation.id}"`;
    if (annotation.kind === KIND.drawing) {
      const data = escaped(annotation.properties.get('DATA') ?? '');
      const line = 'stroke-linecap="round" stroke-linejoin="round"';
      return `<path ${id} transform="translate(${x} ${y})" d="${data}"${paint('stroke', shape.stroke)}${paint('fill', shape.fill)} stroke-width="${shape.width}" ${line}/>`;
    }
    if (annotation.kind === KIND.text) {
      const [start, direction] = shape.rightToLeft ? [right, ' direction="rtl"'] : [left, ''];
      const lines = shape.baselines().map(([text, baseline]) => `<tspan x="${start}" y="${baseline}">${escaped(text)}</tspan>`);
      return `<text ${id} xml:space="preserve" font-family="sans-serif" font-size="${shape.size}"${paint('fill', shape.fill)}${direction}>${lines.join('')}</text>`;
    }
    const place = `${id} x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"`;
    const picture = this.picture(annotation);
    if (!picture) return `<rect ${place} fill="none" stroke="#808080" stroke-dasharray="6 4"/>`;
    return `<image ${place} preserveAspectRatio="none" href="${dataUrl(picture.bytes)}"/>`;
  }
}

/** @param {string} name @param {string | undefined} color `#rrggbb` or `#rrggbbaa` */
function paint(name, color) {
  if (!color) return ` ${name}="none"`;
  const alpha = color.slice(7);
  return ` ${name}="${color.slice(0, 7)}"${alpha && ` ${name}-opacity="${Math.round((parseInt(alpha, 16) / 255) * 100) / 100}"`}`;
}

/** @param {Uint8Array} bytes */
function dataUrl(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `data:image/${bytes[0] === 0x89 ? 'png' : 'jpeg'};base64,${btoa(text)}`;
}

/** Escapes a text for XML, and replaces the characters that XML does not allow. @param {string} text */
export function escaped(text) {
  const entities = /** @type {Record<string, string>} */ ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' });
  return text.toWellFormed().replace(/[&<>"]/g, (c) => entities[c]).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
}
