// The texts and names of an exported meeting.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Questions, answerBlob, askBlob } from '../meeting/questions.js';
import { csv, fileName, questionsText } from '../page/export.js';
import { escaped } from '../page/svg.js';

test('a title becomes a file name in its folder', () => {
  const cases = { '../../etc/passwd': '_._.._etc_passwd', '.bashrc': '_bashrc', '': '_', 'a\u202eb': 'a_b', 'a:b|c': 'a_b_c', 'Plan.pdf': 'Plan.pdf' };
  for (const [title, name] of Object.entries(cases)) assert.equal(fileName(title), name);
  assert.ok(Buffer.byteLength(fileName('\u6f22'.repeat(255))) <= 200);
});

test('a poll becomes CSV without formulas', () => {
  const choices = ['now', 'a, b', '=1+1', ' -2', '\u200b@x', 'say "yes"'];
  const rows = csv({ choices, results: [1, 2] }).split('\r\n');
  assert.deepEqual(rows, ['choice,votes', 'now,1', '"a, b",2', `"'=1+1",0`, `"' -2",0`, `"'\u200b@x",0`, '"say ""yes""",0', '']);
});

test('questions become a list, and their texts are never markup', () => {
  const questions = new Questions();
  questions.open = true;
  questions.read(askBlob('a', '<b>When?</b>\n# now', 'Ada'));
  questions.read(answerBlob('a', '[x](javascript:1)', ''));
  assert.equal(questionsText('Q&A', questions), '# Q\\&A\n\n1. \\<b\\>When?\\</b\\> \\# now (Ada)\n   - \\[x\\]\\(javascript:1\\)\n');
});

test('texts cannot break out of an SVG', () => {
  assert.equal(escaped('"<&>\0\ud800'), '&quot;&lt;&amp;&gt;\ufffd\ufffd');
});
