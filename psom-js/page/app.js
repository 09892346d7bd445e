// @ts-check
// The page of a meeting: joining, the people, the contents and the stage.

import { Connection, Refused } from '../index.js';
import { Conference, VISIBILITY } from '../meeting/conference.js';
import { all } from '../meeting/interfaces.js';
import { poll, questions, whiteboard } from '../meeting/package.js';
import { UploadError, Uploads } from '../meeting/uploads.js';
import { alert, ask, fill, h, status } from './dom.js';
import { texts } from './texts.js';
import { viewOf } from './views.js';

/** Status codes of `/api/join` after which another attempt is useless. */
const REFUSED = [400, 403, 404, 410];

/** A person's visit to a meeting. It survives lost connections; each connection gets a new mirror. */
export class Session {
  /** @type {Conference | undefined} */
  conference = undefined;
  /** @type {Uploads | undefined} */
  uploads = undefined;
  name = '';
  role = 'attendee';
  uri = '';
  /** @type {Map<number, (answer: { url?: string, rejected?: number }) => void>} */
  #downloads = new Map();

  /** @param {string} meeting @param {string} invite @param {string} name @param {(change: any) => void} changed @param {(state: string, reason?: string) => void} onState */
  constructor(meeting, invite, name, changed, onState) {
    this.meeting = meeting;
    this.name = name;
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.connection = new Connection({
      server: `${scheme}//${location.host}/psom`,
      token: () => this.#join(invite),
      root: () => this.#newMirror(changed),
      interfaces: all,
      onState: (state, reason) => {
        if (state !== 'connected') this.uploads?.close();
        onState(state, reason);
      },
    });
  }

  get mayPresent() {
    return this.role !== 'attendee';
  }

  /** The base of file addresses, on the host that this page came from. */
  get urlBase() {
    return new URL(new URL(this.conference?.urlBase || '/files/', location.href).pathname, location.href).href;
  }

  /** This person's number in the meeting, once the meeting has announced it. */
  get userId() {
    return [...(this.conference?.users.values() ?? [])].find((user) => user.uri === this.uri)?.id;
  }

  /** @param {bigint | undefined} id */
  nameOf(id) {
    return this.conference?.nameOf(id) ?? '';
  }

  flush() {
    this.connection.flush();
  }

  leave() {
    this.connection.close();
  }

  /** Asks for an address at which a file is decrypted once. @param {string} name @param {boolean} attachment @returns {Promise<string>} */
  decryptedAddress(name, attachment) {
    const cookie = this.conference?.nextCookie() ?? 0;
    return new Promise((resolve, reject) => {
      this.#downloads.set(cookie, ({ url }) => (url === undefined ? reject(new Error('refused')) : resolve(new URL(url, location.href).pathname)));
      this.conference?.uploads.server?.sRequestWebDownloadBlob(cookie, name, attachment);
      this.flush();
    });
  }

  /** @param {string} invite @returns {Promise<string>} */
  async #join(invite) {
    const response = await fetch('/api/join', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ invite, displayName: this.name, guest: guestSecret() }),
    });
    if (REFUSED.includes(response.status)) throw new Refused((await response.json().catch(() => ({}))).error ?? texts.join.refused);
    if (!response.ok) throw new Error(texts.join.busy);
    const answer = await response.json();
    this.name = answer.displayName ?? this.name;
    this.role = answer.role ?? this.role;
    this.uri = answer.uri ?? this.uri;
    return answer.sAuthId;
  }

  /** @param {(change: any) => void} changed */
  #newMirror(changed) {
    const conference = new Conference((change) => {
      if (change.kind === 'download') this.#downloads.get(change.cookie)?.(change);
      uploads.changed(change);
      changed(change);
    });
    const uploads = new Uploads(conference, () => this.flush());
    conference.connect = (parent, part, child) => this.connection.connect(parent, part, child);
    this.conference = conference;
    this.uploads = uploads;
    return conference.root;
  }
}

