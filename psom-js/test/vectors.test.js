// The specification's wire examples, which the Rust tests use as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Reader, Writer } from '../codec.js';
import { CallError, ProtocolError } from '../error.js';

const vectors = JSON.parse(readFileSync(new URL('../../tests/data/vectors.json', import.meta.url), 'utf8'));
const toBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function encode(type, value) {
  const out = new Writer();
  out.value(type, value);
  return toHex(out.take());
}

test('every integer vector encodes and decodes', () => {
  assert.ok(vectors.generic_int.length > 10);
  for (const { type, value, hex } of vectors.generic_int) {
    assert.equal(encode(type, BigInt(value)), hex, `${type} ${value}`);
    const input = new Reader(toBytes(hex));
    assert.equal(BigInt(input.value(type)), BigInt(value));
    input.finish();
  }
});

test('every string vector encodes and decodes', () => {
  assert.ok(vectors.string.length > 3);
  for (const { value, hex } of vectors.string) {
    assert.equal(encode('String', value), hex, value);
    assert.equal(new Reader(toBytes(hex)).value('String'), value);
  }
});

test('every reject vector is refused', () => {
  assert.ok(vectors.reject.length > 3);
  for (const { what, type = 'Int32', hex } of vectors.reject) {
    assert.throws(() => new Reader(toBytes(hex)).value(type), ProtocolError, what);
  }
});

test('strings with any code unit survive a round trip', () => {
  for (const text of ['', '\0', 'a\u0080\u07ff\u0800\uffff', '\u{1f600}', 'x'.repeat(65535)]) {
    const bytes = toBytes(encode('String', text));
    assert.equal(new Reader(bytes).value('String'), text);
  }
});

test('four-byte UTF-8 is accepted and a lone surrogate becomes U+FFFD', () => {
  const masked = (...bytes) => [0, bytes.length, ...bytes.map((byte, i) => byte ^ (((i - bytes.length) * 17) & 0xff))];
  assert.equal(new Reader(Uint8Array.from(masked(0xf0, 0x9f, 0x98, 0x80))).string(), '\u{1f600}');
  assert.equal(new Reader(Uint8Array.from(masked(0xed, 0xa0, 0xbd))).string(), '\ufffd');
  for (const malformed of [[0x80], [0xc0, 0x81], [0xe0, 0x80, 0x80], [0xc3], [0xf8]]) {
    assert.throws(() => new Reader(Uint8Array.from(masked(...malformed))).string(), ProtocolError);
  }
});

test('a text above 65,535 encoded bytes is an error of the caller', () => {
  assert.throws(() => encode('String', 'x'.repeat(65536)), CallError);
});

test('a value outside the range of its type is an error of the caller', () => {
  for (const [type, value] of [['Int16', 32768], ['Int32', 2147483648], ['UInt32', -1], ['Int64', 1n << 63n], ['Byte', 256], ['Int32', 1.5]]) {
    assert.throws(() => encode(type, value), CallError, `${type} ${value}`);
  }
});

test('nested arrays and references keep their shape', () => {
  const out = new Writer();
  out.value('String[][]', [['Name', 'box'], []]);
  out.value('DistributedObject[]', [null, 'object'], () => 300);
  const input = new Reader(out.take());
  assert.deepEqual(input.value('String[][]'), [['Name', 'box'], []]);
  assert.deepEqual(input.value('DistributedObject[]', (id) => `object ${id}`), [null, 'object 300']);
  input.finish();
});
