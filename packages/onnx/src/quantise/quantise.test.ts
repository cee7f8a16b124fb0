import { channelsLast } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import type { OnnxBuilder } from '../builder.ts';
import type { Pass } from '../passes/rewriter.ts';
import { encodeModel, type OnnxGraph } from '../proto.ts';
import { constantWaves, graphOf, opsAfter, runGraph, waves } from '../testing/graphs.ts';
import { calibrate } from './calibration.ts';
import { dynamicInt8 } from './dynamic.ts';
import { halfPrecision } from './half.ts';
import type { KeepOptions } from './layer.ts';
import { inPrecision } from './precision.ts';
import { calibrated, staticInt8 } from './static.ts';
import { weightOnlyInt8 } from './weight-only.ts';

/** Layers of each kind over images [batch, 2, 6, 6]: a convolution, two that read the same, and one of another layout. */
const layers = (): OnnxGraph =>
  graphOf({ x: ['batch', 2, 6, 6] }, (b) => {
    const conv = b.node('Conv', ['x', constantWaves(b, [8, 2, 3, 3]), constantWaves(b, [8], 2)], {
      kernel_shape: [3, 3],
      strides: [3, 3],
    });
    const tokens = b.node('Transpose', [b.node('Reshape', [conv, b.int64([0, 8, 4])])], {
      perm: [0, 2, 1],
    });
    const linear = (x: string, phase: number) =>
      b.node('Add', [
        b.node('MatMul', [x, constantWaves(b, [8, 5], phase)]),
        constantWaves(b, [5], phase + 1),
      ]);
    const sum = b.node('Softmax', [b.node('Add', [linear(tokens, 3), linear(tokens, 5)])]);
    const pooled = b.node('ReduceMean', [sum, b.int64([1])], { keepdims: 0 });
    const head = [pooled, constantWaves(b, [3, 5], 7), constantWaves(b, [3], 8)];
    return { y: b.node('Gemm', head, { transB: 1 }) };
  });

/** Static ranges by calibration with the images that the graphs are run on, or of such numbers where they take no images. */
async function withRanges(graph: OnnxGraph, keep?: KeepOptions['keep']): Promise<OnnxGraph> {
  const names = calibrated(graph, { keep });
  const images = async function* () {
    for (const batch of [1, 3]) yield channelsLast(waves([batch, 2, 6, 6]));
  };
  const takesImages = graph.inputs[0]!.shape.length === 4;
  const ranges = takesImages
    ? await calibrate(graph, { values: names, images, method: 'min-max' })
    : new Map(names.map((name) => [name, { low: -1, high: 1 }]));
  return staticInt8(ranges, { keep })(graph);
}

const outputs = async (graph: OnnxGraph, batch: number) => [
  ...((await runGraph(graph, batch)).y!.data as Float32Array),
];

/** The largest difference of the outputs, beside the largest output. */
async function error(graph: OnnxGraph, other: OnnxGraph): Promise<number> {
  let worst = 0;
  for (const batch of [1, 3]) {
    const [want, found] = [await outputs(graph, batch), await outputs(other, batch)];
    expect(found).toHaveLength(want.length);
    const scale = Math.max(...want.map(Math.abs));
    worst = Math.max(worst, ...want.map((y, i) => Math.abs(y - found[i]!) / scale));
  }
  return worst;
}

const PASSES = {
  'weight-only': weightOnlyInt8(),
  dynamic: dynamicInt8(),
  static: (graph: OnnxGraph) => withRanges(graph),
  half: halfPrecision,
};

describe.each(Object.entries(PASSES))('%s', (name, pass) => {
  test('computes what the graph computes, as well as its numbers allow', async () => {
    const graph = layers();
    const found = await error(graph, await pass(graph));
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(name === 'half' ? 2e-3 : 0.06);
  });

  test('leaves a graph without layers as it is', async () => {
    const graph = graphOf({ x: ['batch', 3] }, (b) => ({ y: b.node('Neg', ['x']) }));
    const ops = await opsAfter(graph, pass);
    expect(ops.filter((op) => op !== 'Cast')).toEqual(['Neg']);
  });

  test('makes the file of a large layer smaller', async () => {
    const graph = graphOf({ x: ['batch', 64] }, (b) => ({
      y: b.node('MatMul', ['x', constantWaves(b, [64, 256])]),
    }));
    const ratio = encodeModel(await pass(graph)).length / encodeModel(graph).length;
    expect(ratio).toBeLessThan(name === 'half' ? 0.52 : 0.31);
  });
});

