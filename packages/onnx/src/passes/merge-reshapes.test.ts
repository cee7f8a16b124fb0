import { expect, test } from 'vitest';
import { graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { mergeReshapes } from './merge-reshapes.ts';

test('reshapes of reshapes become one', async () => {
  const graph = graphOf({ x: ['batch', 4, 3] }, (b) => {
    const rows = b.reshape('x', [-1, 3]);
    const wide = b.node('Unsqueeze', [rows, b.int64([0])]);
    return { y: b.reshape(wide, [-1, 2, 6]) };
  });
  await unchanged(graph, mergeReshapes);
  expect(await opsAfter(graph, mergeReshapes)).toEqual(['Reshape']);
});

test('those that end at the shape they began with go', async () => {
  const graph = graphOf({ x: ['batch', 4, 3] }, (b) => ({
    y: b.node('Neg', [b.reshape(b.reshape('x', [-1, 3]), [-1, 4, 3])]),
  }));
  await unchanged(graph, mergeReshapes);
  expect(await opsAfter(graph, mergeReshapes)).toEqual(['Neg']);
});

test('a target that copies a size stays as it is', async () => {
  const graph = graphOf({ x: ['batch', 4, 3] }, (b) => ({
    y: b.reshape(b.reshape('x', [-1, 3, 4]), [0, 12]),
  }));
  await unchanged(graph, mergeReshapes);
  expect(await opsAfter(graph, mergeReshapes)).toEqual(['Reshape', 'Reshape']);
});
