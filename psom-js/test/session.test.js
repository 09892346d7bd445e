// The client's session against scripted bytes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { CallError, Session } from '../index.js';
import { Reader, Room, SIGNATURE, call, close, connect, join, negotiation, openSession, record, records, sent } from './server.js';

const vectors = JSON.parse(readFileSync(new URL('../../tests/data/vectors.json', import.meta.url), 'utf8'));
const captured = (what) => vectors.message.find((message) => message.what.startsWith(what)).hex;
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The reason of the Break at the end of what a session sends. */
function breakReason(session) {
  const last = records(sent(session)).at(-1);
  assert.equal(last?.type, record.BREAK);
  return String.fromCharCode(...last.body);
}

test('a client sends the captured bytes from authentication to RPCOpen', () => {
  const session = new Session({ token: '3000000000000000E36032154C544908', root: Room.implement() });
  assert.equal(toHex(sent(session)), captured('client authentication'));
  session.receive(SIGNATURE);
  const hello = toHex(sent(session));
  assert.ok(hello.startsWith(captured('SetChannel 0') + captured('client to server: ConnMgr.version')));
  assert.ok(hello.includes(captured('addProtocol ConnMgr')));
  assert.ok(hello.endsWith(captured('doneProtocols')));
  session.receive(negotiation().subarray(4));
  assert.equal(toHex(sent(session)), captured('RPCOpen') + captured('SetChannel 2'));
});

test('input may be cut at every byte', () => {
  const input = join(negotiation(), record.setChannel(2), record.message(call(0, 1, ['Int64', 'String'], [7n, 'hello'])));
  const heard = [];
  const root = Room.implement({ cSaid: (from, text) => heard.push([from, text]) });
  const session = new Session({ token: 'token', root });
  for (const byte of input) session.receive(Uint8Array.of(byte));
  assert.deepEqual(heard, [[7n, 'hello']]);
});

test('both sides use the highest common version', () => {
  assert.equal(openSession({ versions: [1] }).root.server.version, 1);
  assert.equal(openSession({ versions: [1, 3] }).root.server.version, 3);
});

test('a root without a common version ends the session', () => {
  const session = new Session({ token: 'token', root: Room.implement() });
  sent(session);
  session.receive(negotiation([]));
  assert.match(breakReason(session), /no common version of Example.Room/);
});

test('a method that the server lacks is an error and sends nothing', () => {
  const { session, root } = openSession({ versions: [1] });
  assert.throws(() => root.server.sHand(null), CallError);
  assert.equal(sent(session).length, 0);
});

test('a call with a wrong number of arguments is an error', () => {
  const { root } = openSession();
  assert.throws(() => root.server.sSay(), /takes 1 arguments, not 0/);
});

test('a server connects a child, calls it and closes it', () => {
  const heard = [];
  const child = Room.implement({
    cSaid: (from, text) => heard.push([from, text]),
    disconnected: () => heard.push('gone'),
  });
  const { session } = openSession({ children: { 'desk.{id}': (id) => (heard.push(id), child) } });
  session.receive(record.message(connect(0, 'DESK.9', 31n)));
  session.receive(record.message(call(1, 1, ['Int64', 'String'], [1n, 'hi'])));
  child.server.sSay('back');
  const [answer] = records(sent(session));
  assert.equal(toHex(answer.body.subarray(0, 2)), 'ff01');
  session.receive(record.message(close(1)));
  assert.deepEqual(heard, ['9', [1n, 'hi'], 'gone']);
  assert.equal(toHex(records(sent(session))[0].body), '86ff');
  assert.equal(child.server, undefined);
});

test('an unknown part is answered with a close of its number', () => {
  const { session } = openSession();
  session.receive(record.message(connect(0, 'nothing', 31n)));
  assert.equal(toHex(records(sent(session))[0].body), '86ff');
  // Calls that cross the close are dropped.
  session.receive(record.message(call(1, 1, ['Int64', 'String'], [1n, 'hi'])));
  assert.equal(session.dropped, 1);
  session.receive(record.message(close(1)));
  assert.notEqual(session.phase, 'ended');
});

