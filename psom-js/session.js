// @ts-check
// The protocol of one connection for the client's role, without I/O.
//
//   authentication -> answer -> version, addProtocol*, doneProtocols (both sides) -> RPCOpen -> calls
//
// Bytes go in through `receive`; records to send come out of `queue`.

import { Reader, Writer } from './codec.js';
import { CallError, ProtocolError } from './error.js';
import { Interface, LocalObject, makeProxy } from './interface.js';
import * as record from './record.js';

const BASE_CHANNEL = 0;
const APPLICATION_CHANNEL = 2;
const OP_CONNECT = 0x84;
const OP_CLOSE = 0x86;
const SIGNATURE = [0x70, 0x77, 0x32, 0x00];
/** The most objects that a server may connect on one connection, closed ones included. */
const PROXY_LIMIT = 65_536;

/** The protocol's own object, the root of channel 0 (sections 3.2.3.1.3 and 3.3.3.1.3). */
export const ConnMgr = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr',
  versions: [[1, -8221414758688209204n, 8322047979521208965n]],
  server: [
    { name: 'version', params: [['stubHash', 'Int64']] },
    { name: 'addProtocol', params: [['name', 'String'], ['versions', 'Int32[]'], ['hashes', 'Int64[]']] },
    { name: 'doneProtocols', params: [] },
    { name: 'log', params: [['msg', 'String']] },
    { name: 'lookup', params: [['name', 'String'], ['protocol', 'String'], ['proxyHash', 'Int64']] },
    { name: 'ping', params: [] },
  ],
  client: [
    { name: 'version', params: [['stubHash', 'Int64']] },
    { name: 'addProtocol', params: [['name', 'String'], ['versions', 'Int32[]'], ['hashes', 'Int64[]']] },
    { name: 'doneProtocols', params: [] },
    { name: 'ping', params: [] },
  ],
});

/**
 * @typedef {{ channel: number, bytes: Uint8Array, key?: string }} Outgoing
 *   A record for a channel. A record with the key of an older one in the queue replaces it.
 */

/** A connection's protocol state. */
export class Session {
  /** @type {'authenticating' | 'negotiating' | 'open' | 'ended'} */
  phase = 'authenticating';
  /** Records that wait to be sent, in order. @type {Outgoing[]} */
  queue = [];
  /** Whether `latest` calls replace older ones in the queue. The driver sets it while the socket lags. */
  congested = false;
  /** The number of messages that were dropped because they crossed a close of this side. */
  dropped = 0;
  /** Why the session ended: the reason of a Break, or undefined after a Close. @type {string | undefined} */
  reason = undefined;

  #reader = new record.RecordReader();
  #incomingChannel = BASE_CHANNEL;
  #outgoingChannel = BASE_CHANNEL;
  #greeted = false;
  /** Agreed version by interface name. @type {Map<string, number>} */
  #versions = new Map();
  /** Open objects by this side's identifier; a tombstone is null. @type {Map<number, LocalObject | null>} */
  #objects = new Map();
  /** @type {Map<LocalObject, number>} */
  #identifiers = new Map();
  #connectedHere = 0;
  #connectedThere = 0;
  #interfaces;
  #root;
  #opened;

  /**
   * @param {object} options
   * @param {string} options.token the join token
   * @param {LocalObject} options.root the client's side of the root object
   * @param {Interface[]} [options.interfaces] every other interface that may be connected
   * @param {() => void} [options.opened] runs when the root object is connected
   */
  constructor({ token, root, interfaces = [], opened }) {
    this.#root = root;
    this.#opened = opened;
    this.#interfaces = new Map([ConnMgr, root.type, ...interfaces].map((type) => [type.name, type]));
    const out = new Writer();
    out.bytes(SIGNATURE);
    out.word(0);
    const bytes = new TextEncoder().encode(token);
    out.word(bytes.length);
    out.bytes(bytes);
    this.queue.push({ channel: BASE_CHANNEL, bytes: out.take() });
  }

