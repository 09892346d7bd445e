// @ts-check
// Pointers and keys on a board. A pointer that is dragged becomes a list of points; two fingers and the wheel
// move and scale the view.

/** @typedef {{ x: number, y: number }} Point */

/**
 * @typedef {object} Handlers
 * @property {() => string} tool the chosen tool
 * @property {(tool: string, at: Point, event: PointerEvent) => boolean} begin returns whether a gesture begins
 * @property {(tool: string, points: Point[]) => void} end
 * @property {(at: Point | undefined) => void} hover the pointer moves without being pressed, or leaves
 * @property {() => void} drawn the gesture has another point, or is over
 * @property {(event: KeyboardEvent) => boolean} key returns whether the key has a meaning
 */

export class Gestures {
  /** Pointers that are down, in pixels. @type {Map<number, Point>} */
  #down = new Map();
  /** The present gesture in units of the board. @type {{ points: Point[], tool: string } | undefined} */
  current = undefined;

  /** @param {import('./layers.js').Layers} layers @param {Handlers} handlers */
  constructor(layers, handlers) {
    this.layers = layers;
    this.view = layers.view;
    this.handlers = handlers;
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ listener) => layers.live.addEventListener(name, listener, { passive: false });
    on('pointerdown', (event) => this.#pressed(event));
    on('pointermove', (event) => this.#dragged(event));
    on('pointerup', (event) => this.#released(event, false));
    on('pointercancel', (event) => this.#released(event, true));
    on('pointerleave', () => handlers.hover(undefined));
    on('wheel', (event) => this.#turned(event));
    on('keydown', (event) => handlers.key(event) && event.preventDefault());
  }

  /** Ends the present gesture without a result. @param {number} [pointer] */
  cancel(pointer) {
    if (pointer !== undefined) this.#down.delete(pointer);
    this.current = undefined;
    this.handlers.drawn();
  }

  /** @param {WheelEvent} event */
  #turned(event) {
    event.preventDefault();
    if (event.ctrlKey) this.view.zoom(Math.exp(-event.deltaY / 200), event.offsetX, event.offsetY);
    else this.view.pan(event.deltaX, event.deltaY);
    this.layers.moved();
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.button > 1) return;
    this.layers.live.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    // A second finger turns a drawing into a pinch.
    if (this.#down.size > 1) return this.cancel();
    const tool = event.button === 1 ? 'hand' : this.handlers.tool();
    const at = this.view.toBoard(event.offsetX, event.offsetY);
    if (this.handlers.begin(tool, at, event)) this.current = { points: [at], tool };
    else this.#down.delete(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #dragged(event) {
    const before = this.#down.get(event.pointerId);
    const now = { x: event.offsetX, y: event.offsetY };
    this.handlers.hover(this.view.toBoard(now.x, now.y));
    if (!before) return;
    this.#down.set(event.pointerId, now);
    if (this.#down.size === 2) return this.#pinched(event.pointerId, before, now);
    const gesture = this.current;
    if (!gesture) return;
    if (gesture.tool === 'hand') {
      this.view.pan(before.x - now.x, before.y - now.y);
      return this.layers.moved();
    }
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) gesture.points.push(this.view.toBoard(step.offsetX, step.offsetY));
    this.handlers.drawn();
  }

  /** @param {number} id @param {Point} before @param {Point} now */
  #pinched(id, before, now) {
    const other = [...this.#down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const distance = (/** @type {Point} */ p) => Math.hypot(p.x - other.x, p.y - other.y) || 1;
    this.view.zoom(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    this.view.pan((before.x - now.x) / 2, (before.y - now.y) / 2);
    this.layers.moved();
  }

  /** @param {PointerEvent} event @param {boolean} cancelled */
  #released(event, cancelled) {
    this.#down.delete(event.pointerId);
    const gesture = this.current;
    this.current = undefined;
    if (gesture && !cancelled) this.handlers.end(gesture.tool, gesture.points);
    this.handlers.drawn();
  }
}
