// @ts-check
// Slides from a PDF. The server draws the pages, because a renderer for browsers would be about twenty times
// as large as the whole page. The page gets pictures and shares them like any other presentation.

/** An error whose message is a sentence for people. */
class Sentence extends Error {
  name = 'Sentence';
}

/**
 * Draws the pages of a PDF and returns a JPEG for each.
 * @param {File} file @param {string} invite the invitation, which shows that this person may present
 * @param {AbortSignal} signal @param {(drawn: number) => void} report
 * @returns {Promise<Uint8Array[]>}
 */
export async function drawSlides(file, invite, signal, report) {
  const headers = { authorization: `Bearer ${invite}`, 'content-type': 'application/pdf' };
  const response = await fetch('/api/slides', { method: 'POST', headers, body: file, signal });
  if (!response.ok) throw new Sentence(sentence((await response.json().catch(() => ({}))).error ?? response.statusText));
  // Each picture comes after its length in four bytes. A length of zero announces the reason of a failure.
  /** @type {Uint8Array[]} */
  const pictures = [];
  const reader = new Bytes(/** @type {ReadableStream<Uint8Array>} */ (response.body));
  for (let length; (length = await reader.take(4)); report(pictures.length)) {
    const size = new DataView(length.buffer).getUint32(0);
    if (size === 0) throw new Sentence(sentence(new TextDecoder().decode(await reader.rest())));
    const bytes = await reader.take(size);
    if (!bytes) throw new Error('the answer ends inside a picture');
    pictures.push(bytes);
  }
  return pictures;
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Collects the bytes of a stream into pieces of a wanted length. */
class Bytes {
  #held = new Uint8Array(0);

  /** @param {ReadableStream<Uint8Array>} stream */
  constructor(stream) {
    this.reader = stream.getReader();
  }

  /** Returns the next bytes, or undefined if there are fewer. @param {number} count */
  async take(count) {
    /** @type {Uint8Array[]} */
    const parts = [this.#held];
    let length = this.#held.length;
    while (length < count) {
      const { value, done } = await this.reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
    }
    const joined = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    if (length < count) {
      this.#held = joined;
      return undefined;
    }
    this.#held = joined.subarray(count);
    return joined.slice(0, count);
  }

  /** Returns everything that is left. */
  async rest() {
    await this.take(Infinity);
    return this.#held;
  }
}
