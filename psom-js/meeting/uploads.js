// @ts-check
// Uploads: small packages through a stream of the connection, and files through a form of the web server
// (sections 3.2.4.1.4 and 3.3.4.1.4).

import * as interfaces from './interfaces.js';
import { fileManifest } from './package.js';

/** Bytes of one write. */
const WRITE_BYTES = 64 * 1024;
/** Bytes that may be under way without a confirmation. */
const WINDOW_BYTES = 8 * WRITE_BYTES;

/** An upload or a reservation that the server refused. `what` and `code` name the answer. */
export class UploadError extends Error {
  name = 'UploadError';
  /** @param {'title' | 'upload' | 'form'} what @param {number} code */
  constructor(what, code) {
    super(`${what} ${code}`);
    this.what = what;
    this.code = code;
  }
}

/** A title status that means that the title is reserved (section 3.1.4.1.4). */
const RESERVED = 1;

/** Sends packages and files of one session. */
export class Uploads {
  /** The uploads that wait for an answer, by cookie. @type {Map<number, Upload>} */
  #waiting = new Map();
  #conference;

  /** @param {import('./conference.js').Conference} conference @param {() => void} flush sends queued calls */
  constructor(conference, flush) {
    this.#conference = conference;
    this.flush = flush;
    conference.uploads.handlers.children = { uploadStreams: () => this.#stream() };
    conference.uploads.handlers.cAcceptUpload = (/** @type {number} */ cookie, /** @type {any} */ stream) =>
      this.#waiting.get(cookie)?.accepted(stream);
  }

  /** Notifies every waiting upload that the session is over. */
  close() {
    for (const upload of this.#waiting.values()) upload.fail(new Error('disconnected'));
    this.#waiting.clear();
  }

  /** Handles the answers that the conference reports. @param {import('./conference.js').Change} change */
  changed(change) {
    if (change.kind !== 'title' && change.kind !== 'upload') return;
    const upload = this.#waiting.get(change.cookie);
    if (!upload) return;
    if (change.kind === 'title') {
      if (change.status === RESERVED) upload.titled();
      else upload.fail(new UploadError('title', change.status));
    } else if (change.url !== undefined) {
      upload.formAt(change.url);
    } else if (change.created !== undefined) {
      upload.done(change.created);
    } else if (change.rejected !== undefined || change.finished) {
      upload.fail(new UploadError('upload', change.rejected ?? change.finished ?? 0));
    } else if (!upload.title) {
      upload.done(0n);
    }
  }

  /**
   * Sends a package and returns the content that it created, or 0 if it created none.
   * @param {{ bytes: Uint8Array, unpacked: number }} packed @param {string} [title] the title of the new content
   * @param {AbortSignal} [signal] @param {(sent: number, total: number) => void} [progress]
   * @returns {Promise<bigint>}
   */
  send(packed, title, signal, progress) {
    return this.#start(title, signal, (upload) => {
      upload.packed = packed.bytes;
      upload.progress = progress ?? upload.progress;
      this.#conference.uploads.server?.sRequestUpload_2(packed.bytes.length, packed.unpacked, upload.cookie);
    });
  }

  /**
   * Shares a file through the web server.
   * @param {File} file @param {(sent: number, total: number) => void} progress @param {AbortSignal} [signal]
   * @returns {Promise<bigint>}
   */
  share(file, progress, signal) {
    return this.#start(file.name, signal, (upload) => {
      upload.file = file;
      upload.progress = progress;
      this.#conference.uploads.server?.sRequestWebUploadBlob(upload.cookie, fileManifest(file.name, file.name));
    });
  }

  /** @param {string | undefined} title @param {AbortSignal | undefined} signal @param {(upload: Upload) => void} request @returns {Promise<bigint>} */
  #start(title, signal, request) {
    const cookie = this.#conference.nextCookie();
    return new Promise((resolve, reject) => {
      const upload = new Upload(this, this.#conference, cookie, title, request);
      const end = () => this.#waiting.delete(cookie);
      upload.done = (id) => (end(), resolve(id));
      upload.fail = (error) => (end(), upload.abandon(), reject(error));
      this.#waiting.set(cookie, upload);
      signal?.addEventListener('abort', () => upload.fail(new Error('cancelled')), { once: true });
      if (title === undefined) request(upload);
      else this.#conference.manager.server?.sReserveTitle(title, cookie);
      this.flush();
    });
  }

  #stream() {
    /** @type {import('../interface.js').LocalObject} */
    const stream = interfaces.UploadStream.implement({
      cWriteComplete: (count) => {
        for (const upload of this.#waiting.values()) if (upload.stream === stream) upload.arrived(count);
      },
      cDisconnect: () => {},
    });
    return stream;
  }
}

