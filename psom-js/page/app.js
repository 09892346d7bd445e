// @ts-check
// The page of a meeting: joining, the people, the contents and the stage.

import { Adding } from './add.js';
import { alert, ask, fill, h, status } from './dom.js';
import { Session } from './session.js';
import { texts } from './texts.js';
import { viewOf } from './views.js';

/** @typedef {import('../meeting/conference.js').Conference} Conference */

/** @param {string} key @param {string} [value] */
function remembered(key, value) {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key) ?? '';
  } catch {
    return value ?? '';
  }
}

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const header = /** @type {HTMLElement} */ (document.getElementById('header'));
const skip = /** @type {HTMLElement} */ (document.querySelector('.skip'));
skip.textContent = texts.join.skip;
// Following the link would replace the invitation in the address, and a reload would lose it.
skip.addEventListener('click', (event) => {
  event.preventDefault();
  (document.getElementById('stage') ?? main).focus();
});
const meeting = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
const invite = new URLSearchParams(location.hash.slice(1)).get('invite') ?? '';

/** Asks for a name, and joins. */
function showJoin() {
  document.title = texts.join.title(meeting);
  fill(header, h('h1', {}, texts.join.title(meeting)));
  if (!invite) return fill(main, h('p', { class: 'card' }, texts.join.noInvitation));
  const name = h('input', { id: 'name', type: 'text', autocomplete: 'name', maxLength: 100, required: true, value: remembered('psom.name') });
  const form = h('form', { class: 'card' }, h('label', { for: 'name' }, texts.join.name), name, h('button', { class: 'primary' }, texts.join.button));
  form.addEventListener('submit', (/** @type {Event} */ event) => {
    event.preventDefault();
    if (name.value.trim()) new Page(remembered('psom.name', name.value.trim()));
  });
  fill(main, form);
  name.focus();
}

/** The page while the person is in the meeting. */
class Page {
  /** @type {bigint | undefined} */
  #shown = undefined;
  /** @type {import('./views.js').View | undefined} */
  #view = undefined;
  #following = true;
  /** The state for which the buttons were made. @type {unknown[]} */
  #actionsFor = [];
  #queued = false;

