// @ts-check
// A meeting as an archive: the same files as `psom export` writes.
//
//   index.html, boards/, slides/, polls/, questions/, notes.md, files/

import { zip } from '../meeting/zip.js';
import { alert, h, status } from './dom.js';
import { Drawing } from './svg.js';
import { texts } from './texts.js';

/** @typedef {import('../meeting/conference.js').Content} Content */
/** @typedef {import('./svg.js').Picture} Picture */
/** @typedef {{ title: string, type: string, paths: string[] }} Part */

/** Exports the contents that this person sees, and saves them as a file. @param {import('./session.js').Session} session @param {string} meeting */
export async function exportMeeting(session, meeting) {
  status(texts.exported.working);
  const archive = new Archive(session);
  for (const content of session.conference?.contents.values() ?? []) await archive.add(content);
  const name = `${fileName(meeting)}.zip`;
  archive.finish(meeting);
  const address = URL.createObjectURL(new Blob(/** @type {any[]} */ (zip(archive.entries)), { type: 'application/zip' }));
  h('a', { href: address, download: name }).click();
  // By then the browser has begun to read the file and no longer needs the address.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  status(texts.exported.done(name));
  if (archive.missing.length) alert(texts.exported.missing(archive.missing.join(', ')));
}

/** The style of the page. `psom export` writes a page with the same style. */
const STYLE = 'body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}img{max-width:100%;border:1px solid #ccc}';

class Archive {
  /** @type {[string, Uint8Array][]} */
  entries = [];
  /** Titles of contents that could not be exported as a whole. @type {string[]} */
  missing = [];
  /** @type {Part[]} */
  #parts = [];
  #notes = '';
  #used = new Set();

  /** @param {import('./session.js').Session} session */
  constructor(session) {
    this.session = session;
  }

  /** @param {Content} content */
  async add(content) {
    const type = texts.types[content.type] ?? texts.types.other;
    /** @type {Part} */
    const part = { title: content.title || type, type, paths: [] };
    this.#parts.push(part);
    try {
      if (content.slides) await this.#slides(content, part);
      else if (content.board) await this.#drawing(part, `boards/${this.#name(part.title)}`, [...content.board.annotations.values()]);
      else if (content.poll) this.#text(part, `polls/${this.#name(part.title)}.csv`, csv(content.poll));
      else if (content.questions) this.#text(part, `questions/${this.#name(part.title)}.md`, questionsText(part.title, content.questions));
      else if (content.notes) this.#addNotes(part, content);
      if (content.file) {
        const path = `files/${this.#name(part.title)}`;
        this.entries.push([path, await this.session.fetch({ ...content.file, url: content.file.name })]);
        part.paths.push(path);
      }
    } catch (error) {
      this.missing.push(part.title);
      console.warn(error);
    }
  }

  /** @param {Content} content @param {Part} part */
  async #slides(content, part) {
    const { count, images } = /** @type {import('../meeting/conference.js').Slides} */ (content.slides);
    const all = [...(content.board?.annotations.values() ?? [])];
    const digits = Math.max(2, String(count).length);
    const folder = `slides/${this.#name(part.title)}`;
    for (let slide = 0; slide < count; slide += 1) {
      const image = images.get(slide);
      // Annotations without a slide are on each slide.
      const shown = all.filter(({ properties }) => {
        const of = /^slide-(\d+)\./.exec(properties.get('LOCALID') ?? '')?.[1];
        return of === undefined || Number(of) === slide;
      });
      if (!image) this.missing.push(`${part.title}: ${texts.exported.slide(slide + 1)}`);
      const picture = image && (await this.#picture(image));
      await this.#drawing(part, `${folder}/slide-${String(slide + 1).padStart(digits, '0')}`, shown, picture);
    }
  }

  /** @param {Part} part @param {string} path @param {import('../meeting/board.js').Annotation[]} annotations @param {Picture} [slide] */
  async #drawing(part, path, annotations, slide) {
    /** @type {Map<string, Picture>} */
    const pictures = new Map();
    for (const { file } of annotations) if (file && !pictures.has(file.url)) pictures.set(file.url, await this.#picture(file));
    const drawing = new Drawing(annotations, ({ file }) => file && pictures.get(file.url), slide);
    this.#text(part, `${path}.svg`, drawing.svg());
    this.entries.push([`${path}.png`, await drawing.png()]);
    part.paths.push(`${path}.png`);
  }