/** One upload on its way. */
class Upload {
  /** @type {Uint8Array | undefined} */
  packed = undefined;
  /** @type {File | undefined} */
  file = undefined;
  /** @type {any} */
  stream = undefined;
  /** @type {(sent: number, total: number) => void} */
  progress = () => {};
  /** @type {(content: bigint) => void} */
  done = () => {};
  /** @type {(error: Error) => void} */
  fail = () => {};

  #sent = 0;
  #confirmed = 0;
  #packet = 0;
  #reserved = false;
  #requested = false;
  #finished = false;
  /** @type {XMLHttpRequest | undefined} */
  #form = undefined;

  /** @param {Uploads} owner @param {import('./conference.js').Conference} conference @param {number} cookie @param {string | undefined} title @param {(upload: Upload) => void} request */
  constructor(owner, conference, cookie, title, request) {
    this.owner = owner;
    this.conference = conference;
    this.cookie = cookie;
    this.title = title;
    this.request = request;
  }

  titled() {
    this.#reserved = true;
    this.#requested = true;
    this.request(this);
    this.owner.flush();
  }

  /** @param {any} stream */
  accepted(stream) {
    this.stream = stream;
    this.#pump();
  }

  /** @param {number} count */
  arrived(count) {
    this.#confirmed += count;
    this.progress(this.#confirmed, this.packed?.length ?? 0);
    this.#pump();
  }

  #pump() {
    const bytes = this.packed;
    if (!bytes || !this.stream?.server) return;
    while (this.#sent < bytes.length && this.#sent - this.#confirmed < WINDOW_BYTES) {
      const piece = bytes.subarray(this.#sent, this.#sent + WRITE_BYTES);
      this.#packet += 1;
      this.stream.server.sWrite(piece, this.#packet);
      this.#sent += piece.length;
    }
    if (this.#confirmed === bytes.length && !this.#finished) {
      this.#finished = true;
      this.conference.uploads.server?.sUploadFinished(this.cookie, false);
    }
    this.owner.flush();
  }

  /** Sends the file as a form to the one-time address. @param {string} url */
  formAt(url) {
    if (!this.file) return;
    const form = new FormData();
    form.append('file', this.file, this.file.name);
    const request = (this.#form = new XMLHttpRequest());
    request.upload.onprogress = ({ loaded, total }) => this.progress(loaded, total);
    request.onerror = () => this.fail(new UploadError('form', 0));
    request.onload = () => {
      if (request.status !== 200) return this.fail(new UploadError('form', request.status));
      this.#finished = true;
      this.conference.uploads.server?.sUploadFinished(this.cookie, false);
      this.owner.flush();
    };
    // Behind a reverse proxy, the server's own host name can differ from the one in this page's address.
    request.open('POST', new URL(new URL(url, location.href).pathname, location.href));
    request.send(form);
  }

  /** Cancels an upload that is not complete, and releases its reserved title. */
  abandon() {
    this.#form?.abort();
    if (this.#requested && !this.#finished) this.conference.uploads.server?.sUploadFinished(this.cookie, true);
    if (this.#reserved) this.conference.manager.server?.sReleaseTitle(this.cookie);
    this.owner.flush();
  }
}
