// A scripted server for tests: it speaks the server's half of the protocol through bytes.
import { Interface, Reader, Session, Writer } from '../index.js';
import * as record from '../record.js';
import { ConnMgr } from '../session.js';

export const Room = new Interface({
  name: 'Example.Room',
  versions: [[1, 11n, 12n], [3, 31n, 32n]],
  server: [
    { name: 'sSay', params: [['text', 'String']] },
    { name: 'sPoint', params: [['who', 'Int32'], ['x', 'Int32']], latest: true, latestBy: 0 },
    { name: 'sHand', params: [['to', 'DistributedObject']], since: 3 },
  ],
  client: [
    { name: 'cSaid', params: [['from', 'Int64'], ['text', 'String']] },
    { name: 'cHanded', params: [['to', 'DistributedObject']], since: 3 },
  ],
});

export const SIGNATURE = Uint8Array.of(0x70, 0x77, 0x32, 0);

/** The body of a call, as a server sends it. */
export function call(id, index, types = [], values = []) {
  const out = new Writer();
  out.integer(BigInt(id), 'Int32');
  out.byte(index);
  types.forEach((type, i) => out.value(type, values[i], (target) => target));
  return out.take();
}

export function connect(parent, part, hash) {
  const out = new Writer();
  out.byte(0x84);
  out.integer(BigInt(parent), 'Int32');
  out.string(part);
  out.integer(hash, 'Int64');
  return out.take();
}

export function close(id) {
  const out = new Writer();
  out.byte(0x86);
  out.integer(BigInt(id), 'Int32');
  return out.take();
}

/** Joins records into one run of bytes. */
export const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** The server's side of a negotiation that supports the given versions of Room. */
export function negotiation(versions = [1, 3]) {
  const sums = versions.map((version) => {
    const [, server, client] = Room.versions.find(([known]) => known === version);
    return server + client;
  });
  return join(
    SIGNATURE,
    record.message(call(0, 1, ['Int64'], [ConnMgr.versions[0][1]])),
    record.message(call(0, 2, ['String', 'Int32[]', 'Int64[]'], ['Example.Room', versions, sums])),
    record.message(call(0, 3)),
  );
}

/** Removes and returns everything that a session wants to send. */
export function sent(session) {
  const parts = [];
  for (let bytes; (bytes = session.takeNext()); ) parts.push(bytes);
  return join(...parts);
}

/** Splits sent bytes into records. */
export function records(bytes) {
  const reader = new record.RecordReader();
  reader.push(bytes);
  const all = [];
  for (let next; (next = reader.next()); ) all.push(next);
  return all;
}

/** A session whose root is open, with nothing waiting to be sent. Handlers add to `heard`. */
export function openSession({ versions, children, interfaces } = {}) {
  const heard = [];
  const root = Room.implement({
    cSaid: (from, text) => heard.push([from, text]),
    cHanded: (to) => heard.push(to),
    connected: () => heard.push('connected'),
    disconnected: () => heard.push('disconnected'),
    children,
  });
  const session = new Session({ token: 'token', root, interfaces });
  session.receive(negotiation(versions));
  sent(session);
  session.receive(record.setChannel(2));
  return { session, root, heard };
}

export { Reader, record };
