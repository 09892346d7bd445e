// @ts-check
// A board on the screen: a canvas with what is saved, a canvas with what is being drawn, tools, and a list.

import { KIND } from '../meeting/board.js';
import { download } from '../meeting/files.js';
import { image as imagePackage } from '../meeting/package.js';
import { alert, ask, fill, h, status } from './dom.js';
import { Shape } from './drawing.js';
import { shapeData, strokeData } from './stroke.js';
import { texts } from './texts.js';
import { COLORS, Toolbar, WIDTHS } from './tools.js';

/** Redrawing thousands of shapes waits this long after the last step of a zoom or a move. */
const SETTLE_MS = 120;
/** The most list items; the rest is counted. Screen readers cannot use longer lists. */
const MAX_LISTED = 500;

/** @typedef {{ undo: () => void }} Undo */

export class BoardView {
  /** @type {Map<number, Shape>} */
  #shapes = new Map();
  /** Decoded pictures by address; undefined while one loads. @type {Map<string, ImageBitmap | undefined>} */
  #pictures = new Map();
  /** Own annotations that the server has not confirmed, by LOCALID. @type {Map<string, { kind: number, properties: Record<string, string> }>} */
  #unsaved = new Map();
  /** @type {Undo[]} */
  #undo = [];
  /** @type {Set<number>} */
  #selected = new Set();
  #tool = 'pen';
  #color = COLORS[0];
  #width = WIDTHS[1];
  #scale = 1;
  #origin = { x: 0, y: 0 };
  #fitted = false;
  /** @type {any} */
  #settle = undefined;
  #frame = 0;
  /** The view for which the saved canvas was drawn. */
  #drawn = { scale: 0, x: 0, y: 0 };
  /** Pointers that are down. @type {Map<number, { x: number, y: number }>} */
  #down = new Map();
  /** @type {{ points: { x: number, y: number }[], tool: string, pressed?: number } | undefined} */
  #gesture = undefined;
  /** @type {HTMLImageElement | ImageBitmap | undefined} */
  #background = undefined;