  /** Handles received bytes, cut anywhere. A broken rule ends the session. @param {Uint8Array} bytes */
  receive(bytes) {
    if (this.phase === 'ended') return;
    this.#reader.push(bytes);
    try {
      if (this.phase === 'authenticating' && !this.#onAnswer()) return;
      for (let next; this.phase !== 'ended' && (next = this.#reader.next()); ) this.#onRecord(next);
    } catch (error) {
      // A handler's own error is not the server's fault, but the state of the mirror is lost with it.
      this.end(error instanceof ProtocolError ? error.message : 'internal error');
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Ends the session: with a Break if there is a reason, otherwise with a Close. @param {string} [reason] */
  end(reason) {
    if (this.phase === 'ended') return;
    if (this.phase !== 'authenticating') {
      if (this.phase === 'open') this.queue.push({ channel: APPLICATION_CHANNEL, bytes: Uint8Array.of(record.CLOSE) });
      const bytes = reason === undefined ? Uint8Array.of(record.CLOSE) : record.breakRecord(reason);
      this.queue.push({ channel: BASE_CHANNEL, bytes });
    }
    this.#over(reason);
  }

  /** Ends the session after its transport was lost. */
  lost() {
    if (this.phase !== 'ended') this.#over('the connection was lost');
  }

  /** Queues a keepalive call (section 3.2.2). */
  ping() {
    if (this.phase === 'open') this.#callConnMgr('ping', []);
  }

  /** Removes and returns the bytes of the next record with the SetChannel before it that it needs. */
  takeNext() {
    const next = this.queue.shift();
    if (!next || next.channel === this.#outgoingChannel) return next?.bytes;
    this.#outgoingChannel = next.channel;
    const change = record.setChannel(next.channel);
    const bytes = new Uint8Array(change.length + next.bytes.length);
    bytes.set(change);
    bytes.set(next.bytes, change.length);
    return bytes;
  }

  /**
   * Connects an object of this side as a child of another. @param {LocalObject} parent @param {string} part
   * @param {LocalObject} child
   */
  connect(parent, part, child) {
    const parentId = this.#identify(parent);
    const version = this.#version(child.type);
    const out = new Writer();
    out.byte(OP_CONNECT);
    out.integer(BigInt(parentId), 'Int32');
    out.string(part);
    out.integer(clientHash(child.type, version), 'Int64');
    this.#connectedHere += 1;
    this.#send(out);
    this.#insert(this.#connectedHere, child, version);
  }

  /** Disconnects an object. Calls that cross on the wire are dropped. @param {LocalObject} object */
  disconnect(object) {
    const id = this.#identify(object);
    this.#objects.set(id, null);
    this.#release(object);
    this.#sendClose(id);
  }

  // Incoming records

  #onAnswer() {
    const answer = this.#reader.take(SIGNATURE.length);
    if (!answer) return false;
    if (SIGNATURE.some((byte, i) => answer[i] !== byte)) throw new ProtocolError('the answer to the token is malformed');
    this.phase = 'negotiating';
    // A client sets channel 0 before it negotiates (ruling 5).
    this.queue.push({ channel: BASE_CHANNEL, bytes: record.setChannel(BASE_CHANNEL) });
    this.#callConnMgr('version', [ConnMgr.versions[0][2]]);
    for (const type of this.#interfaces.values()) {
      const versions = type.versions.map(([version]) => version);
      this.#callConnMgr('addProtocol', [type.name, versions, type.versions.map(sum)]);
    }
    this.#callConnMgr('doneProtocols', []);
    return true;
  }

  /** @param {record.IncomingRecord} next */
  #onRecord({ type, channel, body }) {
    switch (type) {
      case record.SET_CHANNEL:
        if (channel !== BASE_CHANNEL && !(channel === APPLICATION_CHANNEL && this.phase === 'open')) {
          throw new ProtocolError(`channel ${channel} is not open`);
        }
        this.#incomingChannel = channel;
        return;
      case record.OPEN:
        throw new ProtocolError('a server cannot open a channel');
      case record.CLOSE:
      case record.BREAK: {
        const reason = type === record.BREAK ? escape(body) : undefined;
        // Close and Break act on the current channel; on channel 0 they end the connection (ruling 10).
        if (this.#incomingChannel === BASE_CHANNEL) return this.#over(reason ?? this.reason);
        this.reason ??= reason;
        return this.#releaseAll();
      }
      default:
        if (this.#incomingChannel === BASE_CHANNEL) this.#onBaseMessage(new Reader(body));
        else this.#onMessage(new Reader(body));
    }
  }

  /** @param {Reader} input */
  #onBaseMessage(input) {
    const first = input.peek();
    if (first === OP_CONNECT || first === OP_CLOSE) throw new ProtocolError('ConnMgr has no children');
    if (-Number(input.integer('Int32')) !== 0) throw new ProtocolError('only ConnMgr is on channel 0');
    const method = ConnMgr.client[input.byte() - 1];
    if (!method) throw new ProtocolError('ConnMgr has no such method');
    const args = readArguments(input, method, () => null);
    const done = this.phase === 'open';
    if (method.name !== 'ping' && done) throw new ProtocolError(`${method.name} came after doneProtocols`);
    if (method.name !== 'ping' && method.name !== 'version' && !this.#greeted) {
      throw new ProtocolError('version has to come first');
    }
    if (method.name === 'version') this.#onVersion(args[0]);
    if (method.name === 'addProtocol') this.#onProtocol(args[0], args[1], args[2]);
    if (method.name === 'doneProtocols') this.#open();
  }

  /** @param {bigint} hash */
  #onVersion(hash) {
    if (this.#greeted) throw new ProtocolError('version came twice');
    if (hash !== ConnMgr.versions[0][1]) throw new ProtocolError('the ConnMgr hash is another one');
    this.#greeted = true;
  }

  /** @param {string} name @param {number[]} versions @param {bigint[]} hashes */
  #onProtocol(name, versions, hashes) {
    if (versions.length !== hashes.length) throw new ProtocolError('addProtocol has lists of different lengths');
    const type = this.#interfaces.get(name);
    if (!type) return;
    versions.forEach((version, i) => {
      const ours = type.versions.find(([known]) => known === version);
      if (!ours) return;
      if (sum(ours) !== hashes[i]) throw new ProtocolError(`${name} version ${version} has another hash`);
      this.#versions.set(name, Math.max(version, this.#versions.get(name) ?? version));
    });
  }

  #open() {
    const out = new Writer();
    out.byte(0);
    out.byte(5);
    // The parameters of lookup have no meaning (section 3.2.3.1.4); these are the captured ones.
    out.string('TODO-ryanfa-remove');
    out.string('NotUsed');
    out.integer(-7932100958924279543n, 'Int64');
    const version = this.#version(this.#root.type);
    this.phase = 'open';
    this.queue.push({ channel: BASE_CHANNEL, bytes: record.open(APPLICATION_CHANNEL, out.take()) });
    this.queue.push({ channel: APPLICATION_CHANNEL, bytes: new Uint8Array(0) });
    this.#insert(0, this.#root, version);
    this.#opened?.();
  }

  /** @param {Reader} input */
  #onMessage(input) {
    const first = input.peek();
    if (first === OP_CONNECT) return this.#onConnect(input);
    if (first === OP_CLOSE) return this.#onDisconnect(input);
    const object = this.#live(-Number(input.integer('Int32')));
    const index = input.byte();
    if (!object) return;
    const method = object.type.client[index - 1];
    if (!method || (method.since ?? 0) > object.server.version) {
      throw new ProtocolError(`${object.type.name} has no method ${index}`);
    }
    const args = readArguments(input, method, (id) => this.#live(-id) ?? null);
    object.handlers[method.name]?.(...args);
  }

  /** @param {Reader} input */
  #onConnect(input) {
    input.byte();
    const parentId = -Number(input.integer('Int32'));
    const part = input.string();
    const hash = input.integer('Int64');
    input.finish();
    if (this.#objects.size >= PROXY_LIMIT) throw new ProtocolError('the server connects too many objects');
    // The number is used up whether or not the connect succeeds (ruling 2).
    this.#connectedThere += 1;
    const id = -this.#connectedThere;
    const child = this.#live(parentId)?.child(part);
    if (!child) {
      this.#objects.set(id, null);
      return this.#sendClose(id);
    }
    const version = this.#version(child.type);
    if (hash !== serverHash(child.type, version)) throw new ProtocolError(`the hash of ${part} is another one`);
    this.#insert(id, child, version);
  }

  /** @param {Reader} input */
  #onDisconnect(input) {
    input.byte();
    const id = -Number(input.integer('Int32'));
    input.finish();
    const object = this.#objects.get(id);
    if (object === undefined || id === 0) throw new ProtocolError(`object ${id} is not connected`);
    this.#objects.delete(id);
    if (object === null) return;
    this.#sendClose(id);
    this.#release(object);
  }

  /** Returns an open object, or null if its message crossed a close of this side. @param {number} id */
  #live(id) {
    const object = this.#objects.get(id);
    if (object === undefined) throw new ProtocolError(`object ${id} is not connected`);
    if (object === null) this.dropped += 1;
    return object;
  }

  // Outgoing records

  /** @param {string} name @param {any[]} args */
  #callConnMgr(name, args) {
    const index = ConnMgr.server.findIndex((method) => method.name === name);
    const out = new Writer();
    out.byte(0);
    out.byte(index + 1);
    ConnMgr.server[index].params.forEach(([, type], i) => out.value(type, args[i]));
    this.queue.push({ channel: BASE_CHANNEL, bytes: record.message(out.take()) });
  }

