import { describe, expect, test } from 'vitest';
import type { OnnxBuilder } from '../builder.ts';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { dropUnused } from './drop-unused.ts';
import { sinkTransposes } from './sink-transposes.ts';

const LAST = { perm: [0, 2, 3, 1] };
const FIRST = { perm: [0, 3, 1, 2] };

/** A graph of a map whose channels go last, and come first again. */
const between = (write: (b: OnnxBuilder, x: string) => string) =>
  graphOf({ x: ['batch', 3, 4, 5] }, (b) => {
    const last = b.node('Transpose', ['x'], LAST);
    return { y: b.node('Transpose', [write(b, last)], FIRST) };
  });

describe('no transpose is left around', () => {
  test.each<[string, string[], (b: OnnxBuilder, x: string) => string]>([
    ['nothing', [], (_, x) => x],
    ['an activation', ['Sigmoid', 'Mul'], (b, x) => b.node('Mul', [x, b.node('Sigmoid', [x])])],
    ['a number', ['Add'], (b, x) => b.node('Add', [b.scalar(2), x])],
    [
      'a number for each channel',
      ['Reshape', 'Transpose', 'Add'],
      (b, x) => b.node('Add', [x, constantWaves(b, [3])]),
    ],
    [
      'a map of constants',
      ['Reshape', 'Transpose', 'Mul'],
      (b, x) => b.node('Mul', [x, constantWaves(b, [4, 1, 3])]),
    ],
    ['a sum of maps', ['Neg', 'Add'], (b, x) => b.node('Add', [b.node('Neg', [x]), x])],
    ['a concatenation', ['Concat'], (b, x) => b.node('Concat', [x, x], { axis: 3 })],
    ['a softmax', ['Softmax'], (b, x) => b.node('Softmax', [x], { axis: -1 })],
    [
      'a mean over the places, kept',
      ['ReduceMean'],
      (b, x) => b.node('ReduceMean', [x, b.int64([1, -2])], { keepdims: 1 }),
    ],
    [
      'zeros around',
      ['Pad'],
      (b, x) => b.node('Pad', [x, b.int64([0, 1, 2, 3, 0, 4, 5, 6]), b.scalar(0)]),
    ],
    [
      'a part',
      ['Slice'],
      (b, x) => b.node('Slice', [x, b.int64([1, 1]), b.int64([3, 2]), b.int64([2, 3])]),
    ],
    [
      'halves of an axis',
      ['Split', 'Sub'],
      (b, x) => {
        const [low, high] = b.nodeOutputs(
          'Split',
          [x, b.int64([2, 2])],
          { axis: 1 },
          { outputs: 2 },
        );
        return b.node('Sub', [low!, high!]);
      },
    ],
    [
      'channels by index',
      ['Gather'],
      (b, x) => b.node('Gather', [x, b.int32([2, 0])], { axis: 3 }),
    ],
  ])('%s', async (_, ops, write) => {
    const graph = between(write);
    await unchanged(graph, sinkTransposes);
    const clean = (g: typeof graph) => dropUnused(sinkTransposes(g));
    expect((await opsAfter(graph, clean)).toSorted()).toEqual(ops.toSorted());
  });
});

test('a mean that leaves the channels needs none', async () => {
  const graph = graphOf({ x: ['batch', 3, 4, 5] }, (b) => {
    const last = b.node('Transpose', ['x'], LAST);
    return { y: b.node('ReduceMean', [last, b.int64([1, 2])], { keepdims: 0 }) };
  });
  await unchanged(graph, sinkTransposes);
  expect(await opsAfter(graph, sinkTransposes)).toEqual(['ReduceMean']);
});

test('axes that are left in another order are put right', async () => {
  const graph = graphOf({ x: ['batch', 3, 4, 5] }, (b) => {
    const last = b.node('Transpose', ['x'], LAST);
    return { y: b.node('ReduceMax', [last, b.int64([1])], { keepdims: 0 }) };
  });
  await unchanged(graph, sinkTransposes);
  expect(await opsAfter(graph, sinkTransposes)).toEqual(['ReduceMax', 'Transpose']);
});

test('what is transposed in other ways, or not, stays', async () => {
  const graph = graphOf({ x: [3, 3], z: [3, 3] }, (b) => ({
    y: b.node('Add', [b.node('Transpose', ['x'], { perm: [1, 0] }), 'z']),
  }));
  expect(await opsAfter(graph, sinkTransposes)).toEqual(['Transpose', 'Add']);
});