  /**
   * @param {object} options
   * @param {import('./app.js').Session} options.session
   * @param {() => import('../meeting/conference.js').Content | undefined} options.content
   * @param {() => string} options.prefix the beginning of LOCALIDs, which names the slide of a presentation
   */
  constructor({ session, content, prefix }) {
    this.session = session;
    this.content = content;
    this.prefix = prefix;
    this.saved = h('canvas', { 'aria-hidden': 'true' });
    this.live = h('canvas', { class: 'live', role: 'img', tabIndex: 0, 'aria-label': texts.board.canvas });
    this.stack = h('div', { class: 'canvas' }, this.saved, this.live);
    this.count = h('span', { class: 'quiet' });
    this.toolbar = new Toolbar({
      choose: (tool) => this.#choose(tool),
      recolor: (color) => this.#recolor(color),
      setWidth: (width) => (this.#width = width),
      addImage: (file) => this.#addImage(file),
      undo: () => this.#undoLast(),
      remove: () => this.#removeSelected(),
      clear: () => this.#clear(),
      zoomIn: () => this.#zoom(1.25),
      zoomOut: () => this.#zoom(0.8),
      fit: () => (this.#fit(), this.#moved()),
    });
    this.list = h('ul', {});
    this.details = h('details', {}, h('summary', {}, texts.board.list), this.list);
    this.details.addEventListener('toggle', () => this.#updateList());
    this.element = h('div', { class: 'board' }, this.toolbar.element, this.stack, h('div', { class: 'row' }, this.count), this.details);
    this.#listen();
    this.resize = new ResizeObserver(() => this.#resized());
    this.resize.observe(this.stack);
  }

  /** Frees what the browser would keep. */
  close() {
    this.resize.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settle);
    if (this.#tool === 'pointer') this.#board?.point(undefined);
  }

  get #board() {
    return this.content()?.board;
  }

  /** Updates the view after a change of the board. @param {import('../meeting/conference.js').Change} change */
  changed(change) {
    if (change.kind !== 'board') return;
    if (change.refused !== undefined) {
      if (change.localId) this.#unsaved.delete(change.localId);
      alert(texts.board.refused[change.refused] ?? texts.board.refused.other);
    }
    for (const id of change.ids ?? []) {
      const annotation = this.#board?.annotations.get(id);
      const localId = annotation?.properties.get('LOCALID');
      if (annotation && localId && annotation.owner === this.session.userId && this.#unsaved.delete(localId)) {
        this.#undo.push({ undo: () => this.#board?.remove([id]) });
      }
      if (!annotation) this.#selected.delete(id);
    }
    if (change.ids) this.#update(change.ids);
    this.#redrawLive();
    this.#showCount();
  }

  /** Draws everything again, for example after a change of the slide. */
  refresh() {
    this.#shapes.clear();
    for (const id of this.#board?.annotations.keys() ?? []) this.#shape(id);
    if (!this.#fitted) this.#fit();
    this.#drawAll();
    this.#updateList();
    this.#updateTools();
    this.#showCount();
  }

  /** Shows a picture below the annotations. @param {ImageBitmap | undefined} picture */
  setBackground(picture) {
    this.#background = picture;
    this.#fitted = false;
    this.refresh();
  }

  /** Sends again what was not confirmed when the connection was lost. */
  resend() {
    const unsaved = [...this.#unsaved];
    const known = new Set([...(this.#board?.annotations.values() ?? [])].map((annotation) => annotation.properties.get('LOCALID')));
    for (const [localId, { kind, properties }] of unsaved) {
      if (known.has(localId)) this.#unsaved.delete(localId);
      else this.#board?.add(kind, properties);
    }
    this.session.flush();
    this.#showCount();
  }

  // Tools

  #updateTools() {
    this.#tool = this.toolbar.update(this.#tool, this.#color, this.session.mayPresent);
    this.live.dataset.tool = this.#tool;
  }

  /** @param {string} tool */
  #choose(tool) {
    if (this.#tool === 'pointer') {
      this.#board?.point(undefined);
      this.session.flush();
    }
    this.#tool = tool;
    if (tool !== 'select') this.#selected.clear();
    this.#updateTools();
    this.#redrawLive();
  }

  /** Sets the color, also of what is selected. @param {string} color */
  #recolor(color) {
    this.#color = color;
    for (const id of this.#selected) {
      const annotation = this.#board?.annotations.get(id);
      if (!annotation || annotation.kind === KIND.image) continue;
      this.#change(id, { [annotation.kind === KIND.text ? 'FONTCOLOR' : 'STROKE']: opaque(color) });
    }
    this.session.flush();
    this.#updateTools();
  }

  #undoLast() {
    const last = this.#undo.pop();
    if (last) last.undo();
    this.session.flush();
  }

  #removeSelected() {
    const ids = [...this.#selected];
    for (const id of ids) this.#rememberRemoved(id);
    this.#board?.remove(ids);
    this.#selected.clear();
    this.session.flush();
  }

  /** Makes it possible to undo a removal by adding the annotation again. @param {number} id */
  #rememberRemoved(id) {
    const annotation = this.#board?.annotations.get(id);
    if (!annotation || annotation.kind === KIND.image) return;
    const properties = Object.fromEntries(annotation.properties);
    this.#undo.push({ undo: () => this.#add(annotation.kind, properties) });
  }

  async #clear() {
    if (!(await ask({ title: texts.board.confirmClear, ok: texts.board.clear, cancel: texts.stage.cancel }))) return;
    this.#board?.clear();
    this.session.flush();
  }

  // Changes

  /** @param {number} kind @param {Record<string, string>} properties */
  #add(kind, properties) {
    const localId = `${this.prefix()}${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
    const all = { ...properties, LOCALID: localId };
    this.#unsaved.set(localId, { kind, properties: all });
    this.#board?.add(kind, all);
    this.session.flush();
    this.#redrawLive();
    this.#showCount();
  }

  /** @param {number} id @param {Record<string, string>} properties */
  #change(id, properties) {
    const annotation = this.#board?.annotations.get(id);
    if (!annotation) return;
    const before = Object.fromEntries(Object.keys(properties).map((name) => [name, annotation.properties.get(name) ?? '']));
    this.#undo.push({ undo: () => this.#board?.change(id, before) });
    this.#board?.change(id, properties);
  }

  /** @param {File} file */
  async #addImage(file) {
    const content = this.content();
    if (!content) return;
    try {
      const picture = await createImageBitmap(file);
      const fit = Math.min(1, 640 / Math.max(picture.width, picture.height));
      const [width, height] = [Math.round(picture.width * fit), Math.round(picture.height * fit)];
      const middle = this.#toBoard(this.stack.clientWidth / 2, this.stack.clientHeight / 2);
      // Drawing the picture again applies its orientation and leaves out everything but its pixels.
      const canvas = h('canvas', { width: picture.width, height: picture.height });
      canvas.getContext('2d')?.drawImage(picture, 0, 0);
      const type = file.type === 'image/png' ? 'image/png' : 'image/jpeg';
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.9));
      const bytes = new Uint8Array(await /** @type {Blob} */ (blob).arrayBuffer());
      const properties = {
        LOCALID: `${this.prefix()}${crypto.getRandomValues(new Uint32Array(2)).join('-')}`,
        ANCHOR: `${Math.round(middle.x - width / 2)},${Math.round(middle.y - height / 2)}`,
        EXTENT: `${width},${height}`,
        IMAGETYPE: type === 'image/png' ? 'png' : 'jpg',
      };
      await this.session.uploads?.send(imagePackage(content.id, properties, bytes));
    } catch (error) {
      alert(texts.board.refused.other);
      console.warn(error);
    }
  }

  // Pointers

  #listen() {
    const live = this.live;
    live.addEventListener('pointerdown', (/** @type {PointerEvent} */ event) => this.#pressed(event));
    live.addEventListener('pointermove', (/** @type {PointerEvent} */ event) => this.#dragged(event));
    for (const name of ['pointerup', 'pointercancel']) {
      live.addEventListener(name, (/** @type {PointerEvent} */ event) => this.#released(event, name === 'pointercancel'));
    }
    live.addEventListener('pointerleave', () => this.#tool === 'pointer' && (this.#board?.point(undefined), this.session.flush()));
    live.addEventListener('wheel', (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      if (event.ctrlKey) return this.#zoom(Math.exp(-event.deltaY / 200), event.offsetX, event.offsetY);
      this.#origin.x += event.deltaX / this.#scale;
      this.#origin.y += event.deltaY / this.#scale;
      this.#moved();
    }, { passive: false });
    live.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = 40 / this.#scale;
    const arrows = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
    const [dx, dy] = arrows[event.key] ?? [0, 0];
    if (dx || dy) {
      if (this.#selected.size) this.#moveSelected(dx * 10, dy * 10);
      else {
        this.#origin.x += dx * step;
        this.#origin.y += dy * step;
        this.#moved();
      }
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.#removeSelected();
    else if (event.key === '+') this.#zoom(1.25);
    else if (event.key === '-') this.#zoom(0.8);
    else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) this.#undoLast();
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.button > 1) return;
    const point = { x: event.offsetX, y: event.offsetY };
    this.live.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, point);
    // A second finger turns a drawing into a pinch.
    if (this.#down.size > 1) {
      this.#gesture = undefined;
      return this.#redrawLive();
    }
    const tool = event.button === 1 ? 'hand' : this.#tool;
    const at = this.#toBoard(point.x, point.y);
    this.#gesture = { points: [at], tool };
    if (tool === 'text') return this.#write(event, at);
    if (tool === 'select') {
      const hit = this.#find(at);
      if (!event.shiftKey && !this.#selected.has(hit ?? -1)) this.#selected.clear();
      if (hit !== undefined) this.#selected.add(hit);
      this.#redrawLive();
    }
  }

  /** @param {PointerEvent} event */
  #dragged(event) {
    const before = this.#down.get(event.pointerId);
    const now = { x: event.offsetX, y: event.offsetY };
    if (this.#tool === 'pointer' && this.session.mayPresent) {
      this.#board?.point(this.#toBoard(now.x, now.y));
      this.session.flush();
    }
    if (!before) return;
    if (this.#down.size === 2) this.#pinched(event.pointerId, before, now);
    this.#down.set(event.pointerId, now);
    const gesture = this.#gesture;
    if (!gesture) return;
    if (gesture.tool === 'hand') {
      this.#origin.x -= (now.x - before.x) / this.#scale;
      this.#origin.y -= (now.y - before.y) / this.#scale;
      return this.#moved();
    }
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) gesture.points.push(this.#toBoard(step.offsetX, step.offsetY));
    this.#redrawLive();
  }

  /** @param {number} id @param {{ x: number, y: number }} before @param {{ x: number, y: number }} now */
  #pinched(id, before, now) {
    const other = [...this.#down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const distance = (/** @type {{ x: number, y: number }} */ p) => Math.hypot(p.x - other.x, p.y - other.y) || 1;
    this.#zoom(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    this.#origin.x -= (now.x - before.x) / 2 / this.#scale;
    this.#origin.y -= (now.y - before.y) / 2 / this.#scale;
    this.#moved();
  }

  /** @param {PointerEvent} event @param {boolean} cancelled */
  #released(event, cancelled) {
    this.#down.delete(event.pointerId);
    const gesture = this.#gesture;
    this.#gesture = undefined;
    if (!gesture || cancelled) return this.#redrawLive();
    const [from, to] = [gesture.points[0], gesture.points[gesture.points.length - 1]];
    switch (gesture.tool) {
      case 'pen':
      case 'highlighter':
        for (const data of strokeData(gesture.points, 0.5 / this.#scale)) this.#add(KIND.drawing, this.#pen(data, gesture.tool));
        break;
      case 'line':
      case 'arrow':
      case 'rectangle':
      case 'ellipse':
        if (gesture.points.length > 1) this.#add(KIND.drawing, this.#pen(shapeData(gesture.tool, from, to), gesture.tool));
        break;
      case 'select':
        if (gesture.points.length > 2) this.#moveSelected(to.x - from.x, to.y - from.y);
        break;
      default:
    }
    this.#redrawLive();
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

  /** @param {number} dx @param {number} dy */
  #moveSelected(dx, dy) {
    for (const id of this.#selected) {
      const shape = this.#shapes.get(id);
      if (shape) this.#change(id, { ANCHOR: `${Math.round((shape.x + dx) * 10) / 10},${Math.round((shape.y + dy) * 10) / 10}` });
    }
    this.session.flush();
  }

  /** Opens a field for text at a point. @param {PointerEvent} event @param {{ x: number, y: number }} at */
  #write(event, at) {
    event.preventDefault();
    this.#down.delete(event.pointerId);
    this.#gesture = undefined;
    const hit = this.#find(at);
    const old = hit === undefined ? undefined : this.#board?.annotations.get(hit);
    const edited = old?.kind === KIND.text ? old : undefined;
    const field = h('textarea', { class: 'writing', 'aria-label': texts.board.writing, rows: 2, value: edited?.properties.get('TEXT') ?? '' });
    field.style.left = `${Math.min(event.offsetX, this.stack.clientWidth - 160)}px`;
    field.style.top = `${Math.min(event.offsetY, this.stack.clientHeight - 60)}px`;
    let over = false;
    const end = (/** @type {boolean} */ keep) => {
      // Removing the field takes the focus from it, which ends it again.
      if (over) return;
      over = true;
      const text = field.value.trimEnd();
      field.remove();
      if (!keep) return this.live.focus();
      if (edited) this.#board?.changeText(edited.id, text);
      else if (text) this.#add(KIND.text, { ANCHOR: `${Math.round(at.x)},${Math.round(at.y)}`, TEXT: text, FONTSIZE: '20', FONTCOLOR: opaque(this.#color), TEXTDIRECTION: 'LTR' });
      this.session.flush();
    };
    field.addEventListener('blur', () => end(true));
    field.addEventListener('keydown', (/** @type {KeyboardEvent} */ key) => {
      if (key.key === 'Escape') end(false);
      if (key.key === 'Enter' && (key.ctrlKey || key.metaKey)) end(true);
      key.stopPropagation();
    });
    this.stack.append(field);
    field.focus();
  }

  /** The topmost annotation at a point. @param {{ x: number, y: number }} at @returns {number | undefined} */
  #find(at) {
    const context = this.#context(this.live);
    const shapes = [...this.#shapes].reverse();
    return shapes.find(([id, shape]) => this.#visible(id) && shape.hit(context, at.x, at.y, 6 / this.#scale))?.[0];
  }

  // View

  /** @param {number} x @param {number} y in pixels of the canvas */
  #toBoard(x, y) {
    return { x: x / this.#scale + this.#origin.x, y: y / this.#scale + this.#origin.y };
  }

  #resized() {
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.saved, this.live]) {
      canvas.width = Math.max(1, Math.round(this.stack.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(this.stack.clientHeight * ratio));
    }
    if (!this.#fitted) this.#fit();
    this.#drawAll();
  }

  /** Shows everything, and at least the size of a usual screen. */
  #fit() {
    const bounds = { left: 0, top: 0, right: 960, bottom: 600 };
    if (this.#background) Object.assign(bounds, { right: 960, bottom: (960 * this.#background.height) / this.#background.width });
    else {
      for (const [id, shape] of this.#shapes) {
        if (!this.#visible(id)) continue;
        bounds.left = Math.min(bounds.left, shape.bounds.left - 10);
        bounds.top = Math.min(bounds.top, shape.bounds.top - 10);
        bounds.right = Math.max(bounds.right, shape.bounds.right + 10);
        bounds.bottom = Math.max(bounds.bottom, shape.bounds.bottom + 10);
      }
    }
    const [width, height] = [this.stack.clientWidth || 1, this.stack.clientHeight || 1];
    this.#scale = Math.max(0.01, Math.min(width / (bounds.right - bounds.left), height / (bounds.bottom - bounds.top), 4));
    this.#origin = {
      x: (bounds.left + bounds.right) / 2 - width / 2 / this.#scale,
      y: (bounds.top + bounds.bottom) / 2 - height / 2 / this.#scale,
    };
    this.#fitted = width > 1 && this.#shapes.size > 0;
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] the point that stays where it is */
  #zoom(factor, x = this.stack.clientWidth / 2, y = this.stack.clientHeight / 2) {
    const before = this.#toBoard(x, y);
    this.#scale = Math.max(0.02, Math.min(20, this.#scale * factor));
    const after = this.#toBoard(x, y);
    this.#origin.x += before.x - after.x;
    this.#origin.y += before.y - after.y;
    this.#moved();
  }

  /** Shows the saved picture moved and scaled at once, and draws it anew when the view rests. */
  #moved() {
    this.#fitted = true;
    const { scale, x, y } = this.#drawn;
    const zoom = this.#scale / scale;
    this.saved.style.transform = `translate(${(x - this.#origin.x) * this.#scale}px, ${(y - this.#origin.y) * this.#scale}px) scale(${zoom})`;
    this.#redrawLive();
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#drawAll(), SETTLE_MS);
  }

  /** @param {HTMLCanvasElement} canvas */
  #context(canvas) {
    return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  }

  /** @param {CanvasRenderingContext2D} context */
  #useView(context) {
    const scale = this.#scale * (devicePixelRatio || 1);
    context.setTransform(scale, 0, 0, scale, -this.#origin.x * scale, -this.#origin.y * scale);
  }

  /** @param {number} id */
  #shape(id) {
    const annotation = this.#board?.annotations.get(id);
    if (!annotation) {
      this.#shapes.delete(id);
      return undefined;
    }
    let shape = this.#shapes.get(id);
    if (!shape || shape.generation !== annotation.generation || shape.file !== annotation.file) {
      shape = new Shape(annotation, this.#context(this.live));
      this.#shapes.set(id, shape);
    }
    return shape;
  }

  /** Whether an annotation belongs to what is shown: on a presentation, to the slide. @param {number} id */
  #visible(id) {
    const prefix = this.prefix();
    const localId = this.#board?.annotations.get(id)?.properties.get('LOCALID') ?? '';
    return !prefix || !/^slide-\d+\./.test(localId) || localId.startsWith(prefix);
  }

  /** Draws new annotations on top; anything else needs the whole picture. @param {number[]} ids */
  #update(ids) {
    const added = ids.every((id) => !this.#shapes.has(id) && this.#board?.annotations.has(id));
    const context = this.#context(this.saved);
    this.#useView(context);
    for (const id of ids) {
      const shape = this.#shape(id);
      if (added && shape && this.#visible(id)) shape.draw(context, (file) => this.#picture(file));
    }
    if (!added) {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.#drawAll());
    }
    this.#updateList();
  }

  #drawAll() {
    const context = this.#context(this.saved);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.saved.width, this.saved.height);
    this.#useView(context);
    this.saved.style.transform = '';
    this.#drawn = { scale: this.#scale, ...this.#origin };
    if (this.#background) context.drawImage(this.#background, 0, 0, 960, (960 * this.#background.height) / this.#background.width);
    const { x, y } = this.#origin;
    const [right, bottom] = [x + this.stack.clientWidth / this.#scale, y + this.stack.clientHeight / this.#scale];
    for (const [id, shape] of this.#shapes) {
      const { bounds } = shape;
      if (bounds.right < x || bounds.left > right || bounds.bottom < y || bounds.top > bottom) continue;
      if (this.#visible(id)) shape.draw(context, (file) => this.#picture(file));
    }
    this.#redrawLive();
  }

  /** Draws what is not saved yet, the gesture, the selection and the telepointers. */
  #redrawLive() {
    const context = this.#context(this.live);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.live.width, this.live.height);
    this.#useView(context);
    for (const { kind, properties } of this.#unsaved.values()) {
      const annotation = /** @type {any} */ ({ kind, generation: 0, properties: new Map(Object.entries(properties)) });
      new Shape(annotation, context).draw(context, () => undefined);
    }
    this.#drawGesture(context);
    context.strokeStyle = '#1a5fd0';
    context.lineWidth = 1.5 / this.#scale;
    for (const id of this.#selected) {
      const bounds = this.#shapes.get(id)?.bounds;
      if (bounds) context.strokeRect(bounds.left - 4, bounds.top - 4, bounds.right - bounds.left + 8, bounds.bottom - bounds.top + 8);
    }
    for (const [owner, { x, y }] of this.#board?.pointers ?? []) {
      context.fillStyle = '#d11a2a';
      context.beginPath();
      context.arc(x, y, 6 / this.#scale, 0, 2 * Math.PI);
      context.fill();
      context.font = `${13 / this.#scale}px sans-serif`;
      context.fillText(this.session.nameOf(owner), x + 9 / this.#scale, y + 4 / this.#scale);
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawGesture(context) {
    const gesture = this.#gesture;
    if (!gesture || gesture.points.length < 2) return;
    const [from, to] = [gesture.points[0], gesture.points[gesture.points.length - 1]];
    if (gesture.tool === 'select') {
      context.setTransform(context.getTransform().translate(to.x - from.x, to.y - from.y));
      for (const id of this.#selected) this.#shapes.get(id)?.draw(context, (file) => this.#picture(file));
      return this.#useView(context);
    }
    const freehand = gesture.tool === 'pen' || gesture.tool === 'highlighter';
    const data = freehand ? strokeData(gesture.points, 0.5 / this.#scale).join('') : shapeData(gesture.tool, from, to);
    const properties = new Map(Object.entries(this.#pen(data, gesture.tool)));
    new Shape(/** @type {any} */ ({ kind: KIND.drawing, generation: 0, properties }), context).draw(context, () => undefined);
  }

  /** Returns a decoded picture, or begins to load it. @param {import('../meeting/files.js').EncryptedFile} file */
  #picture(file) {
    if (!this.#pictures.has(file.url)) {
      this.#pictures.set(file.url, undefined);
      download(file, this.session.urlBase)
        .then((bytes) => createImageBitmap(new Blob([/** @type {any} */ (bytes)])))
        .then((picture) => {
          this.#pictures.set(file.url, picture);
          this.#drawAll();
        })
        .catch((error) => console.warn(error));
    }
    return this.#pictures.get(file.url);
  }

  #showCount() {
    const count = this.#unsaved.size;
    this.count.textContent = count ? texts.board.saving(count) : '';
    if (!count && this.count.dataset.busy) status(texts.board.saved);
    this.count.dataset.busy = count ? 'true' : '';
  }

  /** The board as a list, for people who cannot see it. It is filled only while it is open. */
  #updateList() {
    if (!this.details.open) return;
    const annotations = [...(this.#board?.annotations.values() ?? [])].filter(({ id }) => this.#visible(id));
    const items = annotations.slice(0, MAX_LISTED).map((annotation) => {
      const text = annotation.properties.get('TEXT') ?? '';
      const label = texts.board.item(texts.board.kinds[annotation.kind] ?? '', this.session.nameOf(annotation.owner), text.slice(0, 200));
      if (!this.session.mayPresent) return h('li', {}, label);
      const select = () => {
        this.#choose('select');
        this.#selected = new Set([annotation.id]);
        this.#redrawLive();
        this.live.focus();
      };
      return h('li', {}, h('button', { type: 'button', class: 'plain', onclick: select }, label));
    });
    const rest = annotations.length - items.length;
    fill(this.list, ...items, rest > 0 && h('li', {}, `+ ${rest}`));
  }
}

/** @param {string} color */
function opaque(color) {
  return `#FF${color.slice(1).toUpperCase()}`;
}
