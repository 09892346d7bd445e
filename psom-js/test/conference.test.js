// The mirror of a meeting, driven by the calls that a server makes.
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';

import { Conference } from '../meeting/conference.js';
import { decrypt } from '../meeting/files.js';
import { escapeXml, poll } from '../meeting/package.js';
import { Questions, answerBlob, askBlob, moderateBlob } from '../meeting/questions.js';

/** A conference with one content, and the functions by which a server calls it. */
function meeting(type) {
  const changes = [];
  const conference = new Conference((change) => changes.push(change));
  const connected = [];
  conference.connect = (parent, part, child) => connected.push([part, child]);
  conference.manager.handlers.cContentAdded(7n, type);
  const content = conference.contents.get(7n);
  return { conference, content, changes, connected, extended: content.extended?.handlers };
}

test('a content is connected by its number and its own part', () => {
  const { content, connected } = meeting('Content.Poll');
  content.object.handlers.connected();
  assert.deepEqual(connected.map(([part]) => part), ['content.7', 'extendedContent']);
});

test('people who have left keep their name', () => {
  const { conference } = meeting('Content.Poll');
  conference.users_.handlers.cUsersAdded([1n], ['sip:ada'], ['Ada']);
  conference.users_.handlers.cUsersRemoved([1n]);
  assert.equal(conference.nameOf(1n), 'Ada');
  assert.equal(conference.users.get(1n).present, false);
});

test('a removed content reports no further changes', () => {
  const { conference, content, changes } = meeting('Content.Poll');
  conference.manager.handlers.cContentRemoved(7n);
  const count = changes.length;
  content.object.handlers.cSetTitle('late');
  content.object.handlers.disconnected();
  assert.equal(changes.length, count);
});

test('a board applies batches, text changes and removals', () => {
  const { content, extended } = meeting('Content.Whiteboard');
  const server = extended.children.annotationContainer().handlers;
  server.cAddAnnotationBatch([1, 2], [1, 1], [0, 1], [5n, 5n], [5n, 5n], [1, 2], ['STROKE', 'TEXT', 'LOCALID'], ['#ff0000', 'Hello world', 'a']);
  const { annotations } = content.board;
  assert.equal(annotations.get(1).properties.get('STROKE'), '#ff0000');
  assert.deepEqual([...annotations.get(2).properties], [['TEXT', 'Hello world'], ['LOCALID', 'a']]);
  server.cChangeTextBatch([2], [2], [6n], [1], [2], [0, 6], [5, 11], ['Howdy', 'all']);
  assert.equal(annotations.get(2).properties.get('TEXT'), 'Howdy all');
  assert.equal(annotations.get(2).textVersion, 1);
  server.cChangePropertiesBatch([1], [2], [6n], [1], ['STROKE'], ['none']);
  assert.equal(annotations.get(1).properties.get('STROKE'), 'none');
  server.cRemoveAnnotations([1], 6n, 0);
  assert.deepEqual([...annotations.keys()], [2]);
});

test('a text change sends the smallest difference', () => {
  const { content, extended } = meeting('Content.Whiteboard');
  const object = extended.children.annotationContainer();
  object.handlers.cAddAnnotationBatch([1], [3], [1], [5n], [5n], [1], ['TEXT'], ['one two three']);
  const calls = [];
  object.server = { sChangeText: (...args) => calls.push(args) };
  content.board.changeText(1, 'one 2 three');
  assert.deepEqual(calls, [[1, 3, 0, [4], [7], ['2']]]);
});

test('a question gets its answers, and unknown messages are ignored', () => {
  const { content, extended } = meeting('Content.Qna');
  for (const blob of ['', 'null', '[1]', '{"question":{"id":1}}', '{"vote":1}']) extended.cPutBlob(blob);
  extended.cPutBlob('{"question":{"id":"a","text":"When?","by":"Ada"}}');
  extended.cPutBlob('{"answer":{"question":"a","text":"Now.","by":"Grace"}}');
  assert.deepEqual(content.questions.items, [{ id: 'a', text: 'When?', by: 'Ada', answers: [{ text: 'Now.', by: 'Grace' }] }]);
});

test('a presentation reads its location', () => {
  const { content, extended } = meeting('Content.Ppt');
  extended.cSetSlideCount(5);
  extended.cSetLocation('<PptLocation xmlns="http://schemas.microsoft.com/2008/08/datamcu-content"><SlideNumber>3</SlideNumber><Click>1</Click></PptLocation>');
  assert.deepEqual(content.slides.location, { slide: 3, click: 1 });
  extended.cSetLocation('INITIAL_LOCATION');
  assert.deepEqual(content.slides.location, { slide: 0, click: 0 });
});

test('an encrypted file is decrypted, and a wrong checksum is an error', async () => {
  const [key, iv, plain] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2), new TextEncoder().encode('hello')];
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final()]));
  const hash = new Uint8Array(createHash('sha1').update(plain).digest());
  assert.deepEqual(await decrypt({ url: '', key, iv, hash }, encrypted), plain);
  await assert.rejects(decrypt({ url: '', key, iv, hash: hash.map((byte) => byte ^ 1) }, encrypted), /checksum/);
});

test('moderators edit and delete questions, and nobody else takes over their identifier', () => {
  const questions = new Questions();
  questions.read(askBlob('a', 'When?', 'Ada'));
  questions.read(askBlob('a', 'Something else', 'Eve'));
  assert.equal(questions.items[0].text, 'When?');
  questions.read(moderateBlob('a', 'When is it?'));
  assert.equal(questions.items[0].text, 'When is it?');
  // The server accepts messages with the exact beginning of a moderator's message from moderators only. Messages
  // that parse in the same way but begin differently must have no effect.
  for (const blob of ['{ "moderate":{"question":"a","text":null}}', '{"x":1,"moderate":{"question":"a","text":null}}']) questions.read(blob);
  assert.equal(questions.items.length, 1);
  questions.read(moderateBlob('a', null));
  questions.read(answerBlob('a', 'Now.', 'Grace'));
  questions.read(askBlob('a', 'Again?', 'Ada'));
  assert.deepEqual(questions.items, []);
});

test('titles and questions cannot add markup to a manifest', () => {
  assert.equal(escapeXml('<a b="c">&\n'), '&lt;a b=&quot;c&quot;&gt;&amp;&#10;');
  const { bytes } = poll('<x>', 'Q & A?', ['<1>', '2']);
  const text = new TextDecoder().decode(bytes);
  assert.ok(text.includes('<title>&lt;x&gt;</title>') && text.includes('<choice>&lt;1&gt;</choice>'));
});

test('a document has the link of this user, if it leads to Office or the web', () => {
  const { content, extended } = meeting('Psom.Document');
  assert.equal(content.document.link, '');
  for (const [link, shown] of [
    ['ms-word:ofe|u|https://example.com/edit/1f/report.docx', 'ms-word:ofe|u|https://example.com/edit/1f/report.docx'],
    ['http://127.0.0.1:8058/edit/1f/notes.txt', 'http://127.0.0.1:8058/edit/1f/notes.txt'],
    ['javascript:alert(1)', ''],
    ['ms-word:ofe|u|javascript:alert(1)', ''],
    ['', ''],
  ]) {
    extended.cSetLink(link);
    assert.equal(content.document.link, shown, link);
  }
});
