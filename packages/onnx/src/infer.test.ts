import { describe, expect, test } from 'vitest';
import type { OnnxBuilder } from './builder.ts';
import { Rewriter } from './passes/rewriter.ts';
import { sizeAt } from './sizes.ts';
import { constantWaves, graphOf, runGraph } from './testing/graphs.ts';

type Write = (b: OnnxBuilder) => string | string[];

const cases: Record<string, Write> = {
  'an op of one array': (b) => b.node('Sigmoid', ['x']),
  broadcasting: (b) => b.node('Add', ['x', constantWaves(b, [4, 1])]),
  'a comparison': (b) => b.node('Cast', [b.node('Greater', ['x', b.scalar(0)])], { to: 1 }),
  'a choice': (b) => b.node('Where', [b.node('Greater', ['x', b.scalar(0)]), 'x', b.scalar(1)]),
  'a product': (b) => b.node('MatMul', ['x', constantWaves(b, [3, 6])]),
  'a matrix product': (b) =>
    b.node('Gemm', [b.reshape('x', [-1, 12]), constantWaves(b, [5, 12])], { transB: 1 }),
  'a range': (b) => {
    const scalar = (n: bigint) => b.initializer('int64', [], BigInt64Array.of(n));
    const images = b.node('Gather', [b.node('Shape', ['x']), scalar(0n)]);
    return b.node('Cast', [b.node('Range', [scalar(0n), images, scalar(1n)])], { to: 1 });
  },
  regions: (b) =>
    b.node(
      'RoiAlign',
      [
        b.reshape('x', [1, 1, -1, 3]),
        constantWaves(b, [5, 4]),
        b.initializer('int64', [5], new BigInt64Array(5)),
      ],
      { output_height: 2, output_width: 3 },
    ),
  'a convolution': (b) =>
    b.node('Conv', [b.reshape('x', [-1, 1, 4, 3]), constantWaves(b, [2, 1, 3, 2])], {
      pads: [1, 0, 1, 1],
      strides: [2, 1],
      dilations: [1, 2],
    }),
  'a transposed convolution': (b) =>
    b.node('ConvTranspose', [b.reshape('x', [-1, 1, 4, 3]), constantWaves(b, [1, 2, 2, 2])], {
      strides: [2, 2],
      pads: [1, 0, 0, 0],
      output_padding: [1, 0],
    }),
  'a norm and its statistics': (b) =>
    b.nodeOutputs('LayerNormalization', ['x', constantWaves(b, [3])], { axis: -1 }, { outputs: 3 }),
  'a reduction': (b) => b.node('ReduceMean', ['x', b.int64([-1])], { keepdims: 0 }),
  'a reduction of all': (b) => b.node('ReduceMax', ['x'], { keepdims: 1 }),
  'the place of the largest': (b) =>
    b.node('Cast', [b.node('ArgMax', ['x'], { axis: 1, keepdims: 0 })], { to: 1 }),
  'the largest': (b) => b.nodeOutputs('TopK', ['x', b.int64([2])], { axis: 1 }, { outputs: 2 })[0]!,
  'slices by index': (b) => b.node('Gather', ['x', b.int64([1, 0, 1])], { axis: 2 }),
  'values by index': (b) =>
    b.node(
      'GatherElements',
      ['x', b.node('Cast', [b.node('Floor', [b.node('Abs', ['x'])])], { to: 7 })],
      { axis: 1 },
    ),
  'rows by index': (b) =>
    b.node(
      'GatherND',
      ['x', b.node('Cast', [b.node('Floor', [b.node('Abs', ['x'])])], { to: 7 })],
      { batch_dims: 0 },
    ),
  'a concatenation': (b) => b.node('Concat', ['x', 'x'], { axis: -2 }),
  parts: (b) => b.nodeOutputs('Split', ['x', b.int64([1, 3])], { axis: 1 }, { outputs: 2 }),
  'a part': (b) =>
    b.node('Slice', ['x', b.int64([3, 0]), b.int64([-5, 2]), b.int64([1, 2]), b.int64([-2, 1])]),
  'zeros around': (b) => b.node('Pad', ['x', b.int64([0, 1, 0, 0, 2, 3])]),
  'an expansion': (b) => b.node('Expand', ['x', b.int64([2, 1, 1, 3])]),
  tiles: (b) => b.node('Tile', ['x', b.int64([1, 2, 3])]),
  'a shape with sizes kept': (b) => b.reshape('x', [0, -1]),
  'axes of one': (b) =>
    b.node('Squeeze', [b.node('Unsqueeze', ['x', b.int64([0, -1])]), b.int64([0])]),
  'a transpose': (b) => b.node('Transpose', ['x'], { perm: [2, 0, 1] }),
  'a computed shape': (b) => {
    const batch = b.node('Shape', ['x'], { start: 0, end: 1 });
    const double = b.node('Add', [b.node('Mul', [batch, b.int64([2])]), b.int64([1])]);
    const parts = b.node('Concat', [double, b.int64([3])], { axis: 0 });
    return b.node('Expand', [b.scalar(1), b.node('Gather', [parts, b.int64([1, 0])])]);
  },
};

describe('shapes are those that ONNX Runtime gives', () => {
  test.each(Object.entries(cases))('%s', async (_, write) => {
    const graph = graphOf({ x: ['batch', 4, 3] }, (b) =>
      Object.fromEntries([write(b)].flat().map((name, i) => [`y${i}`, name])),
    );
    const w = new Rewriter(graph);
    for (const node of graph.nodes) w.copy(node);
    for (const batch of [2, 5]) {
      for (const [name, { dims }] of Object.entries(await runGraph(graph, batch))) {
        const sizes = w.sizes(name)!;
        expect(sizes.dtype).toBe('float32');
        expect(sizes.shape.map((size) => sizeAt(size, batch))).toEqual([...dims]);
      }
    }
  });
});

test('nothing is said of an op that is not known, or reads what is not known', () => {
  const graph = graphOf({ x: ['batch', 4] }, (b) => {
    const y = b.node('Det', ['x']);
    return { y: b.node('Neg', [y]) };
  });
  const w = new Rewriter(graph);
  for (const node of graph.nodes) w.copy(node);
  expect(w.sizes('y')).toBeUndefined();
});
