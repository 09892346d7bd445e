// @ts-check
// A board on the screen: its canvases, tools and list, and the actions of a person on them.

import { KIND } from '../meeting/board.js';
import { image as imagePackage } from '../meeting/package.js';
import { BoardList } from './board-list.js';
import { alert, ask, h, status } from './dom.js';
import { Shape } from './drawing.js';
import { Gestures } from './gestures.js';
import { Layers } from './layers.js';
import { shapeData, strokeData } from './stroke.js';
import { texts } from './texts.js';
import { COLORS, Toolbar, WIDTHS } from './tools.js';

/** The step of an arrow key, in units of the board: for the selection, and in pixels for the view. */
const KEY_STEP = 10;
const KEY_PAN = 40;
/** The long side of a new image, in units of the board. */
const IMAGE_SIDE = 640;
const SHAPES = ['line', 'arrow', 'rectangle', 'ellipse'];

/** @typedef {{ x: number, y: number }} Point */

export class BoardView {
  /** Functions that undo this person's changes, in the order of the changes. @type {(() => void)[]} */
  #undo = [];
  /** The new identifiers of restored annotations, by the old ones. @type {Map<number, number>} */
  #restored = new Map();
  /** @type {Set<number>} */
  #selected = new Set();
  #tool = 'pen';
  #color = COLORS[0];
  #width = WIDTHS[1];
  #shownPrefix = '';
  /** @type {import('../meeting/board.js').Board | undefined} */
  #shown = undefined;

