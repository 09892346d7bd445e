// @ts-check
// Annotations of this page on their way to the server. Each is drawn exactly once, whatever the network does.
//
// An annotation is saved when the server sends it to its author, and not before. It is known by its LOCALID,
// which only this page has made. After a lost connection, the page compares with the snapshot of the new
// session and sends again what is missing. The server can still handle the bytes of the lost connection after
// that; of two annotations with one LOCALID, the page then removes the later one.

/** @typedef {import('../meeting/board.js').Board} Board */
/** @typedef {{ kind: number, properties: Record<string, string>, replaces?: number, sentTo?: Board }} Item `replaces` names a removed annotation that this one restores */

export class Outbox {
  /** What is not saved, by content and LOCALID. @type {Map<bigint, Map<string, Item>>} */
  #items = new Map();
  /** The identifiers of what is saved, by LOCALID. @type {Map<string, number>} */
  #saved = new Map();
  /** The LOCALIDs that this page has made. @type {Set<string>} */
  #made = new Set();

  /** Returns what is not saved of a content, by LOCALID. @param {bigint} content @returns {Map<string, Item>} */
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
   * Takes note of annotations that the server sent. Returns those that are saved now, with what they restore.
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

  /** Sends again what the snapshot of a new session lacks. @param {bigint} content @param {Board} board */
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