test('a client connects a child and closes it', () => {
  const { session, root } = openSession();
  const child = Room.implement();
  session.connect(root, 'desk', child);
  const [request] = records(sent(session));
  assert.equal(toHex(request.body), toHex(connect(0, 'desk', 32n)));
  session.disconnect(child);
  assert.equal(toHex(records(sent(session))[0].body), '8601');
  assert.throws(() => session.disconnect(child), CallError);
});

test('references name connected objects in both directions', () => {
  const { session, root, heard } = openSession();
  const child = Room.implement();
  session.connect(root, 'desk', child);
  sent(session);
  root.server.sHand(child);
  assert.equal(toHex(records(sent(session))[0].body), '000301');
  session.receive(record.message(call(0, 2, ['DistributedObject'], [-1])));
  session.receive(record.message(call(0, 2, ['DistributedObject'], [null])));
  assert.deepEqual(heard, ['connected', child, null]);
  assert.throws(() => root.server.sHand(Room.implement()), CallError);
});

test('latest calls replace older ones only while the socket lags', () => {
  const { session, root } = openSession();
  root.server.sPoint(1, 9);
  root.server.sPoint(1, 10);
  assert.equal(records(sent(session)).length, 2);
  root.server.sPoint(1, 11);
  session.congested = true;
  root.server.sPoint(1, 12);
  root.server.sPoint(2, 20);
  root.server.sPoint(1, 13);
  const points = records(sent(session)).map(({ body }) => {
    const input = new Reader(body.subarray(2));
    return [input.value('Int32'), input.value('Int32')];
  });
  assert.deepEqual(points, [[2, 20], [1, 13]]);
});

test('each violation ends the session with a reason', () => {
  const message = (...body) => record.message(Uint8Array.from(body));
  const cases = [
    [message(0, 9), /no method 9/],
    [record.message(join(call(0, 1, ['Int64', 'String'], [1n, 'a']), [0])), /trailing bytes/],
    [message(5, 1), /not connected/],
    [record.setChannel(3), /channel 3 is not open/],
    [record.open(2, call(0, 5)), /cannot open a channel/],
    [Uint8Array.of(0x99), /record type/],
    [Uint8Array.of(0x16, 0x7f, 0xff, 0xff, 0xff), /above the limit/],
    [record.message(close(0)), /not connected/],
    [join(record.setChannel(0), message(0, 3)), /after doneProtocols/],
    [join(record.setChannel(0), message(0x86, 1)), /no children/],
  ];
  for (const [bytes, reason] of cases) {
    const { session, heard } = openSession();
    session.receive(bytes);
    assert.equal(session.phase, 'ended', String(reason));
    assert.match(breakReason(session), reason);
    assert.equal(heard.at(-1), 'disconnected');
  }
});

test('a child with another hash ends the session', () => {
  const { session } = openSession({ children: { desk: () => Room.implement() } });
  session.receive(record.message(connect(0, 'desk', 99n)));
  assert.match(breakReason(session), /hash of desk/);
});

test('a Break on the base channel gives its reason, escaped', () => {
  const { session, heard } = openSession();
  session.receive(join(record.setChannel(0), [0x06, 0, 0, 0, 4], [0x62, 0x79, 0x65, 0x07]));
  assert.equal(session.reason, 'bye\\x07');
  assert.equal(heard.at(-1), 'disconnected');
  assert.equal(sent(session).length, 0);
});

test('ending closes channel 2 before channel 0', () => {
  const { session } = openSession();
  session.end();
  const ending = records(sent(session)).map(({ type, channel }) => [type, channel]);
  assert.deepEqual(ending, [[record.CLOSE, 0], [record.SET_CHANNEL, 0], [record.CLOSE, 0]]);
});

test('an answer that is not the signature ends the session without a Break', () => {
  const session = new Session({ token: 'token', root: Room.implement() });
  sent(session);
  session.receive(Uint8Array.of(1, 2, 3, 4));
  assert.equal(session.phase, 'ended');
  assert.equal(sent(session).length, 0);
});