  /**
   * @param {object} options
   * @param {import('./session.js').Session} options.session
   * @param {bigint} options.id the content
   * @param {() => import('../meeting/conference.js').Content | undefined} options.content
   * @param {() => string} options.prefix the beginning of LOCALIDs, which names the slide of a presentation
   */
  constructor({ session, id, content, prefix }) {
    this.session = session;
    this.id = id;
    this.content = content;
    this.prefix = prefix;
    this.layers = new Layers({ board: () => this.#board, prefix, fetch: (file) => session.fetch(file), overlay: (context) => this.#drawOverlay(context) });
    this.gestures = new Gestures(this.layers, {
      tool: () => this.#tool,
      begin: (tool, at, event) => this.#begin(tool, at, event),
      end: (tool, points) => this.#end(tool, points),
      hover: (at) => this.#point(at),
      drawn: () => this.layers.redrawLive(),
      key: (event) => this.#key(event),
    });
    this.count = h('span', { class: 'quiet' });
    const zoom = (/** @type {number} */ factor) => {
      const { width, height } = this.layers.view.size();
      this.layers.view.zoom(factor, width / 2, height / 2);
      this.layers.moved();
    };
    this.zoom = zoom;
    this.toolbar = new Toolbar({
      choose: (tool) => this.#choose(tool),
      recolor: (color) => this.#recolor(color),
      setWidth: (width) => (this.#width = width),
      addImage: (file) => this.#addImage(file),
      undo: () => this.#undoLast(),
      remove: () => this.#removeSelected(),
      clear: () => this.#clear(),
      zoomIn: () => zoom(1.25),
      zoomOut: () => zoom(0.8),
      fit: () => (this.layers.fit(), this.layers.moved()),
    });
    const annotations = () => [...(this.#board?.annotations.values() ?? [])].filter(({ id }) => this.layers.visible(id));
    const select = (/** @type {number} */ id) => {
      this.#choose('select');
      this.#selected = new Set([id]);
      this.layers.redrawLive();
      this.layers.live.focus();
    };
    this.list = new BoardList(annotations, (owner) => session.nameOf(owner), () => (session.mayPresent ? select : undefined));
    this.element = h('div', { class: 'board' }, this.toolbar.element, this.layers.element, h('div', { class: 'row' }, this.count), this.list.element);
  }

  /** Frees the memory that the browser would keep. */
  close() {
    this.layers.close();
    this.#point(undefined);
  }

  get #board() {
    return this.content()?.board;
  }

  /** The server's side of the board. If there is none, no change can be made, and the page shows a message. */
  get #connected() {
    const board = this.#board?.server ? this.#board : undefined;
    if (!board) alert(texts.board.offline);
    return board;
  }

  /** Updates the view after a change of the board. @param {any} change */
  changed(change) {
    if (change.refused !== undefined) alert(texts.board.refused[change.refused] ?? texts.board.refused.other);
    for (const { id, replaces } of change.saved ?? []) {
      if (replaces === undefined) this.#undo.push(() => this.#connected?.remove([this.#present(id)]));
      else this.#restored.set(replaces, id);
    }
    for (const id of change.ids ?? []) if (!this.#board?.annotations.has(id)) this.#selected.delete(id);
    if (change.ids) {
      this.layers.changed(change.ids);
      this.list.update();
    }
    this.layers.redrawLive();
    this.#showCount();
  }

  /** Updates the view after a change of the meeting, such as another slide or a new session. */
  refresh() {
    const [board, prefix] = [this.#board, this.prefix()];
    if (board !== this.#shown || prefix !== this.#shownPrefix) {
      if (board !== this.#shown) this.layers.reset();
      else this.layers.redraw();
      this.#selected.clear();
      this.#shown = board;
      this.#shownPrefix = prefix;
      this.list.update();
    }
    this.layers.redrawLive();
    this.#updateTools();
    this.#showCount();
  }

  /** The identifier that an annotation has now. @param {number} id @returns {number} */
  #present(id) {
    const restored = this.#restored.get(id);
    return restored === undefined ? id : this.#present(restored);
  }

  // Tools

  #updateTools() {
    this.#tool = this.toolbar.update(this.#tool, this.#color, this.session.mayPresent);
    this.layers.live.dataset.tool = this.#tool;
  }

  /** @param {string} tool */
  #choose(tool) {
    this.#point(undefined);
    this.#tool = tool;
    if (tool !== 'select') this.#selected.clear();
    this.#updateTools();
    this.layers.redrawLive();
  }

  /** Sets the color for new annotations and for the selected ones. @param {string} color */
  #recolor(color) {
    this.#color = color;
    for (const id of this.#selected) {
      const kind = this.#board?.annotations.get(id)?.kind;
      if (kind !== KIND.image) this.#change(id, { [kind === KIND.text ? 'FONTCOLOR' : 'STROKE']: opaque(color) });
    }
    this.session.flush();
    this.#updateTools();
  }

  #undoLast() {
    this.#undo.pop()?.();
    this.session.flush();
  }

  #removeSelected() {
    const board = this.#selected.size ? this.#connected : undefined;
    if (!board) return;
    for (const id of this.#selected) {
      const annotation = board.annotations.get(id);
      // Pictures are uploaded and cannot be added again from here.
      if (!annotation || annotation.kind === KIND.image) continue;
      const properties = Object.fromEntries(annotation.properties);
      this.#undo.push(() => this.#add(annotation.kind, properties, id));
    }
    board.remove([...this.#selected]);
    this.#selected.clear();
    this.session.flush();
  }

  async #clear() {
    if (!(await ask({ title: texts.board.confirmClear, ok: texts.board.clear, cancel: texts.stage.cancel }))) return;
    this.#connected?.clear();
    this.session.flush();
  }

  // Changes

  /** Adds an annotation now, or with the next connection. @param {number} kind @param {Record<string, string>} properties @param {number} [replaces] a removed one */
  #add(kind, properties, replaces) {
    this.session.outbox.add(this.id, this.#board, this.prefix(), { kind, properties, replaces });
    this.session.flush();
    this.layers.redrawLive();
    this.#showCount();
  }

  /** @param {number} id @param {Record<string, string>} properties */
  #change(id, properties) {
    const annotation = this.#connected?.annotations.get(id);
    if (!annotation) return;
    const before = Object.fromEntries(Object.keys(properties).map((name) => [name, annotation.properties.get(name) ?? '']));
    this.#undo.push(() => this.#connected?.change(this.#present(id), before));
    this.#board?.change(id, properties);
  }

