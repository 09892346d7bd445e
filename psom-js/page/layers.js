// @ts-check
// The canvases of a board: one with the saved annotations, and above it one with the unsaved ones.
//
// A board can have tens of thousands of annotations. No frame therefore draws longer than SLICE_MS: the
// picture is drawn in slices on a hidden canvas and shown when it is complete. Meanwhile the previous
// picture is moved and scaled with the view.

import { h } from './dom.js';
import { Shape } from './drawing.js';
import { texts } from './texts.js';
import { Viewport } from './viewport.js';

/** Half of a frame at 60 Hz: the other half is for the browser and for the person's input. */
const SLICE_MS = 8;
/** Upper bound on annotations that arrive together and are drawn at once. More of them are drawn in slices. */
const AT_ONCE = 64;
/** After the last step of a zoom or a move, the picture waits this long before it is drawn anew. */
const SETTLE_MS = 120;
/** The width of a slide in units of the board. */
const SLIDE_WIDTH = 960;
/** The part of a board that is always shown. */
const LEAST_BOUNDS = { left: 0, top: 0, right: SLIDE_WIDTH, bottom: 600 };
/** The space around fitted annotations. */
const MARGIN = 10;

/** @typedef {import('../meeting/board.js').Board} Board */

export class Layers {
  /** @type {Map<number, Shape>} */
  shapes = new Map();
  /** Decoded pictures by address; undefined while one loads. @type {Map<string, ImageBitmap | undefined>} */
  #pictures = new Map();
  /** @type {ImageBitmap | undefined} */
  #background = undefined;
  /** Identifiers of annotations that wait to be drawn on top. @type {number[]} */
  #added = [];
  /** The annotations that the hidden canvas still lacks. @type {Iterator<number> | undefined} */
  #rest = undefined;
  /** The view for which the visible canvas and the hidden one are drawn. */
  #drawn = { scale: 1, x: 0, y: 0 };
  #drawing = { scale: 1, x: 0, y: 0 };
  #fitted = false;
  #frame = 0;
  /** @type {any} */
  #settle = undefined;
  #liveChanged = false;

  /**
   * @param {object} options
   * @param {() => Board | undefined} options.board
   * @param {() => string} options.prefix the beginning of the LOCALIDs that are shown
   * @param {(file: import('../meeting/files.js').EncryptedFile) => Promise<Uint8Array>} options.fetch
   * @param {(context: CanvasRenderingContext2D) => void} options.overlay draws the unsaved annotations
   */
  constructor({ board, prefix, fetch, overlay }) {
    this.board = board;
    this.prefix = prefix;
    this.fetch = fetch;
    this.overlay = overlay;
    this.saved = h('canvas', { 'aria-hidden': 'true' });
    this.hidden = h('canvas', {});
    this.live = h('canvas', { class: 'live', role: 'img', tabIndex: 0, 'aria-label': texts.board.canvas });
    this.element = h('div', { class: 'canvas' }, this.saved, this.live);
    this.view = new Viewport(() => ({ width: this.element.clientWidth || 1, height: this.element.clientHeight || 1 }));
    this.resize = new ResizeObserver(() => this.#resized());
    this.resize.observe(this.element);
  }

  close() {
    this.resize.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settle);
  }

  /** Whether an annotation is shown: on a presentation, only those of the current slide are. @param {number} id */
  visible(id) {
    const prefix = this.prefix();
    const annotation = this.board()?.annotations.get(id) ?? this.shapes.get(id)?.annotation;
    const localId = annotation?.properties.get('LOCALID') ?? '';
    return !prefix || !/^slide-\d+\./.test(localId) || localId.startsWith(prefix);
  }

  /** Finds the topmost annotation at a point of the board. @param {{ x: number, y: number }} at @returns {number | undefined} */
  find(at) {
    const context = contextOf(this.live);
    const slack = 6 / this.view.scale;
    return [...this.shapes].reverse().find(([id, shape]) => this.visible(id) && shape.hit(context, at.x, at.y, slack))?.[0];
  }

  /** Makes the shapes of all annotations anew, for example for another board. */
  reset() {
    this.shapes.clear();
    this.#added = [];
    this.redraw();
  }

  /** Shows a picture below the annotations. @param {ImageBitmap | undefined} picture */
  setBackground(picture) {
    this.#background = picture;
    this.#fitted = false;
    this.redraw();
  }

  /** Draws new annotations on top; anything else needs the whole picture. @param {number[]} ids */
  changed(ids) {
    const annotations = this.board()?.annotations;
    if (!ids.every((id) => !this.shapes.has(id) && annotations?.has(id))) {
      for (const id of ids) this.#shape(id);
      return this.redraw();
    }
    if (ids.length > AT_ONCE || this.#added.length) this.#added.push(...ids);
    else for (const id of ids) this.#drawOnTop(id);
    this.#schedule();
  }

  /** Draws the saved annotations anew, in slices. */
  redraw() {
    if (!this.#fitted) this.fit();
    this.#drawing = { scale: this.view.scale, ...this.view.origin };
    // Between two sessions there is no board; the shapes of the last one stay.
    this.#rest = (this.board()?.annotations ?? this.shapes).keys();
    const context = contextOf(this.hidden);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.hidden.width, this.hidden.height);
    this.view.use(context);
    const background = this.#background;
    if (background) context.drawImage(background, 0, 0, SLIDE_WIDTH, (SLIDE_WIDTH * background.height) / background.width);
    this.#schedule();
  }

  /** Draws the unsaved annotations with the next frame. */
  redrawLive() {
    this.#liveChanged = true;
    this.#schedule();
  }

  /** Shows the present picture moved and scaled at once, and draws it anew when the view rests. */
  moved() {
    this.#fitted = true;
    this.#rest = undefined;
    this.#place();
    this.redrawLive();
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.redraw(), SETTLE_MS);
  }

