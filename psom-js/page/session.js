// @ts-check
// A person's visit to a meeting: joining, reconnecting, and the state that survives a lost connection.

import { Connection, Refused } from '../index.js';
import { Conference } from '../meeting/conference.js';
import { Document } from '../meeting/document.js';
import { canDecrypt, download } from '../meeting/files.js';
import { all } from '../meeting/interfaces.js';
import { Uploads } from '../meeting/uploads.js';
import { Outbox } from './outbox.js';
import { texts } from './texts.js';

/** Status codes of `/api/join` after which another attempt is useless. */
const REFUSED = [400, 403, 404, 410];

/** A person's visit to a meeting. It survives lost connections; each connection gets a new mirror. */
export class Session {
  /** @type {Conference | undefined} */
  conference = undefined;
  /** @type {Uploads | undefined} */
  uploads = undefined;
  outbox = new Outbox();
  name = '';
  role = 'attendee';
  uri = '';
  /** @type {Map<number, (answer: { url?: string, rejected?: number }) => void>} */
  #downloads = new Map();

  /** @param {string} meeting @param {string} invite @param {string} name @param {(change: any) => void} changed @param {(state: string, reason?: string) => void} onState */
  constructor(meeting, invite, name, changed, onState) {
    this.meeting = meeting;
    this.invite = invite;
    this.name = name;
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.connection = new Connection({
      server: `${scheme}//${location.host}/psom`,
      token: () => this.#join(invite),
      root: () => this.#newMirror(changed),
      interfaces: [...all, Document],
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

  /**
   * Downloads a file. If the page may not decrypt, the server decrypts the file for this download.
   * @param {import('../meeting/files.js').EncryptedFile} file @returns {Promise<Uint8Array>}
   */
  async fetch(file) {
    // Behind a reverse proxy, the server's own host name can differ from the one in this page's address.
    const name = file.url.split('/').at(-1) ?? '';
    if (canDecrypt()) return download({ ...file, url: name }, this.urlBase);
    const response = await fetch(await this.decryptedAddress(name, false));
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** @param {string} invite @returns {Promise<string>} */
  async #join(invite) {
    const response = await fetch('/api/join', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ invite, meeting: this.meeting, displayName: this.name, guest: guestSecret() }),
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
      changed(this.#settle(conference, change));
    });
    const uploads = new Uploads(conference, () => this.flush());
    conference.connect = (parent, part, child) => this.connection.connect(parent, part, child);
    this.conference = conference;
    this.uploads = uploads;
    return conference.root;
  }

  /** Updates the outbox after a change, and adds the annotations that are saved now to the change. @param {Conference} conference @param {any} change */
  #settle(conference, change) {
    const board = conference.contents.get(change.id)?.board;
    if (board && change.kind === 'synced') this.outbox.resend(change.id, board);
    if (!board || change.kind !== 'board') return change;
    if (change.refused !== undefined) this.outbox.refused(change.id, change.localId ?? '');
    return { ...change, saved: this.outbox.confirm(change.id, board, change.ids ?? []) };
  }
}

/** Returns the secret by which the server recognizes a guest who comes back. */
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
