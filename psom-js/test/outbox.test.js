// Annotations that survive a lost connection, and are on the board once.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Outbox } from '../page/outbox.js';

/** A board with the calls that an outbox uses. */
class FakeBoard {
  annotations = new Map();
  server = {};
  sent = [];
  removed = [];
  add(_kind, properties) {
    this.sent.push(properties.LOCALID);
  }
  remove(ids) {
    this.removed.push(...ids);
  }
  put(id, localId) {
    this.annotations.set(id, { properties: new Map([['LOCALID', localId]]) });
    return id;
  }
}

const stroke = { kind: 0, properties: { DATA: 'M0 0L1 1' } };

test('an annotation is saved when the server sends it, and is not sent again', () => {
  const [outbox, board] = [new Outbox(), new FakeBoard()];
  outbox.add(1n, board, '', stroke);
  assert.equal(outbox.of(1n).size, 1);
  const id = board.put(7, board.sent[0]);
  assert.deepEqual(outbox.confirm(1n, board, [id]), [{ id: 7, replaces: undefined }]);
  assert.equal(outbox.of(1n).size, 0);
  const next = new FakeBoard();
  next.put(7, board.sent[0]);
  outbox.resend(1n, next);
  assert.deepEqual([next.sent, next.removed], [[], []]);
});

test('an annotation is sent once in a session, and again in the next one if its snapshot lacks it', () => {
  const [outbox, board, next] = [new Outbox(), new FakeBoard(), new FakeBoard()];
  outbox.add(1n, board, '', stroke);
  outbox.resend(1n, board);
  assert.equal(board.sent.length, 1);
  outbox.resend(1n, next);
  outbox.resend(1n, next);
  assert.deepEqual(next.sent, board.sent);
});

test('an annotation that is drawn without a connection waits for one', () => {
  const [outbox, lost, next] = [new Outbox(), new FakeBoard(), new FakeBoard()];
  outbox.add(1n, undefined, 'slide-2.', stroke);
  lost.server = undefined;
  outbox.add(1n, lost, '', stroke);
  outbox.resend(1n, next);
  assert.equal(next.sent.length, 2);
  assert.match(next.sent[0], /^slide-2\./);
});

test('of two annotations with one LOCALID, the page removes the later one', () => {
  const [outbox, board, next] = [new Outbox(), new FakeBoard(), new FakeBoard()];
  outbox.add(1n, board, '', stroke);
  const [localId] = board.sent;
  // The connection is lost, the snapshot lacks the annotation, and it is sent again.
  outbox.resend(1n, next);
  assert.deepEqual(outbox.confirm(1n, next, [next.put(8, localId)]).map(({ id }) => id), [8]);
  // Then the server handles the bytes of the lost connection.
  assert.deepEqual(outbox.confirm(1n, next, [next.put(9, localId)]), []);
  assert.deepEqual(next.removed, [9]);
  // The page never removes annotations of other pages, even if they have the same LOCALID.
  outbox.confirm(1n, next, [next.put(10, 'other'), next.put(11, 'other')]);
  assert.deepEqual(next.removed, [9]);
});

test('an annotation that the server refused is not sent again', () => {
  const [outbox, board, next] = [new Outbox(), new FakeBoard(), new FakeBoard()];
  outbox.add(1n, board, '', stroke);
  outbox.refused(1n, board.sent[0]);
  outbox.resend(1n, next);
  assert.equal(next.sent.length, 0);
});