/** A secret by which a guest is the same person when they come back. */
function guestSecret() {
  try {
    const known = localStorage.getItem('psom.guest');
    if (known) return known;
    const made = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    localStorage.setItem('psom.guest', made);
    return made;
  } catch {
    // Storage may be forbidden; the guest is then a new person after each visit.
    return undefined;
  }
}

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
// Following the link would replace the invitation in the address, and a reload would lose it.
document.querySelector('.skip')?.addEventListener('click', (event) => {
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
  /** The state that the actions were made for. @type {unknown[]} */
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
    fill(header, h('h1', {}, meeting), this.connectionState, this.people, leave);
    this.contents = h('ul', {});
    this.add = h('button', { type: 'button', class: 'primary', onclick: () => this.#addDialog() }, texts.header.add);
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
    if (change.id === this.#shown && change.kind === 'board') this.#view?.changed?.(change);
    if (change.kind === 'synced' && change.id === this.#shown) this.#view?.resend?.();
    if (change.kind === 'board') return;
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
    this.#updateStage(conference);
  }

  /** @param {Conference} conference */
  #updateContents(conference) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.content;
    const items = [...conference.contents.values()].map((content) => {
      const type = texts.types[content.type] ?? texts.types.other;
      const current = content.id === this.#shown;
      const label = `${content.title || type}${content.presenter ? ` — ${texts.stage.presents(conference.nameOf(content.presenter))}` : ''}`;
      const open = () => {
        this.#following = content.id === conference.activeContent;
        this.#shown = content.id;
        this.#update();
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

  async #addDialog() {
    const kinds = [texts.add.whiteboard, texts.add.poll, texts.add.questions, texts.add.file];
    const kind = h('select', { id: 'kind', 'aria-label': texts.add.heading }, ...kinds.map((name, i) => h('option', { value: String(i) }, name)));
    const title = h('input', { type: 'text', id: 'title', maxLength: 255 });
    const question = h('input', { type: 'text', id: 'question', maxLength: 1000 });
    const choices = h('textarea', { id: 'choices', rows: 4 });
    const files = h('input', { type: 'file', id: 'files', multiple: true });
    const field = (/** @type {string} */ text, /** @type {any} */ input) => h('p', {}, h('label', { for: input.id }, text), input);
    const parts = [field(texts.add.title, title), field(texts.add.question, question), field(texts.add.choices, choices), field(texts.add.file, files)];
    const show = () => {
      const chosen = Number(kind.value);
      [chosen !== 3, chosen === 1, chosen === 1, chosen === 3].forEach((visible, i) => (parts[i].hidden = !visible));
    };
    kind.addEventListener('change', show);
    show();
    if (!(await ask({ title: texts.add.heading, body: [kind, ...parts], ok: texts.add.create, cancel: texts.stage.cancel }))) return;
    if (kind.value === '3') {
      for (const file of files.files ?? []) this.#share(file);
      return;
    }
    const name = title.value.trim() || kinds[Number(kind.value)];
    const lines = choices.value.split('\n').map((/** @type {string} */ line) => line.trim()).filter(Boolean);
    const packed = [whiteboard, (/** @type {string} */ t) => poll(t, question.value.trim(), lines), questions][Number(kind.value)](name);
    try {
      const id = await this.session.uploads?.send(packed, name);
      if (id) {
        this.#following = false;
        this.#shown = id;
        this.#update();
      }
    } catch (error) {
      alert(refusal(error, name));
    }
  }

  #acceptDrops() {
    main.addEventListener('dragover', (event) => event.preventDefault());
    main.addEventListener('drop', (event) => {
      event.preventDefault();
      if (this.session.mayPresent) for (const file of event.dataTransfer?.files ?? []) this.#share(file);
    });
  }

  /** @param {File} file */
  async #share(file) {
    const stop = new AbortController();
    const label = h('span', {}, texts.add.progress(file.name, 0));
    const bar = h('progress', { max: 1, value: 0, 'aria-label': file.name });
    const cancel = h('button', { type: 'button', onclick: () => stop.abort() }, texts.stage.cancel);
    const row = h('li', {}, label, bar, cancel);
    this.uploads.append(row);
    try {
      await this.session.uploads?.share(file, (sent, total) => {
        bar.value = total ? sent / total : 0;
        label.textContent = texts.add.progress(file.name, Math.floor(100 * bar.value));
      }, stop.signal);
      status(texts.add.done(file.name));
    } catch (error) {
      if (!stop.signal.aborted) alert(refusal(error, file.name));
    }
    row.remove();
  }
}

/** Says why an upload was refused. @param {unknown} error @param {string} name */
function refusal(error, name) {
  if (!(error instanceof UploadError)) return texts.add.failed(name);
  const byTitle = /** @type {Record<number, string>} */ ({ 3: texts.add.titleTaken, 9: texts.add.notAllowed, 11: texts.add.titleInvalid });
  const byUpload = /** @type {Record<number, string>} */ ({ 2: texts.add.tooLarge, 3: texts.add.full, 11: texts.add.full });
  return (error.what === 'title' ? byTitle[error.code] : byUpload[error.code]) ?? texts.add.failed(name);
}

showJoin();
export { VISIBILITY };
