// @ts-check
// Errors by blame: the server broke a rule, or the program called the library wrongly.

/** The server broke a rule of the protocol. The connection ends with a Break that carries the message. */
export class ProtocolError extends Error {
  name = 'ProtocolError';
}

/** A call that cannot be sent: a wrong argument, a closed object, or a method that the server lacks. */
export class CallError extends Error {
  name = 'CallError';
}
