import { expect, test } from 'vitest';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { foldConstants } from './fold-constants.ts';

test('what constants alone decide is a constant, of the parameter that it is made of', async () => {
  const graph = graphOf({ x: ['batch', 3] }, (b) => {
    const weight = b.node('Transpose', [constantWaves(b, [5, 3])], { perm: [1, 0] });
    const [left, right] = b.nodeOutputs(
      'Split',
      [weight, b.int64([2, 3])],
      { axis: 1 },
      { outputs: 2 },
    );
    return { y: b.node('MatMul', ['x', left!]), z: b.node('MatMul', ['x', right!]) };
  });
  const [weight, ...others] = graph.initializers;
  const named = { ...graph, initializers: [{ ...weight!, parameter: 'fc.weight' }, ...others] };
  const { initializers } = await unchanged(named, foldConstants);
  expect(initializers.map(({ shape, parameter }) => [shape, parameter])).toEqual([
    [[3, 2], 'fc.weight'],
    [[3, 3], 'fc.weight'],
  ]);
  expect(await opsAfter(graph, foldConstants)).toEqual(['MatMul', 'MatMul']);
});

test('what would be much of little stays', async () => {
  const expanded = (n: number) =>
    graphOf({ x: ['batch', n] }, (b) => {
      const ones = b.node('Expand', [b.scalar(1), b.int64([n])]);
      return { y: b.node('Add', ['x', ones]) };
    });
  expect(await opsAfter(expanded(1000), foldConstants)).toEqual(['Expand', 'Add']);
  expect(await opsAfter(expanded(10), foldConstants)).toEqual(['Add']);
});

test('a graph without any is the same', async () => {
  const graph = graphOf({ x: ['batch', 3] }, (b) => ({ y: b.node('Neg', ['x']) }));
  expect(await foldConstants(graph)).toBe(graph);
});
