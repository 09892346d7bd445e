// @ts-check
// Building elements. Texts become text nodes, never markup.

/**
 * Makes an element. Properties that begin with `on` are listeners, `class` and names with a hyphen are
 * attributes, and the rest are properties of the element.
 * @param {string} tag @param {Record<string, any> | null} [properties] @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class' || name === 'for' || name === 'role' || name.includes('-')) element.setAttribute(name, String(value));
    else /** @type {any} */ (element)[name] = value;
  }
  for (const child of children) if (child || child === '') element.append(child);
  return element;
}

/** Replaces the children of an element. @param {Element} parent @param {...(Node | string | null | undefined | false)} children */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child || child === '').map((child) => /** @type {Node | string} */ (child)));
}

/**
 * Shows a modal dialog. Returns whether it was closed with the button for `ok`. The focus then returns to the element that had it before.
 * @param {{ title: string, body?: Node[], ok: string, cancel: string }} options
 * @returns {Promise<boolean>}
 */
export function ask({ title, body = [], ok, cancel }) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const dialog = h(
    'dialog',
    { 'aria-labelledby': id },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id }, title),
      ...body,
      h('div', { class: 'row' }, h('button', { value: '', type: 'button', onclick: () => dialog.close('') }, cancel), h('button', { class: 'primary', value: 'ok' }, ok)),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue === 'ok');
    });
  });
}

/** Shows a text, which screen readers announce. @param {string} text */
export function status(text) {
  const line = /** @type {HTMLElement} */ (document.getElementById('status'));
  line.textContent = text;
}

/** Shows a problem until the next one, or until it is cleared with an empty text. @param {string} text */
export function alert(text) {
  const line = /** @type {HTMLElement} */ (document.getElementById('alert'));
  line.textContent = text;
}

/** Formats a number of bytes for people. @param {number} bytes */
export function size(bytes) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}
