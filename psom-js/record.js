// @ts-check
// Records, the outermost layer of the byte stream (section 2.2.1.1).

import { Writer } from './codec.js';
import { ProtocolError } from './error.js';

export const CLOSE = 0x00;
export const SET_CHANNEL = 0x04;
export const BREAK = 0x06;
export const MESSAGE = 0x16;
export const OPEN = 0x37;

/** The longest body that a record may have, in bytes. It matches the server's default. */
export const RECORD_LIMIT_BYTES = 1 << 20;

/**
 * @typedef {{ type: number, channel: number, body: Uint8Array }} IncomingRecord
 *   `channel` is set for SET_CHANNEL and OPEN, `body` for BREAK, MESSAGE and OPEN.
 */

/** Collects bytes, cut anywhere, into records. */
export class RecordReader {
  /** @type {Uint8Array[]} */
  #chunks = [];
  #length = 0;

  /** @param {Uint8Array} bytes */
  push(bytes) {
    if (bytes.length) this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Removes and returns the next bytes, or undefined if there are fewer. @param {number} count */
  take(count) {
    if (this.#length < count) return undefined;
    const bytes = this.#join(count);
    this.#chunks[0] = this.#chunks[0].subarray(count);
    this.#length -= count;
    return bytes;
  }

  /** Makes the first bytes contiguous and returns them without removing them. @param {number} count */
  #join(count) {
    if (!this.#chunks.length) return new Uint8Array(0);
    if (this.#chunks[0].length < count) {
      const joined = new Uint8Array(this.#length);
      let at = 0;
      for (const chunk of this.#chunks) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      this.#chunks = [joined];
    }
    return this.#chunks[0].subarray(0, count);
  }

  /** Removes and returns the next record, or undefined if it is not complete yet. @returns {IncomingRecord | undefined} */
  next() {
    if (!this.#length) return undefined;
    const [type] = this.#join(1);
    const header = { [CLOSE]: 1, [SET_CHANNEL]: 5, [BREAK]: 5, [MESSAGE]: 5, [OPEN]: 9 }[type];
    if (!header) throw new ProtocolError(`record type ${type} is unknown`);
    if (this.#length < header) return undefined;
    const bytes = this.#join(header);
    const word = (/** @type {number} */ at) => new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
    const channel = type === SET_CHANNEL || type === OPEN ? word(1) : 0;
    const length = type === BREAK || type === MESSAGE ? word(1) : type === OPEN ? word(5) : 0;
    if (length > RECORD_LIMIT_BYTES) throw new ProtocolError(`a record of ${length} bytes is above the limit`);
    const record = this.take(header + length);
    return record && { type, channel, body: record.subarray(header) };
  }
}

/** @param {number} channel */
export function setChannel(channel) {
  const out = new Writer();
  out.byte(SET_CHANNEL);
  out.word(channel);
  return out.take();
}

/** @param {Uint8Array} body */
export function message(body) {
  const out = new Writer();
  out.byte(MESSAGE);
  out.word(body.length);
  out.bytes(body);
  return out.take();
}

/** @param {number} channel @param {Uint8Array} body */
export function open(channel, body) {
  const out = new Writer();
  out.byte(OPEN);
  out.word(channel);
  out.word(body.length);
  out.bytes(body);
  return out.take();
}

/** Returns a Break record with a reason of printable ASCII and at most 1,024 bytes (ruling 10). @param {string} reason */
export function breakRecord(reason) {
  const ascii = reason.replace(/[^ -~]/g, '?').slice(0, 1024);
  const out = new Writer();
  out.byte(BREAK);
  out.word(ascii.length);
  out.bytes(new TextEncoder().encode(ascii));
  return out.take();
}
