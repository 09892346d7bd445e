// @ts-check
// Conversion between values and the bytes of PSOM (MS-PSOM sections 2.2.2.3, 3.1.1 and 6).
//
// A type is named as in an interface definition: 'Boolean', 'Byte', 'Int16', 'Int32', 'Int64', 'UInt32',
// 'UInt64', 'Double', 'String', 'DistributedObject', and each of these followed by one or more '[]'.
// Int64 and UInt64 are BigInt values. Byte[] is a Uint8Array.

import { CallError, ProtocolError } from './error.js';

/** The range of each integer type. */
const RANGES = /** @type {Record<string, [bigint, bigint]>} */ ({
  Int16: [-(1n << 15n), (1n << 15n) - 1n],
  Int32: [-(1n << 31n), (1n << 31n) - 1n],
  Int64: [-(1n << 63n), (1n << 63n) - 1n],
  UInt32: [0n, (1n << 32n) - 1n],
  UInt64: [0n, (1n << 64n) - 1n],
});

/** Integer types that are represented as BigInt, because a Number cannot hold all their values. */
const WIDE = new Set(['Int64', 'UInt64']);

/** The lead byte under which a negative zero means the smallest value of the type (section 6.1). */
const IRREGULAR = /** @type {Record<string, number>} */ ({ Int32: 0x88, Int64: 0x8d });

/** A reference to no object. */
const NULL_REFERENCE = 0x8c;

/** The length of a string has 16 bits (section 6.2). */
const MAX_STRING_BYTES = 0xffff;

/** The smallest encoding of a value in bytes, by which an array's count is checked before it is allocated. */
const MIN_BYTES = /** @type {Record<string, number>} */ ({ String: 2, Double: 8 });

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Appends values to a buffer that grows by doubling. */
export class Writer {
  #bytes = new Uint8Array(64);
  length = 0;

  /** @param {number} count */
  #reserve(count) {
    const needed = this.length + count;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    const start = this.length;
    this.length = needed;
    return start;
  }

  /** @param {number} value */
  byte(value) {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** @param {ArrayLike<number>} bytes */
  bytes(bytes) {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Appends an unsigned 32-bit integer, big-endian. @param {number} value */
  word(value) {
    this.bytes([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);
  }

  /** Appends a GenericInt in its shortest form (section 6.1). @param {bigint} value @param {string} type */
  integer(value, type) {
    if (value >= -112n && value <= 127n) return this.byte(Number(value) & 0xff);
    if (type === 'Int32' && value === RANGES.Int32[0]) return this.bytes([0x88, 0]);
    if (type === 'Int64' && value === RANGES.Int64[0]) return this.bytes([0x8d, 0, 0, 0, 0, 0, 0]);
    const magnitude = value < 0n ? -value : value;
    let length = 1;
    while (magnitude >> BigInt(8 * length)) length += 1;
    if (length === 5 || length === 7) length += 1;
    this.byte(0x80 | (length - 1) | (value < 0n ? 8 : 0));
    for (let shift = length - 1; shift >= 0; shift -= 1) {
      this.byte(Number((magnitude >> BigInt(8 * shift)) & 0xffn));
    }
  }

  /** Appends a masked string (section 6.2). @param {string} text */
  string(text) {
    /** @type {number[]} */
    const encoded = [];
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 0 && unit < 0x80) encoded.push(unit);
      else if (unit < 0x800) encoded.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
      else encoded.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
      // Stops early, so that a huge text does not become a huge array.
      if (encoded.length > MAX_STRING_BYTES) {
        throw new CallError(`the text has more than ${MAX_STRING_BYTES} encoded bytes; shorten it or send it in parts`);
      }
    }
    this.bytes([encoded.length >> 8, encoded.length & 0xff]);
    this.bytes(mask(Uint8Array.from(encoded)));
  }

  /**
   * Appends a value of a type.
   * @param {string} type
   * @param {any} value
   * @param {(object: any) => number} [identify] returns this side's identifier of a connected object
   */
  value(type, value, identify) {
    if (type === 'Byte[]') {
      if (!(value instanceof Uint8Array)) throw new CallError('Byte[] takes a Uint8Array');
      this.integer(BigInt(value.length), 'Int32');
      return this.bytes(value);
    }
    if (type.endsWith('[]')) {
      if (!Array.isArray(value)) throw new CallError(`${type} takes an array`);
      this.integer(BigInt(value.length), 'Int32');
      const element = type.slice(0, -2);
      for (const item of value) this.value(element, item, identify);
      return;
    }
    switch (type) {
      case 'Boolean':
        return this.byte(value ? 1 : 0);
      case 'Byte':
        if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new CallError(`${value} is not a Byte`);
        return this.byte(value);
      case 'Double': {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setFloat64(0, value);
        return this.bytes(bytes);
      }
      case 'String':
        return this.string(String(value));
      case 'DistributedObject':
        if (value === null) return this.byte(NULL_REFERENCE);
        if (!identify) throw new CallError('a reference needs a connection');
        return this.integer(BigInt(identify(value)), 'Int32');
      default: {
        const range = RANGES[type];
        if (!range) throw new CallError(`${type} is not a PSOM type`);
        const integer = toInteger(value, type);
        if (integer < range[0] || integer > range[1]) throw new CallError(`${value} is outside the range of ${type}`);
        return this.integer(integer, type);
      }
    }
  }

  /** Returns a copy of the bytes. */
  take() {
    return this.#bytes.slice(0, this.length);
  }
}