  /** @param {string} name */
  constructor(name) {
    this.people = h('button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'people' });
    this.peopleList = h('ul', { id: 'people', hidden: true, class: 'card' });
    this.people.addEventListener('click', () => {
      this.peopleList.hidden = !this.peopleList.hidden;
      this.people.setAttribute('aria-expanded', String(!this.peopleList.hidden));
    });
    const leave = h('button', { type: 'button', onclick: () => this.session.leave() }, texts.header.leave);
    this.connectionState = h('span', { class: 'quiet' }, texts.state.connecting);
    this.exporting = h('button', { type: 'button', hidden: true, onclick: () => this.#export() }, texts.header.export);
    fill(header, h('h1', {}, meeting), this.connectionState, this.people, this.exporting, leave);
    this.contents = h('ul', {});
    this.add = h('button', { type: 'button', class: 'primary', onclick: () => this.adding.ask() }, texts.header.add);
    this.uploads = h('ul', { class: 'uploads' });
    this.nav = h('nav', { 'aria-label': texts.header.contents }, h('h2', {}, texts.header.contents), this.contents, this.add, this.uploads);
    this.title = h('h2', { id: 'stage', tabIndex: -1 }, texts.stage.heading);
    this.actions = h('div', { class: 'row' });
    this.body = h('div', {});
    this.stage = h('section', { 'aria-labelledby': 'stage' }, this.title, this.actions, this.body);
    fill(main, this.peopleList, h('div', { class: 'columns' }, this.nav, this.stage));
    this.#acceptDrops();
    document.title = meeting;
    this.session = new Session(meeting, invite, name, (change) => this.#changed(change), (state, reason) => this.#stateChanged(state, reason));
    this.adding = new Adding(this.session, this.uploads, (id) => this.#open(id));
  }

  /** @param {string} state @param {string | undefined} reason */
  #stateChanged(state, reason) {
    const known = /** @type {Record<string, string>} */ (texts.state);
    this.connectionState.textContent = known[state] ?? '';
    if (state === 'connected') {
      alert('');
      status(texts.state.connected);
    } else if (state === 'reconnecting') {
      alert(reason && reason !== 'the connection was lost' ? `${known.reconnecting} (${reason})` : known.reconnecting);
    } else if (state === 'refused' || state === 'ended') {
      this.#view?.close?.();
      const again = h('button', { type: 'button', class: 'primary', onclick: showJoin }, texts.state.again);
      alert(state === 'refused' ? (reason ?? texts.join.refused) : '');
      fill(header, h('h1', {}, meeting));
      fill(main, h('div', { class: 'card' }, h('p', {}, state === 'ended' ? texts.state.ended : texts.join.refused), again));
      again.focus();
    }
  }

  /** @param {any} change */
  #changed(change) {
    if (change.kind === 'retitled' && change.status) alert(texts.retitle[change.status] ?? '');
    const isBoard = change.kind === 'board' || change.kind === 'synced';
    if (isBoard && change.id === this.#shown) this.#view?.changed?.(change);
    if (isBoard) return;
    // Many calls arrive in one frame; the lists are drawn once for all of them.
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.#update();
    });
  }

  #update() {
    const conference = this.session.conference;
    // After a reconnect, the page stays as it is until the new session has the meeting.
    if (!conference || (!conference.ready && this.#shown !== undefined)) return;
    const present = [...conference.users.values()].filter((user) => user.present);
    this.people.textContent = texts.header.people(present.length);
    fill(this.peopleList, ...present.map((user) => h('li', {}, user.name || user.uri, user.uri === this.session.uri && ` (${texts.header.you})`, user.id === conference.activePresenter && ` — ${texts.stage.presents('')}`)));
    if (this.#following && conference.activeContent !== undefined) this.#shown = conference.activeContent;
    if (this.#shown !== undefined && !conference.contents.has(this.#shown) && conference.ready) this.#shown = undefined;
    this.#updateContents(conference);
    this.add.hidden = !this.session.mayPresent;
    this.exporting.hidden = this.session.role !== 'organizer';
    this.#updateStage(conference);
  }

  /** Shows a content. The page follows the presenter again if the content is the presented one. @param {bigint} id */
  #open(id) {
    this.#following = id === this.session.conference?.activeContent;
    this.#shown = id;
    this.#update();
  }

  /** Exports the meeting. The module is loaded only now, because few people need it. */
  async #export() {
    const { exportMeeting } = await import('./export.js');
    this.exporting.disabled = true;
    await exportMeeting(this.session, meeting).finally(() => (this.exporting.disabled = false));
  }

  /** @param {Conference} conference */
  #updateContents(conference) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.content;
    const items = [...conference.contents.values()].map((content) => {
      const type = texts.types[content.type] ?? texts.types.other;
      const current = content.id === this.#shown;
      const label = `${content.title || type}${content.presenter ? ` — ${texts.stage.presents(conference.nameOf(content.presenter))}` : ''}`;
      const open = () => {
        this.#open(content.id);
        this.title.focus();
      };
      const button = h('button', { type: 'button', class: 'plain', 'data-content': String(content.id), 'aria-current': String(current), onclick: open }, label, h('span', { class: 'quiet' }, ` ${type}`));
      return h('li', {}, button);
    });
    fill(this.contents, ...items);
    if (focused) /** @type {HTMLElement | null} */ (this.contents.querySelector(`[data-content="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Conference} conference */
  #updateStage(conference) {
    const content = this.#shown === undefined ? undefined : conference.contents.get(this.#shown);
    const key = content ? `${content.id} ${content.type}` : '';
    if (key !== this.body.dataset.key) {
      this.#view?.close?.();
      this.body.dataset.key = key;
      this.#view = content && viewOf(this.session, content.id);
      fill(this.body, this.#view ? this.#view.element : h('p', { class: 'quiet' }, this.session.mayPresent ? texts.stage.emptyPresenter : texts.stage.empty));
    }
    this.title.textContent = content?.title || texts.stage.heading;
    document.title = content?.title ? `${content.title} — ${meeting}` : meeting;
    this.#updateActions(conference, content);
    this.#view?.update();
  }

  /** @param {Conference} conference @param {import('../meeting/conference.js').Content | undefined} content */
  #updateActions(conference, content) {
    const call = (/** @type {() => void} */ run) => () => (run(), this.session.flush());
    const button = (/** @type {string} */ text, /** @type {() => void} */ run) => h('button', { type: 'button', 'data-action': text, onclick: run }, text);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.action;
    const elsewhere = conference.activeContent !== undefined && conference.activeContent !== content?.id;
    // The buttons stay while nothing changes, so that a click is not lost between two updates.
    const state = [conference, content, content?.object.server, content?.presenter, content?.visibility, elsewhere, this.session.mayPresent];
    if (state.every((value, i) => value === this.#actionsFor[i])) return;
    this.#actionsFor = state;
    const follow = elsewhere && button(texts.stage.follow, () => ((this.#following = true), this.#update()));
    const server = content?.object.server;
    const manage = content && server && this.session.mayPresent;
    const visibility = manage && h('select', { 'aria-label': texts.stage.visibility }, ...texts.stage.visibilities.map((name, i) => h('option', { value: String(i) }, name)));
    if (visibility && content) {
      visibility.value = String(content.visibility);
      visibility.addEventListener('change', call(() => server.sSetVisibility(Number(visibility.value))));
    }
    fill(
      this.actions,
      follow,
      manage && (content.presenter ? button(texts.stage.stop, call(() => server.sStopPresenting())) : button(texts.stage.present, call(() => server.sPresent()))),
      manage && button(texts.stage.rename, () => this.#rename(content)),
      manage && button(texts.stage.remove, () => this.#remove(content)),
      visibility,
    );
    if (focused) /** @type {HTMLElement | null} */ (this.actions.querySelector(`[data-action="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {import('../meeting/conference.js').Content} content */
  async #rename(content) {
    const field = h('input', { type: 'text', maxLength: 255, required: true, value: content.title, 'aria-label': texts.add.title });
    if (!(await ask({ title: texts.stage.rename, body: [field], ok: texts.stage.ok, cancel: texts.stage.cancel }))) return;
    content.object.server?.sSetTitle(field.value.trim());
    this.session.flush();
  }

  /** @param {import('../meeting/conference.js').Content} content */
  async #remove(content) {
    if (!(await ask({ title: texts.stage.confirmRemove(content.title), ok: texts.stage.remove, cancel: texts.stage.cancel }))) return;
    this.session.conference?.manager.server?.sDeleteContent(content.id);
    this.session.flush();
  }

  #acceptDrops() {
    main.addEventListener('dragover', (event) => event.preventDefault());
    main.addEventListener('drop', (event) => {
      event.preventDefault();
      if (this.session.mayPresent) for (const file of event.dataTransfer?.files ?? []) this.adding.share(file);
    });
  }
}

showJoin();
