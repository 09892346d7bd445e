// @ts-check
// Interfaces, and the objects that a program makes from them.

import { CallError } from './error.js';

/**
 * @typedef {object} Method
 * @property {string} name the name in the interface definition; the second overload of a name ends in `_2`
 * @property {[name: string, type: string][]} params
 * @property {number} [since] the version that introduced the method
 * @property {boolean} [latest] only the newest call matters to a peer that lags
 * @property {number} [latestBy] the parameter whose value separates such calls
 */

/**
 * @typedef {object} Definition
 * @property {string} name
 * @property {[version: number, serverHash: bigint, clientHash: bigint][]} versions in ascending order
 * @property {Method[]} server methods that the client calls, in wire order
 * @property {Method[]} client methods that the server calls, in wire order
 */

/** One interface with both of its sides. */
export class Interface {
  /** @param {Definition} definition */
  constructor(definition) {
    this.name = definition.name;
    this.versions = definition.versions;
    this.server = definition.server;
    this.client = definition.client;
  }

  /**
   * Makes the client's side of an object. `handlers` has a function for each method of the server that
   * matters to the program; calls without a function are ignored. These properties have a special meaning:
   *
   * - `children`: functions by part name, which return the client's side of a child that the server
   *   connects. `'content.{id}'` matches a family of part names and passes the captured text.
   * - `connected(server)` and `disconnected()` run when the object gets and loses its server.
   *
   * @param {Record<string, any>} [handlers]
   */
  implement(handlers = {}) {
    return new LocalObject(this, handlers);
  }
}

/** The client's side of a distributed object. */
export class LocalObject {
  /**
   * The server's side: one function per method. It is undefined while the object is not connected.
   * @type {any}
   */
  server = undefined;

  /** @param {Interface} type @param {Record<string, any>} handlers */
  constructor(type, handlers) {
    this.type = type;
    this.handlers = handlers;
  }

  /**
   * Makes the child that the server connects under a part name, or returns undefined.
   * Part names are matched without regard to ASCII case (ruling 9).
   * @param {string} part
   * @returns {LocalObject | undefined}
   */
  child(part) {
    for (const [pattern, factory] of Object.entries(this.handlers.children ?? {})) {
      const captures = match(pattern, part);
      if (captures) return factory.apply(this.handlers, captures);
    }
    return undefined;
  }
}

/** @param {string} pattern @param {string} part @returns {string[] | undefined} */
function match(pattern, part) {
  const source = pattern.split(/\{\w+\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('(.+)')}$`, 'i').exec(part)?.slice(1);
}

/**
 * Makes the typed proxy of the server's side of an object.
 * @param {Interface} type
 * @param {number} version the negotiated version
 * @param {(index: number, method: Method, args: any[]) => void} call
 */
export function makeProxy(type, version, call) {
  /** @type {Record<string, any>} */
  const proxy = { version };
  type.server.forEach((method, position) => {
    proxy[method.name] = (/** @type {any[]} */ ...args) => {
      if ((method.since ?? 0) > version) {
        throw new CallError(`${type.name} version ${version} has no ${method.name}; it needs version ${method.since}`);
      }
      if (args.length !== method.params.length) {
        throw new CallError(`${method.name} takes ${method.params.length} arguments, not ${args.length}`);
      }
      call(position + 1, method, args);
    };
  });
  return Object.freeze(proxy);
}