/** @param {any} value @param {string} type */
function toInteger(value, type) {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new CallError(`${type} takes a whole number, or a BigInt beyond 2^53`);
}

/** Reads values from bytes and never past their end. */
export class Reader {
  #bytes;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  get remaining() {
    return this.#bytes.length - this.#at;
  }

  peek() {
    return this.remaining ? this.#bytes[this.#at] : undefined;
  }

  byte() {
    return this.take(1)[0];
  }

  /** Returns a view of the next bytes. @param {number} count */
  take(count) {
    if (count > this.remaining) throw new ProtocolError('a message ends inside a value');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Throws if bytes are left (ruling 8). */
  finish() {
    if (this.remaining) throw new ProtocolError('a message has trailing bytes');
  }

  /** Reads a GenericInt of a type. @param {string} type @returns {bigint} */
  integer(type) {
    const lead = this.byte();
    const [min, max] = RANGES[type];
    let value;
    if (lead < 0x80 || lead > 0x8f) {
      value = BigInt(lead < 0x80 ? lead : lead - 0x100);
    } else {
      const length = (lead & 7) + 1;
      if (length === 5 || length === 7) throw new ProtocolError(`lead byte ${hex(lead)} is not an integer`);
      value = 0n;
      for (const byte of this.take(length)) value = (value << 8n) | BigInt(byte);
      if (lead & 8) {
        if (value === 0n) {
          if (IRREGULAR[type] !== lead) throw new ProtocolError(`a negative zero is not a value of ${type}`);
          value = min;
        } else {
          value = -value;
        }
      }
    }
    if (value < min || value > max) throw new ProtocolError(`an integer is outside the range of ${type}`);
    return value;
  }

  string() {
    const [high, low] = this.take(2);
    const bytes = mask(this.take((high << 8) | low).slice());
    try {
      return strictUtf8.decode(bytes);
    } catch {
      return fromUnits(bytes);
    }
  }

  /**
   * Reads a value of a type.
   * @param {string} type
   * @param {(id: number) => any} [resolve] returns the object of an identifier as the sender counts it
   * @returns {any}
   */
  value(type, resolve) {
    if (type.endsWith('[]')) {
      const element = type.slice(0, -2);
      const count = Number(this.integer('Int32'));
      if (count < 0) throw new ProtocolError('an array has a negative count');
      if (count * (MIN_BYTES[element] ?? 1) > this.remaining) {
        throw new ProtocolError('an array has a larger count than its bytes could hold');
      }
      if (element === 'Byte') return this.take(count).slice();
      return Array.from({ length: count }, () => this.value(element, resolve));
    }
    switch (type) {
      case 'Boolean': {
        const byte = this.byte();
        if (byte > 1) throw new ProtocolError(`${hex(byte)} is not a Boolean`);
        return byte === 1;
      }
      case 'Byte':
        return this.byte();
      case 'Double': {
        const bytes = this.take(8);
        return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0);
      }
      case 'String':
        return this.string();
      case 'DistributedObject': {
        if (this.peek() === NULL_REFERENCE) {
          this.byte();
          return null;
        }
        const id = Number(this.integer('Int32'));
        return resolve ? resolve(id) : id;
      }
      default: {
        const value = this.integer(type);
        return WIDE.has(type) ? value : Number(value);
      }
    }
  }
}

/** Masks or unmasks a whole string in place: the mask grows by 17 per byte and ends at -17. @param {Uint8Array} bytes */
function mask(bytes) {
  for (let i = 0; i < bytes.length; i += 1) bytes[i] ^= ((i - bytes.length) * 17) & 0xff;
  return bytes;
}

/** Decodes text that is not UTF-8: code units of one to three bytes, and sequences of four (ruling 7). @param {Uint8Array} bytes */
function fromUnits(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i];
    const tails = lead < 0x80 ? 0 : lead < 0xc0 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    let scalar = tails === 0 ? lead : lead & (0x7f >> (tails + 1));
    const nul = lead === 0xc0 && bytes[i + 1] === 0x80;
    let valid = tails >= 0 && i + tails < bytes.length;
    for (let k = 1; valid && k <= tails; k += 1) {
      valid = (bytes[i + k] & 0xc0) === 0x80;
      scalar = (scalar << 6) | (bytes[i + k] & 0x3f);
    }
    if (!valid || scalar > 0x10ffff || (!nul && scalar < [0, 0x80, 0x800, 0x10000][tails])) {
      throw new ProtocolError('a string is malformed');
    }
    text += String.fromCodePoint(scalar);
    i += tails + 1;
  }
  return wellFormed(text);
}

/** Replaces each lone surrogate with U+FFFD. @param {string} text */
function wellFormed(text) {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (unit) => (unit.length === 2 ? unit : '\ufffd'));
}

/** @param {number} byte */
function hex(byte) {
  return byte.toString(16).padStart(2, '0');
}
