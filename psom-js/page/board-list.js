// @ts-check
// A board as a list with owners and texts, for people who cannot see it. It is filled only while it is open.

import { fill, h } from './dom.js';
import { texts } from './texts.js';

/** A board that fills sends many changes at once; the list is made once for all of them. */
const UPDATE_DELAY_MS = 50;
/** The most list items; the rest is counted. Screen readers cannot use longer lists. */
const MAX_LISTED = 500;

/** @typedef {import('../meeting/board.js').Annotation} Annotation */

export class BoardList {
  /** @type {any} */
  #timer = undefined;

  /** @param {() => Annotation[]} annotations @param {(owner: bigint) => string} nameOf @param {() => ((id: number) => void) | undefined} select selects an annotation, if the person may change any */
  constructor(annotations, nameOf, select) {
    this.annotations = annotations;
    this.nameOf = nameOf;
    this.select = select;
    this.items = h('ul', {});
    this.element = h('details', {}, h('summary', {}, texts.board.list), this.items);
    this.element.addEventListener('toggle', () => this.update());
  }

  /** Updates the list soon. */
  update() {
    if (this.element.open) this.#timer ??= setTimeout(() => this.#fill(), UPDATE_DELAY_MS);
  }

  #fill() {
    this.#timer = undefined;
    const annotations = this.annotations();
    const select = this.select();
    const items = annotations.slice(0, MAX_LISTED).map(({ id, kind, owner, properties }) => {
      const text = (properties.get('TEXT') ?? '').slice(0, 200);
      const label = texts.board.item(texts.board.kinds[kind] ?? '', this.nameOf(owner), text);
      if (!select) return h('li', {}, label);
      return h('li', {}, h('button', { type: 'button', class: 'plain', onclick: () => select(id) }, label));
    });
    const rest = annotations.length - items.length;
    fill(this.items, ...items, rest > 0 && h('li', {}, `+ ${rest}`));
  }
}
