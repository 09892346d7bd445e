// Strokes, shapes and the rectangles around paths.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { color, pathBounds } from '../page/drawing.js';
import { MAX_DATA, distanceToSegment, shapeData, simplify, strokeData } from '../page/stroke.js';

const wave = (count) => Array.from({ length: count }, (_, i) => ({ x: i * 3, y: 40 * Math.sin(i / 5) + 13 * Math.cos(i * 1.7) }));

test('simplifying keeps every point within the tolerance of the line', () => {
  const points = wave(3000);
  const simple = simplify(points, 0.5);
  assert.ok(simple.length < points.length);
  assert.deepEqual([simple[0], simple.at(-1)], [points[0], points.at(-1)]);
  let segment = 0;
  for (const point of points) {
    while (segment + 2 < simple.length && point.x > simple[segment + 1].x) segment += 1;
    assert.ok(distanceToSegment(point, simple[segment], simple[segment + 1]) <= 0.5);
  }
});

test('a straight line keeps its two ends', () => {
  assert.equal(simplify(Array.from({ length: 100 }, (_, i) => ({ x: i, y: 2 * i })), 0.1).length, 2);
});

test('a long stroke is split below the limit and has no gap', () => {
  const pieces = strokeData(wave(1500), 0);
  assert.ok(pieces.length > 1);
  for (const data of pieces) assert.ok(data.length < MAX_DATA + 100);
  for (let i = 1; i < pieces.length; i += 1) {
    const end = pieces[i - 1].split(/[A-Z ]/).slice(-2).join(' ');
    assert.ok(pieces[i].startsWith(`M${end}`), `${end} / ${pieces[i].slice(0, 30)}`);
  }
});

test('a tap is a dot', () => {
  assert.deepEqual(strokeData([{ x: 5, y: 6 }], 0.5), ['M5 6l0.01 0']);
});

test('shapes have the rectangle that was dragged', () => {
  const [from, to] = [{ x: 50, y: 80 }, { x: 10, y: 20 }];
  for (const tool of ['rectangle', 'line']) {
    assert.deepEqual(pathBounds(shapeData(tool, from, to)), { left: 10, top: 20, right: 50, bottom: 80 });
  }
  const ellipse = pathBounds(shapeData('ellipse', from, to));
  assert.ok(ellipse.left <= 10 && ellipse.right >= 50 && ellipse.top <= 20 && ellipse.bottom >= 80);
});

test('bounds follow relative and absolute commands and ignore what is malformed', () => {
  assert.deepEqual(pathBounds('M10 10h5v-20l-30,4z'), { left: -15, top: -10, right: 15, bottom: 10 });
  assert.deepEqual(pathBounds('m1 1 2 2 3 3'), { left: 1, top: 1, right: 6, bottom: 6 });
  assert.deepEqual(pathBounds('M0 0C1e1 2 3 4 5 6'), { left: 0, top: 0, right: 10, bottom: 6 });
  assert.deepEqual(pathBounds('nonsense'), { left: 0, top: 0, right: 0, bottom: 0 });
});

test('colors are read with and without alpha', () => {
  assert.equal(color('#80FF0000'), '#FF000080');
  assert.equal(color('#ff0000'), '#ff0000');
  for (const other of ['none', '', 'red', '#12345', 'javascript:x']) assert.equal(color(other), undefined);
});
