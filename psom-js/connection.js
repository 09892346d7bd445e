// @ts-check
// A connection that keeps itself alive and reconnects: the driver of a Session.

import { LocalObject } from './interface.js';
import { Session } from './session.js';

/** Each side pings at this interval (ruling 12). */
const PING_INTERVAL_MS = 30_000;
/** A side that receives nothing for this long ends the connection (ruling 12). */
const IDLE_LIMIT_MS = 90_000;
/** A tick that comes this late means that the page or the computer was asleep. */
const SLEEP_MS = 2 * PING_INTERVAL_MS;
/** After a sleep, a connection that answers nothing for this long is given up. */
const PROBE_LIMIT_MS = 10_000;
/** A socket with more unsent bytes than this lags; further output stays in the session's queue. */
const SOCKET_BUFFER_BYTES = 256 * 1024;
/** The interval at which the buffer of a lagging socket is checked, because browsers have no event for that. */
const DRAIN_INTERVAL_MS = 50;
/** The range of the delay before a reconnect while the page is visible; it doubles with each failure. */
const BACKOFF_MS = { first: 250, last: 8_000 };
/** The range of the delay while the page is hidden. It is longer, because the person does not wait, and many pages may be open. */
const HIDDEN_BACKOFF_MS = { first: 30_000, last: 60_000 };

/**
 * @typedef {'connecting' | 'connected' | 'reconnecting' | 'refused' | 'ended'} State
 *
 * @typedef {object} Transport a byte stream; the three `on` functions are set before anything is received
 * @property {(bytes: Uint8Array) => void} send
 * @property {() => void} close
 * @property {number} bufferedAmount bytes that were sent and are not on the network yet
 * @property {() => void} onopen
 * @property {(bytes: Uint8Array) => void} onbytes
 * @property {() => void} onclose
 */

/** Thrown by a `token` function to say that no further attempt will succeed. */
export class Refused extends Error {
  name = 'Refused';
}

/** A session with a server that is opened again whenever it is lost. */
export class Connection {
  /** @type {State} */
  state = 'connecting';
  /** The reason of the last Break, or why the last attempt failed. @type {string | undefined} */
  reason = undefined;
  /** The root object of the present session. @type {LocalObject | undefined} */
  root = undefined;

  /** @type {Session | undefined} */
  #session = undefined;
  /** @type {Transport | undefined} */
  #transport = undefined;
  #failures = 0;
  #wasOpen = false;
  #lastReceived = 0;
  #lastTick = 0;
  /** @type {any} */
  #retryTimer = undefined;
  /** @type {any} */
  #tickTimer = undefined;
  /** @type {any} */
  #drainTimer = undefined;
  #probeUntil = Infinity;
  #options;
  #onWake = () => this.#wake();
  #onOnline = () => this.#retryNow();

