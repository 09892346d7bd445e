// @ts-check
// The views of polls, questions, notes, files and presentations. Each has an element and an `update`.

import { canDecrypt } from '../meeting/files.js';
import { BoardView } from './board-view.js';
import { alert, fill, h, size } from './dom.js';
import { questions } from './questions-view.js';
import { texts } from './texts.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('../meeting/conference.js').Content} Content */
/** @typedef {{ element: HTMLElement, update: () => void, changed?: (change: any) => void, close?: () => void }} View */

/** Makes the view of a content. @param {Session} session @param {bigint} id @returns {View} */
export function viewOf(session, id) {
  const content = () => session.conference?.contents.get(id);
  switch (content()?.type) {
    case 'Content.Whiteboard':
      return whiteboard(session, id, content);
    case 'Content.Ppt':
    case 'Content.PptWac':
      return slides(session, id, content);
    case 'Content.Poll':
      return poll(session, content);
    case 'Content.Qna':
      return questions(session, content);
    case 'Content.SharedNotes':
      return notes(content);
    default:
      return file(session, content);
  }
}

/** @param {Session} session @param {bigint} id @param {() => Content | undefined} content @returns {View} */
function whiteboard(session, id, content) {
  const board = new BoardView({ session, id, content, prefix: () => '' });
  return {
    element: board.element,
    update: () => board.refresh(),
    changed: (change) => board.changed(change),
    close: () => board.close(),
  };
}

/** @param {Session} session @param {bigint} id @param {() => Content | undefined} content @returns {View} */
function slides(session, id, content) {
  const shown = () => content()?.slides?.location.slide ?? 0;
  const board = new BoardView({ session, id, content, prefix: () => `slide-${shown()}.` });
  const previous = h('button', { type: 'button', onclick: () => go(-1) }, texts.slides.previous);
  const next = h('button', { type: 'button', onclick: () => go(1) }, texts.slides.next);
  const number = h('span', { class: 'grow center' });
  const missing = h('p', { class: 'quiet' }, texts.slides.missing);
  const bar = h('div', { class: 'row' }, previous, number, next);
  const element = h('div', {}, bar, missing, board.element);
  /** @type {Map<number, Promise<ImageBitmap>>} */
  const pictures = new Map();
  let drawn = -1;
  element.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'PageDown') go(1);
    else if (event.key === 'PageUp') go(-1);
    else return;
    event.preventDefault();
  });

  /** @param {number} step */
  function go(step) {
    const count = content()?.slides?.count ?? 0;
    const slide = shown() + step;
    if (!session.mayPresent || slide < 0 || slide >= count) return;
    const xml = `<PptLocation xmlns="http://schemas.microsoft.com/2008/08/datamcu-content"><SlideNumber>${slide}</SlideNumber><Click>0</Click></PptLocation>`;
    content()?.extended?.server?.sSetLocation(xml);
    session.flush();
  }

  /** @param {number} slide */
  function picture(slide) {
    const image = content()?.slides?.images.get(slide);
    if (!image) return undefined;
    if (!pictures.has(slide)) {
      const loading = session.fetch(image).then((bytes) => createImageBitmap(new Blob([/** @type {any} */ (bytes)])));
      loading.catch(() => pictures.delete(slide));
      pictures.set(slide, loading);
    }
    return pictures.get(slide);
  }

  async function update() {
    const count = content()?.slides?.count ?? 0;
    const slide = shown();
    number.textContent = count ? texts.slides.slide(slide + 1, count) : '';
    previous.hidden = next.hidden = !session.mayPresent;
    previous.disabled = slide === 0;
    next.disabled = slide + 1 >= count;
    board.layers.live.setAttribute('aria-label', texts.slides.picture(slide + 1));
    const loading = picture(slide);
    missing.hidden = Boolean(loading);
    board.refresh();
    if (drawn === slide) return;
    drawn = slide;
    try {
      const ready = await loading;
      if (shown() === slide) board.layers.setBackground(ready);
      picture(slide + 1);
    } catch (error) {
      drawn = -1;
      missing.hidden = false;
      console.warn(error);
    }
  }
  return { element, update, changed: (change) => board.changed(change), close: () => board.close() };
}

