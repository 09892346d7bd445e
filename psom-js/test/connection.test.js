// A connection that is opened again, over scripted transports.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Connection, Refused } from '../index.js';
import { Room, join, negotiation, record } from './server.js';

/** A connection whose server is the test. */
function connection(token = () => 'token') {
  const transports = [];
  const states = [];
  const connection = new Connection({
    server: () => {
      const transport = { bufferedAmount: 0, send: () => {}, close: () => {} };
      transports.push(transport);
      return transport;
    },
    token,
    root: () => Room.implement(),
    onState: (state, reason) => states.push([state, reason]),
  });
  return { connection, transports, states };
}

/** Waits until a condition holds. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const breaking = (reason) => join(record.setChannel(0), [0x06, 0, 0, 0, reason.length], Buffer.from(reason));

test('a meeting that has moved is joined again with a fresh token', async () => {
  let tokens = 0;
  const { connection: own, transports, states } = connection(() => `token${(tokens += 1)}`);
  await until(() => transports.length === 1);
  transports[0].onbytes(negotiation());
  transports[0].onbytes(breaking('moved'));
  assert.deepEqual(states, [['connected', undefined], ['reconnecting', 'moved']]);
  await until(() => transports.length === 2);
  transports[1].onbytes(negotiation());
  assert.equal(states.at(-1)[0], 'connected');
  assert.equal(tokens, 2);
  own.close();
});

test('a Close from the server ends the connection', async () => {
  const { transports, states } = connection();
  await until(() => transports.length === 1);
  transports[0].onbytes(negotiation());
  transports[0].onbytes(join(record.setChannel(0), [record.CLOSE, 0, 0, 0, 0]));
  assert.deepEqual(states.at(-1), ['ended', undefined]);
});

test('a refused token ends the attempts', async () => {
  const refuse = () => {
    throw new Refused('ask for a new link');
  };
  const { transports, states } = connection(refuse);
  await until(() => states.length === 1);
  assert.deepEqual(states, [['refused', 'ask for a new link']]);
  assert.equal(transports.length, 0);
});