const INT8 = Object.entries(PASSES).filter(([name]) => name !== 'half');

test('weights have a scale for each output channel: a channel a thousand times smaller keeps its numbers', async () => {
  const small = (b: OnnxBuilder) => {
    const { data } = waves([4, 2]);
    const weights = (data as Float32Array).map((w, i) => (i % 2 === 0 ? w : w / 1000));
    return b.initializer('float32', [4, 2], weights);
  };
  const graph = graphOf({ x: ['batch', 4] }, (b) => ({ y: b.node('MatMul', ['x', small(b)]) }));
  const want = await outputs(graph, 3);
  for (const [, pass] of INT8) {
    const found = await outputs(await pass(graph), 3);
    for (const channel of [0, 1]) {
      const own = want.filter((_, i) => i % 2 === channel);
      const scale = Math.max(...own.map(Math.abs));
      own.forEach((y, i) =>
        expect(Math.abs(found[2 * i + channel]! - y) / scale).toBeLessThan(0.05),
      );
    }
  }
});

test('what several layers read is quantised once, and convolutions stay without calibration', async () => {
  const count = async (pass: Pass, op: string) =>
    (await opsAfter(layers(), pass)).filter((own) => own === op).length;
  expect(await count(dynamicInt8(), 'DynamicQuantizeLinear')).toBe(2);
  expect(await count(dynamicInt8(), 'MatMulInteger')).toBe(3);
  expect(await count(dynamicInt8(), 'Conv')).toBe(1);
  // The convolution's input and output, the tokens, and what the head reads.
  expect(await count(PASSES.static, 'QuantizeLinear')).toBe(4);
});

test('layers can be kept', async () => {
  const keep: KeepOptions['keep'] = ({ node }) => node.op !== 'Gemm';
  for (const pass of [weightOnlyInt8({ keep }), dynamicInt8({ keep })]) {
    const ops = await opsAfter(layers(), pass);
    expect(ops.filter((op) => op === 'MatMul')).toHaveLength(2);
    expect(ops).toContain('Conv');
  }
  const graph = layers();
  expect(calibrated(graph, { keep })).toHaveLength(1);
  const ops = await opsAfter(graph, (own) => withRanges(own, keep));
  expect(ops.filter((op) => op === 'QuantizeLinear')).toHaveLength(1);
});

test('numbers that 16 bits do not have become the largest', async () => {
  const graph = graphOf({ x: ['batch', 1] }, (b) => ({
    y: b.node('Add', ['x', b.initializer('float32', [1], Float32Array.of(-1e9))]),
  }));
  expect(await outputs(halfPrecision(graph), 1)).toEqual([-65504]);
});

test.each([
  ['ONNX_CALIBRATION', { precision: 'int8' }],
  ['ONNX_MODULE', { precision: 'int8-dynamic', float: ['blocks.9'] }],
] as const)('%s', async (code, options) => {
  await expect(inPrecision(layers(), options)).rejects.toMatchObject({ code });
});

test('all that is in a module of those named stays in float32', async () => {
  const graph = layers();
  const nodes = graph.nodes.map((node, i) => ({ ...node, path: i < 4 ? 'stem' : `blocks.${i}` }));
  const placed = { ...graph, nodes };
  const matrices = nodes.flatMap(({ op, path }) => (op === 'MatMul' ? path : []));
  const options = { precision: 'int8-dynamic', float: [matrices[0]!] } as const;
  const found = await inPrecision(placed, options);
  expect(found.nodes.filter(({ op }) => op === 'MatMul')).toHaveLength(1);
  const all = await inPrecision(placed, { ...options, float: ['blocks', 'stem'] });
  expect(all.nodes.map(({ op }) => op)).not.toContain('MatMulInteger');
  expect(await inPrecision(placed, {})).toBe(placed);
});
