// @ts-check
// Files of a meeting: encrypted with AES-256-CBC on the server, and identified by their SHA-1 (ruling 16).

/** @typedef {{ url: string, key: Uint8Array, iv: Uint8Array, hash: Uint8Array }} EncryptedFile */

/** Whether this page may decrypt: browsers offer `crypto.subtle` in secure contexts only. */
export const canDecrypt = () => Boolean(globalThis.crypto?.subtle);

/**
 * Downloads and decrypts a file and checks its hash.
 * @param {EncryptedFile} file
 * @param {string} urlBase the base of relative addresses, from cSetUrlBase
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array>}
 */
export async function download(file, urlBase, signal) {
  const response = await fetch(new URL(file.url, urlBase), { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return decrypt(file, new Uint8Array(await response.arrayBuffer()));
}

/** @param {EncryptedFile} file @param {Uint8Array} encrypted @returns {Promise<Uint8Array>} */
export async function decrypt(file, encrypted) {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', file.key, 'AES-CBC', false, ['decrypt']);
  const bytes = new Uint8Array(await subtle.decrypt({ name: 'AES-CBC', iv: file.iv }, key, encrypted));
  const hash = new Uint8Array(await subtle.digest('SHA-1', bytes));
  if (hash.some((byte, i) => byte !== file.hash[i])) throw new Error('the file differs from its checksum');
  return bytes;
}
