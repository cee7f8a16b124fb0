import { expect, test } from 'vitest';
import { constantWaves, graphOf, unchanged } from '../testing/graphs.ts';
import { ownConstants } from './own-constants.ts';

test('each reader of a short constant has its own, of a long one or of integers not', async () => {
  const graph = graphOf({ x: ['batch', 9] }, (b) => {
    const long = constantWaves(b, [9]);
    const once = b.node('Clip', [b.node('Mul', ['x', long]), b.scalar(0), b.scalar(1)]);
    const again = b.node('Clip', [b.node('Add', [once, long]), b.scalar(0), b.scalar(1)]);
    const axes = b.int64([0]);
    const wide = b.node('Unsqueeze', [b.node('Unsqueeze', [again, axes]), axes]);
    return { y: b.node('Mul', [wide, b.node('Add', [b.scalar(1), b.scalar(1)])]) };
  });
  const { nodes, initializers } = await unchanged(graph, ownConstants);
  const read = nodes.flatMap(({ inputs }) => inputs);
  const uses = initializers.map(({ name }) => read.filter((input) => input === name).length);
  const shape = (i: number) => initializers[i]!.shape.join();
  expect(uses.map((n, i) => [shape(i), n]).filter(([, n]) => n !== 1)).toEqual([
    ['9', 2],
    ['1', 2],
  ]);
});
