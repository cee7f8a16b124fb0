import { expect, test } from 'vitest';
import { graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { lateReshapes } from './late-reshapes.ts';
import { mergeReshapes } from './merge-reshapes.ts';

test('of the reshapes around an activation one is left', async () => {
  const graph = graphOf({ x: ['batch', 4, 6] }, (b) => ({
    y: b.reshape(b.node('Relu', [b.reshape('x', [-1, 24])]), [-1, 4, 2, 3]),
  }));
  await unchanged(graph, lateReshapes);
  const both = (g: typeof graph) => mergeReshapes(lateReshapes(g));
  expect(await opsAfter(graph, both)).toEqual(['Relu', 'Reshape']);
});

test('a reshape that something else reads too stays where it is', async () => {
  const graph = graphOf({ x: ['batch', 4, 6] }, (b) => {
    const rows = b.reshape('x', [-1, 24]);
    return { y: b.node('Relu', [rows]), z: b.node('Neg', [rows]) };
  });
  expect(await opsAfter(graph, lateReshapes)).toEqual(['Reshape', 'Relu', 'Neg']);
});