/** @param {Session} session @param {() => Content | undefined} content @returns {View} */
function poll(session, content) {
  const server = () => content()?.extended?.server;
  const question = h('h3', {});
  const choices = h('div', {});
  const total = h('p', { class: 'quiet' });
  const manage = h('div', { class: 'row' });
  const group = `vote-${Math.random().toString(36).slice(2)}`;
  const legend = h('legend', {}, texts.poll.vote);
  const form = h('fieldset', {}, legend, choices);
  const element = h('div', { class: 'card' }, question, form, total, manage);
  const call = (/** @type {() => void} */ run) => () => (run(), session.flush());
  let shape = '';

  function update() {
    const state = content()?.poll;
    if (!state) return;
    question.textContent = state.question;
    const votes = state.results ? state.choices.map((_, i) => state.results?.[i] ?? 0) : undefined;
    const sum = votes?.reduce((a, b) => a + b, 0) ?? 0;
    // The radio buttons are kept while the choices are the same, so that the focus stays where it is.
    const next = JSON.stringify(state.choices);
    if (next !== shape) {
      shape = next;
      fill(
        choices,
        ...state.choices.map((choice, i) => {
          const radio = h('input', { type: 'radio', name: group, value: String(i), onchange: call(() => server()?.sVote(i)) });
          const bar = h('meter', { min: 0, max: 1, value: 0, 'aria-hidden': 'true' });
          return h('div', { class: 'choice' }, h('label', {}, radio, h('span', {}, choice)), bar, h('span', { class: 'quiet result' }));
        }),
      );
    }
    [...choices.children].forEach((row, i) => {
      const radio = /** @type {HTMLInputElement} */ (row.querySelector('input'));
      radio.checked = state.vote === i;
      radio.disabled = !state.open;
      const bar = /** @type {HTMLMeterElement} */ (row.querySelector('meter'));
      bar.hidden = !votes;
      bar.value = sum && votes ? votes[i] / sum : 0;
      /** @type {HTMLElement} */ (row.querySelector('.result')).textContent = votes ? texts.poll.result(votes[i], sum ? Math.round((100 * votes[i]) / sum) : 0) : '';
    });
    legend.textContent = state.open ? texts.poll.vote : texts.poll.closed;
    total.textContent = votes ? texts.poll.total(sum) : texts.poll.hidden;
    manage.hidden = !session.mayPresent;
    const focused = [...manage.children].indexOf(/** @type {any} */ (document.activeElement));
    fill(
      manage,
      h('button', { type: 'button', onclick: call(() => server()?.sSetOpenState(!state.open)) }, state.open ? texts.poll.close : texts.poll.open),
      h('button', { type: 'button', onclick: call(() => server()?.sSetResultsState(!state.resultsVisible)) }, state.resultsVisible ? texts.poll.hide : texts.poll.show),
      h('button', { type: 'button', onclick: call(() => server()?.sClearVotes()) }, texts.poll.clear),
    );
    if (focused >= 0) /** @type {HTMLElement} */ (manage.children[focused]).focus();
  }
  return { element, update };
}

/** @param {() => Content | undefined} content @returns {View} */
function notes(content) {
  const element = h('div', { class: 'card' });
  const update = () => {
    const state = content()?.notes;
    const titles = [state?.notebook, state?.section, state?.page].filter(Boolean).join(' / ');
    fill(element, titles && h('p', {}, titles), link(content()?.viewingUrl ?? '') ?? link(state?.id ?? '') ?? h('p', { class: 'quiet' }, texts.notes.none));
  };
  return { element, update };
}

/** A link to another site, if the address is one of the web. @param {string} address */
function link(address) {
  try {
    const url = new URL(address);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
    return h('a', { href: url.href, rel: 'noopener noreferrer', target: '_blank' }, texts.notes.open);
  } catch {
    return undefined;
  }
}

/** Types that a page can show without running anything in them. */
const VIEWABLE = /** @type {Record<string, string>} */ ({ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', pdf: 'application/pdf' });

/** @param {Session} session @param {() => Content | undefined} content @returns {View} */
function file(session, content) {
  const name = h('p', {});
  const viewer = h('div', { class: 'viewer' });
  const save = h('button', { type: 'button', class: 'primary', onclick: () => get(false) }, texts.file.download);
  const view = h('button', { type: 'button', onclick: () => get(true) }, texts.file.view);
  const edit = h('a', { class: 'button', hidden: true }, texts.file.edit);
  const element = h('div', { class: 'card' }, name, h('div', { class: 'row' }, edit, save, view), viewer);
  /** @type {string[]} */
  const addresses = [];

  /** @param {boolean} show */
  async function get(show) {
    const native = content()?.file;
    if (!native) return;
    try {
      if (!canDecrypt()) return location.assign(await session.decryptedAddress(native.name, !show));
      const bytes = await session.fetch({ ...native, url: native.name });
      const extension = native.name.split('.').pop()?.toLowerCase() ?? '';
      const type = (show && VIEWABLE[extension]) || 'application/octet-stream';
      const address = URL.createObjectURL(new Blob([/** @type {any} */ (bytes)], { type }));
      addresses.push(address);
      const title = content()?.title || native.name;
      if (!show) return h('a', { href: address, download: title }).click();
      if (type.startsWith('image/')) fill(viewer, h('img', { src: address, alt: title }));
      else window.open(address, '_blank', 'noopener');
    } catch (error) {
      alert(texts.file.failed);
      console.warn(error);
    }
  }

  function update() {
    const native = content()?.file;
    save.disabled = !native;
    const link = content()?.document?.link ?? '';
    edit.hidden = !link;
    edit.href = link;
    const extension = content()?.title.split('.').pop()?.toLowerCase() ?? '';
    view.hidden = !native || !VIEWABLE[extension];
    fill(name, content()?.title ?? '', native ? ` — ${texts.file.size(size(Number(native.size)))}` : '');
  }
  return { element, update, close: () => addresses.forEach((address) => URL.revokeObjectURL(address)) };
}
