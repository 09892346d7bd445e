// @ts-check
// The content type of documents that users edit in Office. It is an addition of psom.

import { Interface } from '../interface.js';

/** The name of the content type. */
export const DOCUMENT = 'Psom.Document';

/** A document: its revisions, its editors, and the link of this user. */
export const Document = new Interface({
  name: DOCUMENT,
  versions: [[1, 3389120517684920773n, -7710023385417266104n]],
  server: [],
  client: [
    { name: 'cConnectCompleted', params: [] },
    { name: 'cSetLink', params: [['url', 'String']] },
    {
      name: 'cAddRevision',
      params: [
        ['number', 'Int64'],
        ['size', 'Int64'],
        ['sha1', 'Byte[]'],
        ['author', 'String'],
        ['time', 'String'],
        ['file', 'String'],
        ['key', 'Byte[]'],
        ['iv', 'Byte[]'],
      ],
    },
    { name: 'cAddEditor', params: [['client', 'String'], ['name', 'String']] },
    { name: 'cRemoveEditor', params: [['client', 'String']] },
  ],
});

/**
 * Returns a link with which this user edits a document, or an empty text if the link is not valid. A valid
 * link is a web address, or an address that opens a program of Office with a web address.
 * @param {string} link
 */
export function editLink(link) {
  return /^(ms-(word|excel|powerpoint):ofe\|u\|)?https?:\/\//.test(link) ? link : '';
}