  /** @param {import('../meeting/files.js').EncryptedFile} file @returns {Promise<Picture>} */
  async #picture(file) {
    const bytes = await this.session.fetch(file);
    return { bytes, bitmap: await createImageBitmap(new Blob([/** @type {any} */ (bytes)])) };
  }

  /** @param {Part} part @param {Content} content */
  #addNotes(part, { notes, viewingUrl }) {
    const address = viewingUrl || notes?.id || '';
    const page = [notes?.notebook, notes?.section, notes?.page].filter(Boolean).join(' / ');
    this.#notes += `## ${markdown(part.title)}\n\n${page && `${markdown(page)}\n\n`}${address && `${texts.exported.address}: <${address.replace(/[<>\s]/g, encodeURIComponent)}>\n\n`}`;
    part.paths.push('notes.md');
  }

  /** @param {Part} part @param {string} path @param {string} text */
  #text(part, path, text) {
    this.entries.push([path, new TextEncoder().encode(text)]);
    part.paths.push(path);
  }

  /** Returns a file name for a title that no other content has. @param {string} title */
  #name(title) {
    const name = fileName(title);
    const [stem, extension] = /^(.+?)(\.[^.]{1,8})?$/.exec(name)?.slice(1) ?? [name];
    let unique = name;
    for (let i = 2; this.#used.has(unique.toLowerCase()); i += 1) unique = `${stem} (${i})${extension ?? ''}`;
    this.#used.add(unique.toLowerCase());
    return unique;
  }

  /** Adds the notes and the page that shows everything. @param {string} meeting */
  finish(meeting) {
    if (this.#notes) this.entries.push(['notes.md', new TextEncoder().encode(this.#notes)]);
    // Texts become text nodes of a document without scripts and pictures of its own, and the browser escapes them.
    const page = document.implementation.createHTMLDocument(texts.exported.title(meeting));
    page.documentElement.lang = 'en';
    const make = (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes, /** @type {(Node | string)[]} */ ...children) => {
      const element = page.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      element.append(...children);
      return element;
    };
    page.head.prepend(make('meta', { charset: 'utf-8' }));
    page.body.append(make('h1', {}, texts.exported.title(meeting)), make('p', {}, texts.exported.time(new Date().toISOString().slice(0, 16).replace('T', ' '))));
    for (const { title, type, paths } of this.#parts) {
      page.body.append(make('h2', {}, title), make('p', {}, type));
      const isPicture = (/** @type {string} */ path) => path.endsWith('.png') && !path.startsWith('files/');
      for (const path of paths.filter(isPicture)) page.body.append(make('p', {}, make('img', { src: address(path), alt: `${title}: ${path.split('/').at(-1)}` })));
      const links = paths.map((path) => make('li', {}, make('a', { href: address(path) }, path)));
      if (links.length) page.body.append(make('ul', {}, ...links));
    }
    const text = page.documentElement.outerHTML.replace('</head>', `<style>${STYLE}</style></head>`);
    this.entries.push(['index.html', new TextEncoder().encode(`<!doctype html>\n${text}\n`)]);
  }
}

/** @param {string} path */
const address = (path) => path.split('/').map(encodeURIComponent).join('/');

/** Returns a title as a file name that stays in its folder and is not hidden. @param {string} title */
export function fileName(title) {
  const name = title.toWellFormed().replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029\\/:*?"<>|]/gu, '_').replace(/^\./, '_').trim();
  // File systems count bytes: 255 at most, with room for a number and an extension.
  let short = name;
  while (new TextEncoder().encode(short).length > 200) short = [...short].slice(0, -1).join('');
  return short || '_';
}

/** A poll as CSV with the same columns as `psom poll results --csv`. @param {import('../meeting/conference.js').Poll} poll */
export function csv({ choices, results }) {
  const rows = choices.map((choice, i) => `${field(choice)},${results?.[i] ?? 0}\r\n`);
  return `choice,votes\r\n${rows.join('')}`;
}

/** Writes a field. An apostrophe keeps spreadsheets from evaluating a text that begins like a formula. @param {string} text */
function field(text) {
  const line = text.replace(/[\r\n]+/g, ' ');
  const formula = /^[^\p{L}\p{N}\p{P}\p{S}]*['"]?[=+\-@＝＋－＠]/u.test(line.trimStart());
  return /[",' ]/.test(line) || formula ? `"${formula ? "'" : ''}${line.replace(/"/g, '""')}"` : line;
}

/** @param {string} title @param {import('../meeting/questions.js').Questions} questions */
export function questionsText(title, questions) {
  const by = (/** @type {string} */ name) => (name ? ` (${markdown(name)})` : '');
  const items = questions.items.map((question, i) => {
    const answers = question.answers.map((answer) => `   - ${markdown(answer.text)}${by(answer.by)}\n`);
    return `${i + 1}. ${markdown(question.text)}${by(question.by)}\n${answers.join('')}`;
  });
  return `# ${markdown(title)}\n\n${items.join('') || `${texts.questions.none}\n`}${questions.open ? '' : `\n${texts.exported.suspended}\n`}`;
}

/** Escapes a text, so that Markdown shows it as it is, in one line. @param {string} text */
const markdown = (text) => text.replace(/\s*[\r\n]+\s*/g, ' ').replace(/[\\\x60*_{}[\]()#+\-.!|<>&~]/g, '\\$&');
