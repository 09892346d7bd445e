// @ts-check
// The public interface of the library.

export { CallError, ProtocolError } from './error.js';
export { Interface, LocalObject } from './interface.js';
export { Connection, Refused } from './connection.js';
export { Session } from './session.js';
export { Reader, Writer } from './codec.js';
