// @ts-check
// Adding contents: the dialog, and uploads with progress and cancel.

import { poll, questions, slides, whiteboard } from '../meeting/package.js';
import { UploadError } from '../meeting/uploads.js';
import { alert, ask, h, status } from './dom.js';
import { drawSlides } from './pdf.js';
import { texts } from './texts.js';

/** The kinds of content that the dialog offers, in its order, and the fields of each kind. */
const KINDS = /** @type {const} */ (['whiteboard', 'poll', 'questions', 'file', 'slides']);
const FIELDS = { whiteboard: ['title'], poll: ['title', 'question', 'choices'], questions: ['title'], file: ['files'], slides: ['pdf'] };

export class Adding {
  /** @param {import('./session.js').Session} session @param {HTMLElement} list shows uploads @param {(id: bigint) => void} open shows a new content */
  constructor(session, list, open) {
    this.session = session;
    this.list = list;
    this.open = open;
  }

  /** Shows the dialog, and adds the content that the person has chosen. */
  async ask() {
    const kind = h('select', { id: 'kind', 'aria-label': texts.add.heading }, ...KINDS.map((name) => h('option', { value: name }, texts.add[name])));
    const inputs = /** @type {Record<string, any>} */ ({
      title: h('input', { type: 'text', id: 'title', maxLength: 255 }),
      question: h('input', { type: 'text', id: 'question', maxLength: 1000 }),
      choices: h('textarea', { id: 'choices', rows: 4 }),
      files: h('input', { type: 'file', id: 'files', multiple: true }),
      pdf: h('input', { type: 'file', id: 'pdf', accept: 'application/pdf,.pdf' }),
    });
    const labels = /** @type {Record<string, string>} */ ({ ...texts.add, files: texts.add.file });
    const fields = Object.entries(inputs).map(([name, input]) => h('p', {}, h('label', { for: input.id }, labels[name]), input));
    const show = () => Object.keys(inputs).forEach((name, i) => (fields[i].hidden = !FIELDS[/** @type {'poll'} */ (kind.value)].includes(name)));
    kind.addEventListener('change', show);
    show();
    if (!(await ask({ title: texts.add.heading, body: [kind, ...fields], ok: texts.add.create, cancel: texts.stage.cancel }))) return;
    const chosen = /** @type {(typeof KINDS)[number]} */ (kind.value);
    const lines = inputs.choices.value.split('\n').map((/** @type {string} */ line) => line.trim()).filter(Boolean);
    const title = inputs.title.value.trim() || texts.add[chosen];
    if (chosen === 'file') for (const file of inputs.files.files ?? []) this.share(file);
    else if (chosen === 'slides') for (const file of inputs.pdf.files ?? []) this.shareSlides(file);
    else if (chosen === 'poll') this.#create(title, poll(title, inputs.question.value.trim(), lines));
    else this.#create(title, { whiteboard, questions }[chosen](title));
  }

  /** Shares a file that everybody can download. @param {File} file */
  share(file) {
    return this.#progress(file.name, async (report, signal) => {
      await this.session.uploads?.share(file, (sent, total) => report(total ? sent / total : 0), signal);
      status(texts.add.done(file.name));
    });
  }

  /** Shares the pages of a PDF, which the server draws, as slides. @param {File} file */
  shareSlides(file) {
    return this.#progress(file.name, async (report, signal, say) => {
      say(texts.add.drawing(file.name));
      const pages = await drawSlides(file, this.session.invite, signal, (count) => say(texts.add.drawn(file.name, count)));
      report(0);
      const id = await this.session.uploads?.send(slides(file.name, pages), file.name, signal, (sent, total) => report(sent / total));
      status(texts.add.done(file.name));
      if (id) this.open(id);
    });
  }

  /** @param {string} title @param {{ bytes: Uint8Array, unpacked: number }} packed */
  async #create(title, packed) {
    try {
      const id = await this.session.uploads?.send(packed, title);
      if (id) this.open(id);
    } catch (error) {
      alert(refusal(error, title));
    }
  }

  /**
   * Shows the progress of an upload, which can be cancelled.
   * @param {string} name
   * @param {(report: (part: number) => void, signal: AbortSignal, say: (text: string) => void) => Promise<void>} run
   */
  async #progress(name, run) {
    const stop = new AbortController();
    const label = h('span', {}, texts.add.progress(name, 0));
    const bar = h('progress', { max: 1, value: 0, 'aria-label': name });
    const cancel = h('button', { type: 'button', onclick: () => stop.abort() }, texts.stage.cancel);
    const row = h('li', {}, label, bar, cancel);
    this.list.append(row);
    const report = (/** @type {number} */ part) => {
      bar.value = part;
      label.textContent = texts.add.progress(name, Math.floor(100 * part));
    };
    const say = (/** @type {string} */ text) => {
      bar.removeAttribute('value');
      label.textContent = text;
    };
    try {
      await run(report, stop.signal, say);
    } catch (error) {
      if (!stop.signal.aborted) alert(refusal(error, name));
    }
    row.remove();
  }
}

/** Returns the sentence for an upload that was refused. @param {unknown} error @param {string} name */
function refusal(error, name) {
  if (!(error instanceof UploadError)) return error instanceof Error && error.name === 'Sentence' ? error.message : texts.add.failed(name);
  const byTitle = /** @type {Record<number, string>} */ ({ 3: texts.add.titleTaken, 9: texts.add.notAllowed, 11: texts.add.titleInvalid });
  const byUpload = /** @type {Record<number, string>} */ ({ 2: texts.add.tooLarge, 3: texts.add.full, 11: texts.add.full });
  return (error.what === 'title' ? byTitle[error.code] : byUpload[error.code]) ?? texts.add.failed(name);
}
