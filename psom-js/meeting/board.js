// @ts-check
// Annotations of a whiteboard or a presentation: a mirror of an AnnotationContainer (section 3.2.4.1.8).

import { AnnotationContainer } from './interfaces.js';

/** The type of an annotation on the wire (section 3.1.4.1.12). */
export const KIND = Object.freeze({ drawing: 0, text: 1, image: 2 });

/**
 * @typedef {object} Annotation
 * @property {number} id
 * @property {number} kind
 * @property {number} generation the version that a change has to name
 * @property {number} textVersion
 * @property {bigint} owner
 * @property {bigint} modifier
 * @property {Map<string, string>} properties values by the names of the specification, such as `STROKE`
 * @property {import('./files.js').EncryptedFile} [file] the picture of an image
 */

/** The annotations of one content. */
export class Board {
  /** @type {Map<number, Annotation>} */
  annotations = new Map();
  /** Visible telepointers by user. @type {Map<bigint, { x: number, y: number }>} */
  pointers = new Map();
  /** Limits of the server by their number. @type {Map<number, number>} */
  constraints = new Map();

  /** @param {(what: { board: Board, ids?: number[], refused?: string, localId?: string, pointers?: boolean }) => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.object = AnnotationContainer.implement(this.#handlers());
  }

  #changed;

  /** The server's side, or undefined while the board is not connected. */
  get server() {
    return this.object.server;
  }

  /**
   * Adds an annotation. The board changes when the server answers.
   * @param {number} kind
   * @param {Record<string, string>} properties including LOCALID, by which a refusal names the annotation
   */
  add(kind, properties) {
    this.server?.sAddAnnotation(kind, Object.entries(properties));
  }

  /** @param {number} id @param {Record<string, string>} properties */
  change(id, properties) {
    const annotation = this.annotations.get(id);
    if (annotation) this.server?.sChangeProperties(id, annotation.generation, Object.entries(properties));
  }

  /** Replaces the text of an annotation by the smallest change. @param {number} id @param {string} text */
  changeText(id, text) {
    const annotation = this.annotations.get(id);
    const old = annotation?.properties.get('TEXT') ?? '';
    if (!annotation || old === text) return;
    let begin = 0;
    while (begin < old.length && begin < text.length && old[begin] === text[begin]) begin += 1;
    let end = 0;
    while (end < old.length - begin && end < text.length - begin && old.at(-1 - end) === text.at(-1 - end)) end += 1;
    const inserted = text.slice(begin, text.length - end);
    this.server?.sChangeText(id, annotation.generation, annotation.textVersion, [begin], [old.length - end], [inserted]);
  }

  /** @param {number[]} ids */
  remove(ids) {
    if (ids.length) this.server?.sRemoveAnnotations(ids, 0);
  }

  clear() {
    this.server?.sClearAnnotations();
  }

  /** Shows this user's telepointer, or hides it. @param {{ x: number, y: number } | undefined} point */
  point(point) {
    this.server?.sSetTelepointer(point ? `${round(point.x)},${round(point.y)}` : '0,0', point !== undefined);
  }

  #handlers() {
    const report = (/** @type {number[]} */ ids) => this.#changed({ board: this, ids });
    const refuse = (/** @type {string} */ refused, /** @type {string} */ localId = '') =>
      this.#changed({ board: this, refused, localId });
    return {
      cAddAnnotationBatch: (...batch) => {
        const [ids, generations, kinds, owners, modifiers, counts, names, values] = batch;
        const properties = rows(counts, names, values);
        ids.forEach((/** @type {number} */ id, /** @type {number} */ i) => {
          this.annotations.set(id, {
            id,
            kind: kinds[i],
            generation: generations[i],
            textVersion: 0,
            owner: owners[i],
            modifier: modifiers[i],
            properties: new Map(properties[i]),
          });
        });
        report(ids);
      },
      cChangePropertiesBatch: (ids, generations, modifiers, counts, names, values) => {
        const properties = rows(counts, names, values);
        ids.forEach((/** @type {number} */ id, /** @type {number} */ i) => {
          const annotation = this.annotations.get(id);
          if (!annotation) return;
          annotation.generation = generations[i];
          annotation.modifier = modifiers[i];
          for (const [name, value] of properties[i]) annotation.properties.set(name, value);
        });
        report(ids);
      },
      cChangeTextBatch: (ids, generations, modifiers, textVersions, counts, begins, ends, characters) => {
        let at = 0;
        ids.forEach((/** @type {number} */ id, /** @type {number} */ i) => {
          const annotation = this.annotations.get(id);
          let text = annotation?.properties.get('TEXT') ?? '';
          for (let k = 0; k < counts[i]; k += 1, at += 1) {
            text = text.slice(0, begins[at]) + characters[at] + text.slice(ends[at]);
          }
          if (!annotation) return;
          annotation.generation = generations[i];
          annotation.modifier = modifiers[i];
          annotation.textVersion = textVersions[i];
          annotation.properties.set('TEXT', text);
        });
        report(ids);
      },
      cSetImageFileInfo: (id, url, key, iv, hash) => {
        const annotation = this.annotations.get(id);
        if (annotation) annotation.file = { url, key, iv, hash };
        report([id]);
      },
      cRemoveAnnotation: (id) => {
        this.annotations.delete(id);
        report([id]);
      },
      cRemoveAnnotations: (ids) => {
        for (const id of ids) this.annotations.delete(id);
        report(ids);
      },
      cClearAnnotations: () => {
        const ids = [...this.annotations.keys()];
        this.annotations.clear();
        report(ids);
      },
      cSetAnnotationConstraints: (constraints, values) => {
        constraints.forEach((/** @type {number} */ constraint, /** @type {number} */ i) => this.constraints.set(constraint, values[i]));
      },
      cSetTelepointer: (anchor, owner, visible) => {
        const [x, y] = anchor.split(',').map(Number);
        if (visible && Number.isFinite(x) && Number.isFinite(y)) this.pointers.set(owner, { x, y });
        else this.pointers.delete(owner);
        this.#changed({ board: this, pointers: true });
      },
      cErrorAddAnnotation: (_kind, properties, code) => {
        refuse(code, properties.find((/** @type {string[]} */ row) => row[0] === 'LOCALID')?.[1]);
      },
      cErrorChangeProperties: (_id, _generation, _modifier, _properties, code) => refuse(code),
      cErrorChangePropertyForGroup: (_ids, _generations, _modifiers, _property, _values, code) => refuse(code),
      cErrorChangeText: (_id, _generation, _modifier, code) => refuse(code),
      cErrorClearAnnotations: (code) => refuse(code),
      cErrorRemoveAnnotation: (_id, code) => refuse(code),
      cErrorRemoveAnnotations: (_ids, code) => refuse(code),
      cErrorSetTelepointer: (code) => refuse(code),
    };
  }
}

/**
 * Splits the joined columns of a batch into the properties of each annotation.
 * @param {number[]} counts @param {string[]} names @param {string[]} values
 * @returns {[string, string][][]}
 */
function rows(counts, names, values) {
  let at = 0;
  return counts.map((count) => {
    /** @type {[string, string][]} */
    const row = [];
    for (let k = 0; k < count; k += 1, at += 1) row.push([names[at] ?? '', values[at] ?? '']);
    return row;
  });
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
