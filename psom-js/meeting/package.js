// @ts-check
// Upload packages: a manifest and files in an OPC container (sections 3.1.4.1.7 and 3.1.4.1.8).

import { concat, zip } from './zip.js';

const OCP = 'http://schemas.microsoft.com/2008/12/ocp';
const DETAIL = 'http://schemas.microsoft.com/2008/12/ocp-content-detail';

/** @param {string} text */
export function escapeXml(text) {
  const entities = /** @type {Record<string, string>} */ ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' });
  // Line ends and tabs in an attribute would be read as spaces.
  return text.replace(/[&<>"\t\n\r]/g, (c) => entities[c] ?? `&#${c.charCodeAt(0)};`);
}

/** @param {string} name @param {string} text */
const element = (name, text) => `<${name}>${escapeXml(text)}</${name}>`;

/**
 * Returns the manifest that creates a content.
 * @param {string} title @param {string} type @param {string} detail an XML element @param {string} [nativeFile] a file name
 */
function createContent(title, type, detail, nativeFile) {
  const file = nativeFile === undefined ? '' : element('nativeFile', nativeFile);
  return manifest(
    `<createContent><common>${element('title', title)}${file}</common>` +
      `<contentDetail type="${type}">${detail}</contentDetail></createContent>`,
  );
}

/** @param {string} body */
const manifest = (body) => `<?xml version="1.0" encoding="utf-8"?><ocp xmlns="${OCP}">${body}</ocp>`;

/** The manifest of a file that everybody can download. @param {string} title @param {string} file */
export const fileManifest = (title, file) =>
  createContent(
    title,
    'Content.NativeFileOnly',
    `<nativeFileOnlyContent xmlns="${DETAIL}"><nativeFileOnlyType>empty</nativeFileOnlyType></nativeFileOnlyContent>`,
    file,
  );

/** The package of an empty whiteboard. @param {string} title */
export const whiteboard = (title) =>
  pack(createContent(title, 'Content.Whiteboard', `<whiteboardContent xmlns="${DETAIL}"><whiteboardType>empty</whiteboardType></whiteboardContent>`));

/** The package of questions and answers. @param {string} title */
export const questions = (title) => pack(createContent(title, 'Content.Qna', `<qnaContent xmlns="${DETAIL}"/>`));

/** The package of a poll. @param {string} title @param {string} question @param {string[]} choices */
export const poll = (title, question, choices) =>
  pack(
    createContent(
      title,
      'Content.Poll',
      `<pollContent xmlns="${DETAIL}">${element('question', question)}` +
        `<choices>${choices.map((choice) => element('choice', choice)).join('')}</choices>` +
        `<rememberPastUsers>true</rememberPastUsers><customizationXml></customizationXml></pollContent>`,
    ),
  );

/**
 * The package of a presentation whose slides are pictures.
 * @param {string} title @param {Uint8Array[]} jpegs
 */
export function slides(title, jpegs) {
  const names = jpegs.map((_, i) => `slide-${i + 1}.jpg`);
  const pictures = names.map((name, i) => `<pptJpegSlides slideNumber="${i}" jpegFile="${name}"/>`).join('');
  const detail =
    `<chunkedPptContent xmlns="${DETAIL}"><numSlides>${jpegs.length}</numSlides><pptContentResources>` +
    `<pptContentResource resourceId="1"><pptJpegPackage>${pictures}</pptJpegPackage></pptContentResource>` +
    '</pptContentResources></chunkedPptContent>';
  return pack(createContent(title, 'Content.Ppt', detail), names.map((name, i) => [name, jpegs[i]]));
}

/**
 * The package of a picture on a board.
 * @param {bigint} content the board's content @param {Record<string, string>} properties @param {Uint8Array} picture
 */
export function image(content, properties, picture) {
  const attributes = Object.entries(properties).map(([name, value]) => ` ${name}="${escapeXml(value)}"`);
  const detail = `<imageAnnotation xmlns="urn:psom:annotation" file="picture"${attributes.join('')}/>`;
  const body =
    `<createAnnotation><creationProperties>${element('parentId', String(content))}</creationProperties>` +
    `<annotationDetail>${detail}</annotationDetail></createAnnotation>`;
  return pack(manifest(body), [['picture', picture]]);
}

/**
 * Packs a manifest and its files without compression.
 * @param {string} xml @param {[name: string, bytes: Uint8Array][]} [files]
 * @returns {{ bytes: Uint8Array, unpacked: number }} the package, and the size of its files in bytes
 */
export function pack(xml, files = []) {
  const text = (/** @type {string} */ value) => new TextEncoder().encode(value);
  const overrides = files.map(([name]) => `<Override PartName="/${escapeXml(name)}" ContentType="application/octet-stream"/>`);
  const types =
    '<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    `<Default Extension="xml" ContentType="text/xml"/>${overrides.join('')}</Types>`;
  const relationships =
    '<?xml version="1.0" encoding="utf-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>';
  const bytes = concat(zip([
    ['OcpManifest.xml', text(xml)],
    ...files,
    ['_rels/.rels', text(relationships)],
    ['[Content_Types].xml', text(types)],
  ]));
  return { bytes, unpacked: files.reduce((sum, [, file]) => sum + file.length, 0) };
}
