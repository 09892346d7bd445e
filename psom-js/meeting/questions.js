// @ts-check
// Questions and answers. The messages are opaque to the protocol (section 3.3.4.1.13); these are the ones that
// the pages of this implementation exchange:
//
//   {"question":{"id":"6f1b","text":"When is the exam?","by":"Ada"}}
//   {"answer":{"question":"6f1b","text":"In May.","by":"Grace"}}
//   {"moderate":{"question":"6f1b","text":"When is the oral exam?"}}, or null as the text of a deleted question
//
// The server accepts a message that begins like the last one from moderators only. The server and this file both
// compare the first bytes, so a message that only parses in the same way has no effect.

/** The first characters of a moderator's message. */
const MODERATE = '{"moderate":';

/** @typedef {{ id: string, text: string, by: string, answers: { text: string, by: string }[] }} Question */

export class Questions {
  open = false;
  count = 0;
  /** The questions by identifier; undefined for a deleted one. @type {Map<string, Question | undefined>} */
  #all = new Map();

  /** The questions in the order in which they were asked. */
  get items() {
    return [...this.#all.values()].filter((question) => question !== undefined);
  }

  /** Reads a message. Unknown messages have no effect. @param {string} blob */
  read(blob) {
    let message;
    try {
      message = JSON.parse(blob);
    } catch {
      return;
    }
    const { question, answer, moderate } = message ?? {};
    if (blob.startsWith(MODERATE)) this.#moderate(moderate);
    else if (typeof question?.id === 'string' && typeof question.text === 'string') {
      // The first question with an identifier keeps it.
      if (this.#all.has(question.id)) return;
      this.#all.set(question.id, { id: question.id, text: question.text, by: String(question.by ?? ''), answers: [] });
    } else if (typeof answer?.question === 'string' && typeof answer.text === 'string') {
      this.#all.get(answer.question)?.answers.push({ text: answer.text, by: String(answer.by ?? '') });
    }
  }

  /** @param {{ question?: unknown, text?: unknown } | undefined} moderate */
  #moderate(moderate) {
    const question = typeof moderate?.question === 'string' ? this.#all.get(moderate.question) : undefined;
    if (question && typeof moderate?.text === 'string') question.text = moderate.text;
    else if (question && moderate?.text === null) this.#all.set(question.id, undefined);
  }
}

/** @param {string} id @param {string} text @param {string} by */
export const askBlob = (id, text, by) => JSON.stringify({ question: { id, text, by } });
/** @param {string} question @param {string} text @param {string} by */
export const answerBlob = (question, text, by) => JSON.stringify({ answer: { question, text, by } });
/** Edits a question, or deletes it with null as its text. @param {string} question @param {string | null} text */
export const moderateBlob = (question, text) => JSON.stringify({ moderate: { question, text } });