  /**
   * @param {object} options
   * @param {string | (() => Transport)} options.server a `wss:` address, or a function that opens a transport
   * @param {() => Promise<string> | string} options.token returns a fresh join token for each attempt
   * @param {() => LocalObject} options.root makes the root object of a new session
   * @param {import('./interface.js').Interface[]} [options.interfaces] every other interface that may be connected
   * @param {(state: State, reason: string | undefined) => void} [options.onState]
   * @param {boolean} [options.reconnect] whether to reconnect after a loss; true by default
   */
  constructor(options) {
    this.#options = options;
    globalThis.addEventListener?.('online', this.#onOnline);
    globalThis.document?.addEventListener('visibilitychange', this.#onWake);
    this.#connect();
  }

  /** Ends the connection with a Close and never reconnects. */
  close() {
    this.#session?.end();
    this.#flush();
    this.#finish('ended', undefined);
  }

  async #connect() {
    let token;
    try {
      token = await this.#options.token();
    } catch (error) {
      if (error instanceof Refused) return this.#finish('refused', error.message);
      return this.#lost(error instanceof Error ? error.message : String(error));
    }
    if (this.state === 'ended') return;
    const { server } = this.#options;
    const transport = typeof server === 'string' ? webSocket(server) : server();
    const root = this.#options.root();
    const session = new Session({ token, root, interfaces: this.#options.interfaces, opened: () => this.#opened(root) });
    this.#session = session;
    this.#transport = transport;
    this.#probeUntil = Infinity;
    transport.onopen = () => this.#flush();
    transport.onbytes = (bytes) => {
      if (session !== this.#session) return;
      this.#lastReceived = Date.now();
      this.#probeUntil = Infinity;
      try {
        session.receive(bytes);
      } finally {
        this.#flush();
        if (session.phase === 'ended') this.#ended(session);
      }
    };
    transport.onclose = () => {
      if (session !== this.#session) return;
      const refused = session.phase === 'authenticating' && this.#lastReceived === 0 && !this.#wasOpen;
      session.lost();
      this.#ended(session, refused);
    };
    this.#lastReceived = 0;
    this.#startTicking();
  }

  /** @param {LocalObject} root */
  #opened(root) {
    this.root = root;
    this.#failures = 0;
    this.#wasOpen = true;
    this.#setState('connected', undefined);
  }

  /** @param {Session} session @param {boolean} [refused] */
  #ended(session, refused = false) {
    const transport = this.#transport;
    this.#session = undefined;
    this.#transport = undefined;
    this.root = undefined;
    clearInterval(this.#tickTimer);
    clearTimeout(this.#drainTimer);
    transport?.close();
    // A Close from the server is an orderly end: the meeting is over or the user was removed.
    if (session.reason === undefined) return this.#finish('ended', undefined);
    this.#lost(refused ? 'the server does not answer' : session.reason);
  }

  /** @param {string} reason */
  #lost(reason) {
    if (this.state === 'ended' || this.state === 'refused') return;
    if (this.#options.reconnect === false) return this.#finish('ended', reason);
    this.#setState('reconnecting', reason);
    const { first, last } = globalThis.document?.hidden ? HIDDEN_BACKOFF_MS : BACKOFF_MS;
    const ceiling = Math.min(last, first * 2 ** this.#failures);
    // Full jitter spreads the clients of a server that restarts. A hidden page keeps a least delay.
    const floor = first === HIDDEN_BACKOFF_MS.first ? first : 0;
    this.#failures += 1;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#connect(), floor + Math.random() * (ceiling - floor || first));
  }

  #retryNow() {
    if (this.state !== 'reconnecting' || this.#session) return;
    clearTimeout(this.#retryTimer);
    this.#failures = 0;
    this.#connect();
  }

  /** Probes the connection when the page becomes visible again. */
  #wake() {
    if (globalThis.document?.hidden) return;
    if (!this.#session) return this.#retryNow();
    this.#probe();
  }

  #probe() {
    this.#probeUntil = Date.now() + PROBE_LIMIT_MS;
    this.#session?.ping();
    this.#flush();
    setTimeout(() => this.#checkSilence(), PROBE_LIMIT_MS);
  }

  #startTicking() {
    clearInterval(this.#tickTimer);
    this.#lastTick = Date.now();
    this.#tickTimer = setInterval(() => {
      const now = Date.now();
      const slept = now - this.#lastTick > SLEEP_MS;
      this.#lastTick = now;
      // A late timer does not show that the server is silent, so the server gets the time of a probe to answer.
      if (slept) return this.#probe();
      this.#session?.ping();
      this.#flush();
      this.#checkSilence();
    }, PING_INTERVAL_MS);
  }

  #checkSilence() {
    const now = Date.now();
    const session = this.#session;
    if (!session) return;
    const silent = this.#lastReceived !== 0 && this.#probeUntil === Infinity && now - this.#lastReceived > IDLE_LIMIT_MS;
    if (silent || now >= this.#probeUntil) {
      session.lost();
      this.#ended(session);
    }
  }

  /**
   * Connects an object of this side as a child of another in the present session.
   * @param {LocalObject} parent @param {string} part @param {LocalObject} child
   */
  connect(parent, part, child) {
    this.#session?.connect(parent, part, child);
  }

  /** Sends what the socket has room for. Call it after making calls from outside a handler. */
  flush() {
    this.#flush();
  }

  #flush() {
    const [session, transport] = [this.#session, this.#transport];
    if (!session || !transport) return;
    clearTimeout(this.#drainTimer);
    while (session.queue.length && transport.bufferedAmount < SOCKET_BUFFER_BYTES) {
      const bytes = session.takeNext();
      if (bytes?.length) transport.send(bytes);
    }
    session.congested = session.queue.length > 0;
    if (session.congested) this.#drainTimer = setTimeout(() => this.#flush(), DRAIN_INTERVAL_MS);
  }

  /** @param {State} state @param {string | undefined} reason */
  #finish(state, reason) {
    const transport = this.#transport;
    this.#session = undefined;
    this.#transport = undefined;
    this.root = undefined;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#tickTimer);
    clearTimeout(this.#drainTimer);
    globalThis.removeEventListener?.('online', this.#onOnline);
    globalThis.document?.removeEventListener('visibilitychange', this.#onWake);
    transport?.close();
    this.#setState(state, reason);
  }

  /** @param {State} state @param {string | undefined} reason */
  #setState(state, reason) {
    if (this.state === state && this.reason === reason) return;
    this.state = state;
    this.reason = reason;
    this.#options.onState?.(state, reason);
  }
}

/** Opens a WebSocket as a transport. @param {string} address @returns {Transport} */
function webSocket(address) {
  const socket = new WebSocket(address, 'v1.psom');
  socket.binaryType = 'arraybuffer';
  /** @type {Transport} */
  const transport = {
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
    },
    close: () => socket.close(),
    get bufferedAmount() {
      // Nothing may be sent before the socket is open.
      return socket.readyState === WebSocket.OPEN ? socket.bufferedAmount : Infinity;
    },
    onopen: () => {},
    onbytes: () => {},
    onclose: () => {},
  };
  socket.onopen = () => transport.onopen();
  socket.onmessage = ({ data }) => transport.onbytes(new Uint8Array(data));
  socket.onclose = () => transport.onclose();
  return transport;
}
