// Compares this codec with the one in Rust: reads the messages that `codec_messages` writes, a line each, and
// decodes and encodes them. Ends with the first difference.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

import { Reader, Writer } from '../codec.js';
import { ProtocolError } from '../error.js';
import { all } from '../meeting/interfaces.js';
import { ConnMgr } from '../session.js';

/** The parameter types of the message that has every type. */
const EVERY_TYPE = ['Boolean', 'Byte', 'Int16', 'Int32', 'Int64', 'UInt32', 'UInt64', 'Double', 'String', 'DistributedObject', 'Boolean[]', 'Byte[]', 'Int16[]', 'Int64[]', 'UInt32[]', 'UInt64[]', 'Double[]', 'String[]', 'Int32[][]', 'String[][]'];

const interfaces = new Map([ConnMgr, ...all].map((type) => [type.name, type]));
const toBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The bits of a Double in hexadecimal. Not for NaN, which has many bit patterns that JavaScript does not keep. */
function double(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return toHex(new Uint8Array(view.buffer));
}

/** A value in the form that the messages have. */
function shown(type, value) {
  if (type === 'Byte[]') return toHex(value);
  if (type.endsWith('[]')) return value.map((item) => shown(type.slice(0, -2), item));
  if (type === 'Int64' || type === 'UInt64') return String(value);
  if (type === 'Double') return Number.isNaN(value) ? 'NaN' : double(value);
  return value;
}

/** A value of a message in the form that the codec takes. */
function plain(type, value) {
  if (type === 'Byte[]') return toBytes(value);
  if (type.endsWith('[]')) return value.map((item) => plain(type.slice(0, -2), item));
  if (type === 'Int64' || type === 'UInt64') return BigInt(value);
  if (type === 'Double') return new DataView(toBytes(value).buffer).getFloat64(0);
  return value;
}

/** Replaces the bits of each NaN, which JavaScript does not keep. */
function withoutNaN(type, value) {
  if (type.endsWith('[]') && Array.isArray(value)) return value.map((item) => withoutNaN(type.slice(0, -2), item));
  return type === 'Double' && Number.isNaN(plain(type, value)) ? 'NaN' : value;
}

function decode(types, bytes) {
  const input = new Reader(bytes);
  const values = types.map((type) => shown(type, input.value(type)));
  input.finish();
  return values;
}

let count = 0;
let damaged = 0;
let refused = 0;
const methods = new Set();
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  const type = interfaces.get(message.interface);
  assert.ok(type || message.interface === '', `${message.interface} is unknown`);
  const types = type ? (message.server ? type.server : type.client)[message.method].params.map(([, name]) => name) : EVERY_TYPE;
  methods.add(`${message.interface} ${message.server} ${message.method}`);
  const bytes = toBytes(message.hex);
  const expected = message.values?.map((value, i) => withoutNaN(types[i], value));
  count += 1;
  damaged += message.damaged ? 1 : 0;
  if (!expected) {
    refused += 1;
    assert.throws(() => decode(types, bytes), ProtocolError, line);
    continue;
  }
  assert.deepEqual(decode(types, bytes), expected, line);
  // Bytes that were changed can be another, longer form of the same values.
  if (message.damaged || JSON.stringify(expected) !== JSON.stringify(message.values)) continue;
  const out = new Writer();
  message.values.forEach((value, i) => out.value(types[i], plain(types[i], value), (id) => id));
  assert.equal(toHex(out.take()), message.hex, line);
}
assert.ok(methods.size > interfaces.size, 'messages of every interface');
console.log(`${count} messages of ${methods.size} methods are the same in both codecs; ${damaged} were damaged, of which ${refused} were refused by both`);
