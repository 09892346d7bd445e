// @ts-check
// The annotations of this page that the server has not saved yet. Each one is on the board exactly once, even if
// the connection is lost.
//
// An annotation counts as saved when the server sends it to its author. The page recognizes an annotation by its
// LOCALID, which no other page uses. After a lost connection, the page compares its annotations with the snapshot
// of the new session, and sends the missing ones again. The server can still handle the bytes of the lost
// connection after that. If two annotations then have one LOCALID, the page removes the later one.

/** @typedef {import('../meeting/board.js').Board} Board */
/** @typedef {{ kind: number, properties: Record<string, string>, replaces?: number, sentTo?: Board }} Item `replaces` names a removed annotation that this one restores */

export class Outbox {
  /** The unsaved annotations by content and LOCALID. @type {Map<bigint, Map<string, Item>>} */
  #items = new Map();
  /** The identifiers of the saved annotations, by LOCALID. @type {Map<string, number>} */
  #saved = new Map();
  /** The LOCALIDs that this page has made. @type {Set<string>} */
  #made = new Set();

  /** Returns the unsaved annotations of a content, by LOCALID. @param {bigint} content @returns {Map<string, Item>} */
  of(content) {
    return this.#items.get(content) ?? new Map();
  }

  /**
   * Adds an annotation under a new LOCALID. Without a board it waits for the next session.
   * @param {bigint} content @param {Board | undefined} board @param {string} prefix @param {Item} item
   */
  add(content, board, prefix, { kind, properties, replaces }) {
    const localId = `${prefix}${crypto.getRandomValues(new Uint32Array(3)).join('-')}`;
    const item = { kind, properties: { ...properties, LOCALID: localId }, replaces };
    this.#made.add(localId);
    this.#items.set(content, this.of(content).set(localId, item));
    if (board) send(item, board);
  }

  /**
   * Handles annotations that the server sent. Returns the ones that are saved now, with the annotations that they replace.
   * @param {bigint} content @param {Board} board @param {number[]} ids
   * @returns {{ id: number, replaces?: number }[]}
   */
  confirm(content, board, ids) {
    /** @type {{ id: number, replaces?: number }[]} */
    const saved = [];
    /** @type {number[]} */
    const twice = [];
    for (const id of ids) {
      const localId = board.annotations.get(id)?.properties.get('LOCALID') ?? '';
      if (!this.#made.has(localId)) continue;
      const first = this.#saved.get(localId);
      if (first === undefined) {
        this.#saved.set(localId, id);
        saved.push({ id, replaces: this.of(content).get(localId)?.replaces });
        this.of(content).delete(localId);
      } else if (first !== id) twice.push(id);
    }
    board.remove(twice);
    return saved;
  }

  /** Forgets an annotation that the server refused. @param {bigint} content @param {string} localId */
  refused(content, localId) {
    this.of(content).delete(localId);
  }

  /** Sends the annotations again that the snapshot of a new session lacks. @param {bigint} content @param {Board} board */
  resend(content, board) {
    this.confirm(content, board, [...board.annotations.keys()]);
    for (const item of this.of(content).values()) send(item, board);
  }
}

/** Sends an annotation at most once in a session: each session has its own board. @param {Item} item @param {Board} board */
function send(item, board) {
  if (item.sentTo === board || !board.server) return;
  item.sentTo = board;
  board.add(item.kind, item.properties);
}
