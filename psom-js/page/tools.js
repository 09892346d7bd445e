// @ts-check
// The toolbar of a board. It reports the chosen tool, color and width, and knows nothing of the board itself.

import { h } from './dom.js';
import { texts } from './texts.js';

export const COLORS = ['#000000', '#d11a2a', '#e8710a', '#188038', '#1a5fd0', '#8430ce', '#ffffff'];
export const WIDTHS = [2, 4, 8, 16];
const TOOLS = /** @type {const} */ (['pen', 'highlighter', 'line', 'arrow', 'rectangle', 'ellipse', 'text', 'image', 'select', 'hand', 'pointer']);
/** The tools that a person who may not draw can use. */
const VIEW_TOOLS = ['hand'];
/** The icons of the tools, as path data in a square of 24. */
const ICONS = /** @type {Record<string, string>} */ ({
  pen: 'M4 20l1-5L16 4l4 4L9 19z',
  highlighter: 'M5 19h14M8 15l8-11 4 3-8 11-5 1z',
  line: 'M4 20L20 4',
  arrow: 'M4 20L20 4M12 4h8v8',
  rectangle: 'M4 6h16v12H4z',
  ellipse: 'M4 12a8 6 0 0 1 16 0a8 6 0 0 1-16 0z',
  text: 'M5 6V4h14v2M12 4v16M9 20h6',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.1',
  select: 'M6 3l12 9-6 1 3 6-2 1-3-6-4 4z',
  hand: 'M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3',
  pointer: 'M12 9a3 3 0 1 1 0 6a3 3 0 1 1 0-6M12 3v3M12 18v3M3 12h3M18 12h3',
  undo: 'M9 7L4 12l5 5M4 12h10a5 5 0 0 1 0 10',
  remove: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  clear: 'M4 19h16M7 19L17 5l3 2-9 12',
  zoomIn: 'M12 5v14M5 12h14',
  zoomOut: 'M5 12h14',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
});

/**
 * @typedef {object} Actions
 * @property {(tool: string) => void} choose
 * @property {(color: string) => void} recolor
 * @property {(width: number) => void} setWidth
 * @property {(file: File) => void} addImage
 * @property {() => void} undo
 * @property {() => void} remove
 * @property {() => void} clear
 * @property {() => void} zoomIn
 * @property {() => void} zoomOut
 * @property {() => void} fit
 */

/** The buttons of a board, with one stop for the tab key: arrow keys move within it. */
export class Toolbar {
  /** @param {Actions} actions */
  constructor(actions) {
    this.picker = h('input', { type: 'file', accept: 'image/png,image/jpeg,image/gif,image/webp', hidden: true, tabIndex: -1, 'aria-hidden': 'true' });
    this.picker.addEventListener('change', () => {
      const file = this.picker.files?.[0];
      this.picker.value = '';
      if (file) actions.addImage(file);
    });
    const choose = (/** @type {string} */ tool) => (tool === 'image' ? this.picker.click() : actions.choose(tool));
    this.tools = TOOLS.map((tool) => button(tool, () => choose(tool)));
    this.colors = COLORS.map((color, i) => {
      const swatch = h('button', { type: 'button', class: 'swatch', 'aria-label': `${texts.board.color}: ${texts.board.colors[i]}` });
      swatch.style.backgroundColor = color;
      swatch.addEventListener('click', () => actions.recolor(color));
      return swatch;
    });
    this.width = h('select', { 'aria-label': texts.board.width }, ...WIDTHS.map((width) => h('option', { value: String(width) }, `${width} px`)));
    this.width.value = String(WIDTHS[1]);
    this.width.addEventListener('change', () => actions.setWidth(Number(this.width.value)));
    this.edits = [button('undo', actions.undo), button('remove', actions.remove), button('clear', actions.clear)];
    const views = [button('zoomIn', actions.zoomIn), button('zoomOut', actions.zoomOut), button('fit', actions.fit)];
    this.element = h('div', { class: 'tools', role: 'toolbar', 'aria-label': texts.board.tools }, ...this.tools, ...this.colors, this.width, ...this.edits, ...views, this.picker);
    this.element.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => this.#move(event));
    this.element.addEventListener('focusin', (/** @type {FocusEvent} */ event) => this.#stopAt(event.target));
  }

  /**
   * Shows the chosen values and hides the tools that the person may not use. Returns the tool that is in use.
   * @param {string} tool @param {string} color @param {boolean} mayDraw
   */
  update(tool, color, mayDraw) {
    const usable = (/** @type {string} */ name) => mayDraw || VIEW_TOOLS.includes(name);
    const used = usable(tool) ? tool : VIEW_TOOLS[0];
    this.tools.forEach((button, i) => {
      button.hidden = !usable(TOOLS[i]);
      button.setAttribute('aria-pressed', String(TOOLS[i] === used));
    });
    this.colors.forEach((button, i) => {
      button.hidden = !mayDraw;
      button.setAttribute('aria-pressed', String(COLORS[i] === color));
    });
    for (const item of [this.width, ...this.edits]) item.hidden = !mayDraw;
    const items = this.#items();
    this.#stopAt(items.find((item) => item.tabIndex === 0 && items.some((other) => other.tabIndex < 0)) ?? items[0]);
    return used;
  }

  /** The buttons and the list that can be used. @returns {HTMLElement[]} */
  #items() {
    return [...this.element.querySelectorAll('button:not([hidden]):not(:disabled), select:not([hidden])')];
  }

  /** Makes one item the stop of the tab key. @param {EventTarget | null} stop */
  #stopAt(stop) {
    for (const item of this.#items()) item.tabIndex = item === stop ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.target === this.width) return;
    const items = this.#items();
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    items[(at + step + items.length) % items.length].focus();
    event.preventDefault();
  }
}

/** @param {string} name @param {() => void} run */
function button(name, run) {
  const label = /** @type {any} */ (texts.board)[name];
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return h('button', { type: 'button', 'data-name': name, title: label, 'aria-label': label, onclick: run }, svg);
}