  /** @param {Writer} body @param {string} [key] */
  #send(body, key) {
    if (this.phase === 'ended') return;
    if (body.length > record.RECORD_LIMIT_BYTES) throw new CallError('the call is longer than a record may be');
    if (key !== undefined && this.congested) this.queue = this.queue.filter((older) => older.key !== key);
    this.queue.push({ channel: APPLICATION_CHANNEL, bytes: record.message(body.take()), key });
  }

  /** @param {number} id */
  #sendClose(id) {
    const out = new Writer();
    out.byte(OP_CLOSE);
    out.integer(BigInt(id), 'Int32');
    this.#send(out);
  }

  // Objects

  /** @param {number} id @param {LocalObject} object @param {number} version */
  #insert(id, object, version) {
    this.#objects.set(id, object);
    this.#identifiers.set(object, id);
    object.server = makeProxy(object.type, version, (index, method, args) => {
      if (this.#objects.get(id) !== object) throw new CallError(`${object.type.name} is not connected any more`);
      const out = new Writer();
      out.integer(BigInt(id), 'Int32');
      out.byte(index);
      method.params.forEach(([, type], i) => out.value(type, args[i], (target) => this.#identify(target)));
      const subject = method.latestBy === undefined ? '' : String(args[method.latestBy]);
      this.#send(out, method.latest ? `${id}.${index}.${subject}` : undefined);
    });
    object.handlers.connected?.(object.server);
  }

  /** @param {LocalObject} object */
  #release(object) {
    this.#identifiers.delete(object);
    object.server = undefined;
    object.handlers.disconnected?.();
  }

  /** @param {LocalObject} object */
  #identify(object) {
    const id = this.#identifiers.get(object);
    if (id === undefined) throw new CallError(`${object?.type?.name ?? object} is not connected`);
    return id;
  }

  /** @param {Interface} type */
  #version(type) {
    const version = this.#versions.get(type.name);
    if (version === undefined) throw new ProtocolError(`no common version of ${type.name}`);
    return version;
  }

  /** @param {string | undefined} reason */
  #over(reason) {
    this.phase = 'ended';
    this.reason = reason;
    this.#releaseAll();
  }

  #releaseAll() {
    // Children lose their server before their parents, and the root comes last.
    const objects = [...this.#objects].filter(([, object]) => object);
    objects.sort(([a], [b]) => Math.abs(b) - Math.abs(a));
    this.#objects.clear();
    for (const [, object] of objects) this.#release(/** @type {LocalObject} */ (object));
  }
}

/** @param {Reader} input @param {import('./interface.js').Method} method @param {(id: number) => any} resolve */
function readArguments(input, method, resolve) {
  const args = method.params.map(([, type]) => input.value(type, resolve));
  input.finish();
  return args;
}

/** The sum of both hashes, which wraps in 64 bits (ruling 4). @param {[number, bigint, bigint]} version */
function sum([, server, client]) {
  return BigInt.asIntN(64, server + client);
}

/** @param {Interface} type @param {number} version */
function serverHash(type, version) {
  return type.versions.find(([known]) => known === version)?.[1];
}

/** @param {Interface} type @param {number} version @returns {bigint} */
function clientHash(type, version) {
  return type.versions.find(([known]) => known === version)?.[2] ?? 0n;
}

/** Shows a reason that need not be ASCII (ruling 10). @param {Uint8Array} bytes */
function escape(bytes) {
  const shown = Array.from(bytes.subarray(0, 1024), (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return shown.join('');
}
