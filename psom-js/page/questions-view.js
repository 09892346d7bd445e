// @ts-check
// The view of questions and answers: asking, answering and moderating.

import { answerBlob, askBlob, moderateBlob } from '../meeting/questions.js';
import { ask, fill, h } from './dom.js';
import { texts } from './texts.js';

/** @typedef {import('../meeting/questions.js').Question} Question */

/** @param {import('./session.js').Session} session @param {() => import('../meeting/conference.js').Content | undefined} content @returns {import('./views.js').View} */
export function questions(session, content) {
  const server = () => content()?.extended?.server;
  const list = h('ol', { class: 'questions' });
  const none = h('p', { class: 'quiet' }, texts.questions.none);
  const field = h('textarea', { rows: 2, required: true, 'aria-label': texts.questions.ask });
  const form = h('form', {}, field, h('button', { class: 'primary' }, texts.questions.send));
  const closed = h('p', { class: 'quiet' }, texts.questions.suspended);
  const toggle = h('button', { type: 'button' });
  const element = h('div', { class: 'card' }, form, closed, none, list, toggle);
  const put = (/** @type {string} */ blob) => {
    server()?.sPutBlob(blob);
    session.flush();
  };
  form.addEventListener('submit', (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    put(askBlob(crypto.getRandomValues(new Uint32Array(2)).join('-'), text, session.name));
    field.value = '';
  });
  toggle.addEventListener('click', () => {
    server()?.sSetOpenState(content()?.questions?.open ? 2 : 1);
    session.flush();
  });
  /** Rows are kept, so that a text that is being written stays. @type {Map<string, ReturnType<typeof makeRow>>} */
  const rows = new Map();

  function update() {
    const state = content()?.questions;
    if (!state) return;
    const items = state.items;
    form.hidden = !state.open;
    closed.hidden = state.open;
    none.hidden = items.length > 0;
    toggle.hidden = !session.mayPresent;
    toggle.textContent = state.open ? texts.questions.suspend : texts.questions.open;
    for (const question of items) {
      const row = rows.get(question.id) ?? makeRow(question);
      rows.set(question.id, row);
      row.update(question, state.open);
    }
    const known = new Set(items.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (known.has(id)) continue;
      // The focus must not get lost with the row that has it.
      if (row.element.contains(document.activeElement)) toggle.focus();
      row.element.remove();
      rows.delete(id);
    }
  }

  /** @param {Question} question */
  function makeRow({ id }) {
    const text = h('p', {});
    const by = h('p', { class: 'quiet' });
    const answers = h('ul', {});
    const answer = h('input', { type: 'text', required: true });
    const edit = h('button', { type: 'button', onclick: () => editQuestion(id, text.textContent) }, texts.questions.edit);
    const remove = h('button', { type: 'button', onclick: () => removeQuestion(id, text.textContent) }, texts.questions.remove);
    const moderate = h('div', { class: 'row' }, edit, remove);
    const reply = h('form', { class: 'row' }, answer, h('button', {}, texts.questions.answer));
    reply.addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      put(answerBlob(id, answer.value.trim(), session.name));
      answer.value = '';
    });
    const row = h('li', {}, text, by, answers, reply, moderate);
    list.append(row);
    const update = (/** @type {Question} */ question, /** @type {boolean} */ open) => {
      text.textContent = question.text;
      by.textContent = texts.questions.by(question.by);
      answer.setAttribute('aria-label', texts.questions.answerTo(question.text));
      edit.setAttribute('aria-label', texts.questions.editOf(question.text));
      remove.setAttribute('aria-label', texts.questions.removeOf(question.text));
      fill(answers, ...question.answers.map(({ text, by }) => h('li', {}, by ? `${by}: ${text}` : text)));
      reply.hidden = !session.mayPresent || !open;
      moderate.hidden = !session.mayPresent;
    };
    return { element: row, update };
  }

  /** @param {string} id @param {string} text */
  async function editQuestion(id, text) {
    const field = h('textarea', { rows: 3, required: true, value: text, 'aria-label': texts.questions.text });
    if (!(await ask({ title: texts.questions.edit, body: [field], ok: texts.stage.ok, cancel: texts.stage.cancel }))) return;
    put(moderateBlob(id, field.value.trim()));
  }

  /** @param {string} id @param {string} text */
  async function removeQuestion(id, text) {
    if (await ask({ title: texts.questions.confirmRemove(text), ok: texts.questions.remove, cancel: texts.stage.cancel })) put(moderateBlob(id, null));
  }
  return { element, update };
}