  /** @param {number} dx @param {number} dy in units of the board */
  #moveSelected(dx, dy) {
    for (const id of this.#selected) {
      const shape = this.layers.shapes.get(id);
      if (shape) this.#change(id, { ANCHOR: `${tenth(shape.x + dx)},${tenth(shape.y + dy)}` });
    }
    this.session.flush();
  }

  /** @param {File} file */
  async #addImage(file) {
    try {
      const picture = await createImageBitmap(file);
      const fit = Math.min(1, IMAGE_SIDE / Math.max(picture.width, picture.height));
      const [width, height] = [Math.round(picture.width * fit), Math.round(picture.height * fit)];
      const size = this.layers.view.size();
      const middle = this.layers.view.toBoard(size.width / 2, size.height / 2);
      // Drawing the picture again applies its orientation and leaves out everything but its pixels.
      const canvas = h('canvas', { width: picture.width, height: picture.height });
      canvas.getContext('2d')?.drawImage(picture, 0, 0);
      const type = file.type === 'image/png' ? 'image/png' : 'image/jpeg';
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.9));
      const properties = {
        LOCALID: `${this.prefix()}${crypto.getRandomValues(new Uint32Array(3)).join('-')}`,
        ANCHOR: `${Math.round(middle.x - width / 2)},${Math.round(middle.y - height / 2)}`,
        EXTENT: `${width},${height}`,
        IMAGETYPE: type === 'image/png' ? 'png' : 'jpg',
      };
      await this.session.uploads?.send(imagePackage(this.id, properties, new Uint8Array(await blob.arrayBuffer())));
    } catch (error) {
      alert(texts.board.refused.other);
      console.warn(error);
    }
  }

  // Gestures and keys

  /** @param {KeyboardEvent} event @returns {boolean} */
  #key(event) {
    const arrows = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
    const [dx, dy] = arrows[event.key] ?? [0, 0];
    if (dx || dy) {
      if (this.#selected.size) this.#moveSelected(dx * KEY_STEP, dy * KEY_STEP);
      else {
        this.layers.view.pan(dx * KEY_PAN, dy * KEY_PAN);
        this.layers.moved();
      }
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.#removeSelected();
    else if (event.key === '+') this.zoom(1.25);
    else if (event.key === '-') this.zoom(0.8);
    else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) this.#undoLast();
    // Without a mouse, a text begins in the middle of the visible part.
    else if (event.key === 'Enter' && this.#tool === 'text') this.#writeInTheMiddle();
    else return false;
    return true;
  }

  /** @param {string} tool @param {Point} at @param {PointerEvent} event @returns {boolean} */
  #begin(tool, at, event) {
    if (tool === 'text') {
      event.preventDefault();
      this.#write({ x: event.offsetX, y: event.offsetY }, at);
      return false;
    }
    if (tool === 'select') {
      const hit = this.layers.find(at);
      if (!event.shiftKey && !this.#selected.has(hit ?? -1)) this.#selected.clear();
      if (hit !== undefined) this.#selected.add(hit);
      this.layers.redrawLive();
    }
    return tool !== 'pointer';
  }

  /** @param {string} tool @param {Point[]} points */
  #end(tool, points) {
    const [from, to] = [points[0], points[points.length - 1]];
    if (tool === 'select' && points.length > 2) this.#moveSelected(to.x - from.x, to.y - from.y);
    for (const data of this.#pieces(tool, points)) this.#add(KIND.drawing, this.#pen(data, tool));
  }

  /** Shows the telepointer of a person who uses it. @param {Point | undefined} at */
  #point(at) {
    if (this.#tool !== 'pointer' || !this.session.mayPresent) return;
    this.#board?.point(at);
    this.session.flush();
  }

  /** The path data of a gesture, in the pieces in which it is sent. @param {string} tool @param {Point[]} points @returns {string[]} */
  #pieces(tool, points) {
    if (tool === 'pen' || tool === 'highlighter') return strokeData(points, 0.5 / this.layers.view.scale);
    if (!SHAPES.includes(tool) || points.length < 2) return [];
    return [shapeData(tool, points[0], points[points.length - 1])];
  }

  /** @param {string} data @param {string} tool @returns {Record<string, string>} */
  #pen(data, tool) {
    const highlighter = tool === 'highlighter';
    return {
      ANCHOR: '0,0',
      DRAWINGTYPE: tool === 'pen' || highlighter ? 'Freehand' : tool[0].toUpperCase() + tool.slice(1),
      STROKE: highlighter ? `#66${this.#color.slice(1)}` : opaque(this.#color),
      STROKETHICKNESS: String(highlighter ? this.#width * 4 : this.#width),
      DATA: data,
    };
  }

  #writeInTheMiddle() {
    const { width, height } = this.layers.view.size();
    const at = { x: width / 2, y: height / 2 };
    this.#write(at, this.layers.view.toBoard(at.x, at.y));
  }

  /** Opens a field for text at a pixel of the canvas. @param {Point} pixel @param {Point} at the same point on the board */
  #write(pixel, at) {
    const hit = this.layers.find(at);
    const old = hit === undefined ? undefined : this.#board?.annotations.get(hit);
    const edited = old?.kind === KIND.text ? old : undefined;
    const field = h('textarea', { class: 'writing', 'aria-label': texts.board.writing, rows: 2, value: edited?.properties.get('TEXT') ?? '' });
    const { width, height } = this.layers.view.size();
    field.style.left = `${Math.max(0, Math.min(pixel.x, width - 160))}px`;
    field.style.top = `${Math.max(0, Math.min(pixel.y, height - 60))}px`;
    let over = false;
    const end = (/** @type {boolean} */ keep, /** @type {boolean} */ back) => {
      // Removing the field takes the focus from it, which ends it again.
      if (over) return;
      over = true;
      const text = field.value.trimEnd();
      field.remove();
      if (back) this.layers.live.focus();
      if (!keep) return;
      if (edited) this.#connected?.changeText(edited.id, text);
      else if (text) this.#add(KIND.text, { ANCHOR: `${Math.round(at.x)},${Math.round(at.y)}`, TEXT: text, FONTSIZE: '20', FONTCOLOR: opaque(this.#color), TEXTDIRECTION: 'LTR' });
      this.session.flush();
    };
    field.addEventListener('blur', () => end(true, false));
    field.addEventListener('keydown', (/** @type {KeyboardEvent} */ key) => {
      if (key.key === 'Escape') end(false, true);
      if (key.key === 'Enter' && (key.ctrlKey || key.metaKey)) end(true, true);
      key.stopPropagation();
    });
    this.layers.element.append(field);
    field.focus();
  }

  // Drawing

  /** Draws the unsaved annotations, the gesture, the selection and the telepointers. @param {CanvasRenderingContext2D} context */
  #drawOverlay(context) {
    const scale = this.layers.view.scale;
    const prefix = this.prefix();
    for (const [localId, { kind, properties }] of this.session.outbox.of(this.id)) {
      if (localId.startsWith(prefix)) sketch(context, kind, properties);
    }
    this.#drawGesture(context);
    context.strokeStyle = '#1a5fd0';
    context.lineWidth = 1.5 / scale;
    for (const id of this.#selected) {
      const bounds = this.layers.shapes.get(id)?.bounds;
      if (bounds) context.strokeRect(bounds.left - 4, bounds.top - 4, bounds.right - bounds.left + 8, bounds.bottom - bounds.top + 8);
    }
    for (const [owner, { x, y }] of this.#board?.pointers ?? []) {
      context.fillStyle = '#d11a2a';
      context.beginPath();
      context.arc(x, y, 6 / scale, 0, 2 * Math.PI);
      context.fill();
      context.font = `${13 / scale}px sans-serif`;
      context.fillText(this.session.nameOf(owner), x + 9 / scale, y + 4 / scale);
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawGesture(context) {
    const gesture = this.gestures.current;
    if (!gesture || gesture.points.length < 2) return;
    const { points, tool } = gesture;
    if (tool === 'select') {
      const [from, to] = [points[0], points[points.length - 1]];
      context.setTransform(context.getTransform().translate(to.x - from.x, to.y - from.y));
      for (const id of this.#selected) this.layers.shapes.get(id)?.draw(context, (file) => this.layers.picture(file));
      return this.layers.view.use(context);
    }
    for (const data of this.#pieces(tool, points)) sketch(context, KIND.drawing, this.#pen(data, tool));
  }

  #showCount() {
    const count = this.session.outbox.of(this.id).size;
    this.count.textContent = count ? texts.board.saving(count) : '';
    if (!count && this.count.dataset.busy) status(texts.board.saved);
    this.count.dataset.busy = count ? 'true' : '';
  }
}

/** Draws an annotation that the server does not have yet. @param {CanvasRenderingContext2D} context @param {number} kind @param {Record<string, string>} properties */
function sketch(context, kind, properties) {
  const annotation = /** @type {any} */ ({ kind, generation: 0, properties: new Map(Object.entries(properties)) });
  new Shape(annotation, context).draw(context, () => undefined);
}

/** @param {string} color */
const opaque = (color) => `#FF${color.slice(1).toUpperCase()}`;
/** @param {number} value */
const tenth = (value) => Math.round(value * 10) / 10;