  /** Shows the whole board, and at least the size of a usual screen. */
  fit() {
    const bounds = { ...LEAST_BOUNDS };
    const background = this.#background;
    if (background) bounds.bottom = (SLIDE_WIDTH * background.height) / background.width;
    else {
      for (const [id, shape] of this.shapes) {
        if (!this.visible(id)) continue;
        bounds.left = Math.min(bounds.left, shape.bounds.left - MARGIN);
        bounds.top = Math.min(bounds.top, shape.bounds.top - MARGIN);
        bounds.right = Math.max(bounds.right, shape.bounds.right + MARGIN);
        bounds.bottom = Math.max(bounds.bottom, shape.bounds.bottom + MARGIN);
      }
    }
    this.view.fit(bounds);
    this.#fitted = this.element.clientWidth > 1 && this.shapes.size > 0;
  }

  /** Returns a decoded picture, or begins to load it. @param {import('../meeting/files.js').EncryptedFile} file */
  picture(file) {
    if (!this.#pictures.has(file.url)) {
      this.#pictures.set(file.url, undefined);
      this.fetch(file)
        .then((bytes) => createImageBitmap(new Blob([/** @type {any} */ (bytes)])))
        .then((picture) => {
          this.#pictures.set(file.url, picture);
          this.redraw();
        })
        .catch((error) => console.warn(error));
    }
    return this.#pictures.get(file.url);
  }

  #resized() {
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.saved, this.hidden, this.live]) {
      canvas.width = Math.max(1, Math.round(this.element.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(this.element.clientHeight * ratio));
    }
    this.redraw();
    this.redrawLive();
  }

  #schedule() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#slice();
    });
  }

  /** Draws for at most one slice, and continues with the next frame. */
  #slice() {
    const end = performance.now() + SLICE_MS;
    while (this.#rest && performance.now() < end) {
      const { value, done } = this.#rest.next();
      if (!done) this.#draw(contextOf(this.hidden), value);
      else this.#show();
    }
    let at = 0;
    while (at < this.#added.length && performance.now() < end) this.#drawOnTop(this.#added[at++]);
    this.#added.splice(0, at);
    if (this.#liveChanged) this.#drawLive();
    if (this.#rest || this.#added.length) this.#schedule();
    this.element.dataset.busy = this.#rest || this.#added.length ? 'true' : '';
  }

  /** Makes the hidden canvas the visible one. */
  #show() {
    this.#rest = undefined;
    const context = contextOf(this.saved);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.saved.width, this.saved.height);
    context.drawImage(this.hidden, 0, 0);
    this.#drawn = this.#drawing;
    if (!this.#fitted && !this.#background && this.shapes.size) this.redraw();
    this.#place();
    this.redrawLive();
  }

  /** Moves the visible picture to where the view has it. */
  #place() {
    const { scale, x, y } = this.#drawn;
    const { scale: now, origin } = this.view;
    const same = scale === now && x === origin.x && y === origin.y;
    this.saved.style.transform = same ? '' : `translate(${(x - origin.x) * now}px, ${(y - origin.y) * now}px) scale(${now / scale})`;
  }

  /** @param {number} id */
  #drawOnTop(id) {
    const context = contextOf(this.saved);
    const ratio = this.#drawn.scale * (devicePixelRatio || 1);
    context.setTransform(ratio, 0, 0, ratio, -this.#drawn.x * ratio, -this.#drawn.y * ratio);
    // If a picture is being drawn in slices, it includes the annotation, because new annotations come last.
    this.#draw(context, id);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} id */
  #draw(context, id) {
    const shape = this.#shape(id);
    if (shape && this.visible(id) && this.view.shows(shape.bounds)) shape.draw(context, (file) => this.picture(file));
  }

  /** Returns the shape of an annotation as it is now. @param {number} id */
  #shape(id) {
    const board = this.board();
    if (!board) return this.shapes.get(id);
    const annotation = board.annotations.get(id);
    if (!annotation) {
      this.shapes.delete(id);
      return undefined;
    }
    let shape = this.shapes.get(id);
    if (!shape || shape.generation !== annotation.generation || shape.file !== annotation.file) {
      shape = new Shape(annotation, contextOf(this.live));
      this.shapes.set(id, shape);
    }
    return shape;
  }

  #drawLive() {
    this.#liveChanged = false;
    const context = contextOf(this.live);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.live.width, this.live.height);
    this.view.use(context);
    this.overlay(context);
  }
}

/** @param {HTMLCanvasElement} canvas */
const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
