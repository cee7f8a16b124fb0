import {
  createEagerEngine,
  type Engine,
  Generator,
  int32,
  type NdArray,
  sizeOf,
  type Tensor,
  tf,
} from '@kcr/core';
import {
  affineOp,
  batchMomentsOp,
  batchNormGradientOp,
  batchNormOp,
  batchNormSumsOp,
  geluGradientOp,
  geluOp,
  hardSwishGradientOp,
  hardSwishOp,
  layerNormOp,
  lookupGradientOp,
  lookupOp,
  reindexOp,
  resampleOp,
  scaleShiftOp,
  siluGradientOp,
  siluOp,
  takeTokensOp,
} from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';

interface Given {
  /** [6, 4] */
  rows: Tensor;
  /** [5, 4] */
  weight: Tensor;
  /** [5] */
  bias: Tensor;
  /** [4], above 0 */
  scale: Tensor;
  /** [4] */
  shift: Tensor;
  /** [2, 3, 4] */
  tokens: Tensor;
  /** int32 [2, 2] */
  indices: Tensor;
  /** [2, 3, 3, 16] */
  map: Tensor;
  /** [16], above 0 */
  channels: Tensor;
}

const eps = 1e-3;

/** Two maps that are there in blocked layout alone, where the runtime has one. */
const convolved = (map: Tensor): Tensor =>
  tf.conv2d(map as tf.Tensor4D, tf.fill([1, 1, 16, 16], 0.1), 1, 'same');

/** Calls of every op of core that has a lowering. */
const calls: Record<string, (given: Given) => Tensor | Record<string, Tensor>> = {
  affine: ({ rows, weight, bias }) => affineOp({ x: rows, weight, bias }),
  'affine without bias': ({ rows, weight }) => affineOp({ x: rows, weight }),
  gelu: ({ rows }) => geluOp({ x: rows }),
  'gelu, its gradient': ({ rows }) => geluGradientOp({ x: rows, dy: tf.cos(rows) }),
  'gelu in blocks': ({ map }) => geluOp({ x: convolved(map) }),
  silu: ({ rows }) => siluOp({ x: rows }),
  'silu, its gradient': ({ rows }) =>
    siluGradientOp({ x: rows, y: siluOp({ x: rows }), dy: tf.cos(rows) }),
  'hard swish': ({ rows }) => hardSwishOp({ x: tf.mul(rows, 3) }),
  'hard swish, its gradient': ({ rows }) =>
    hardSwishGradientOp({ x: tf.mul(rows, 3), dy: tf.cos(rows) }),
  'layer norm': ({ rows, scale, shift }) =>
    layerNormOp({ x: rows, gamma: scale, beta: shift }, { eps }),
  'batch norm': ({ rows, scale, shift }) =>
    batchNormOp(
      { x: rows, gamma: scale, beta: shift, mean: shift, variance: scale },
      { eps, processes: 1 },
    ),
  'batch norm in blocks': ({ map, channels }) =>
    batchNormOp(
      { x: map, gamma: channels, beta: tf.neg(channels), mean: channels, variance: channels },
      { eps, processes: 1 },
    ),
  'batch moments': ({ rows }) => batchMomentsOp({ x: rows }),
  'batch moments in blocks': ({ map }) => batchMomentsOp({ x: map }),
  'batch norm, sums of its gradient': ({ rows, scale, shift }) =>
    batchNormSumsOp({ x: rows, dy: tf.cos(rows), mean: shift, variance: scale }, { eps }),
  'batch norm, sums of its gradient in blocks': ({ map, channels }) =>
    batchNormSumsOp({ x: map, dy: tf.cos(map), mean: channels, variance: channels }, { eps }),
  'batch norm, its gradient': ({ rows, scale, shift }) =>
    batchNormGradientOp(
      {
        x: rows,
        dy: tf.cos(rows),
        gamma: scale,
        mean: shift,
        variance: scale,
        dGamma: shift,
        dBeta: scale,
      },
      { eps, processes: 3 },
    ),
  'batch norm, its gradient in blocks': ({ map, channels }) =>
    batchNormGradientOp(
      {
        x: map,
        dy: tf.cos(map),
        gamma: channels,
        mean: channels,
        variance: channels,
        dGamma: channels,
        dBeta: tf.neg(channels),
      },
      { eps, processes: 3 },
    ),
  'scale and shift': ({ rows, scale, shift }) => scaleShiftOp({ x: rows, scale, shift }),
  'scale and shift in blocks': ({ map, channels }) =>
    scaleShiftOp({ x: convolved(map), scale: channels, shift: channels }),
  lookup: ({ rows }) => lookupOp({ table: rows }, { indices: [2, 0, 2], rows: 6 }),
  'lookup, its gradient': ({ rows }) =>
    lookupGradientOp({ dy: rows }, { indices: [2, 0, 2, 1, 1, 2], rows: 4 }),
  'lookup, its gradient of one row': ({ rows }) =>
    lookupGradientOp({ dy: rows }, { indices: [0, 0, 0, 0, 0, 0], rows: 1 }),
  resample: ({ tokens, weight }) =>
    resampleOp({ x: tf.transpose(tokens, [0, 2, 1]), matrix: weight }, { transposed: false }),
  'resample, transposed': ({ rows, tokens }) =>
    resampleOp({ x: tokens, matrix: tf.slice(rows, [0, 0], [3, 4]) }, { transposed: true }),
  'take tokens': ({ tokens, indices }) => takeTokensOp({ x: tokens, indices }),
  'reindex rows': ({ rows }) => reindexOp({ x: rows }, { sources: [3, -1, 0], axis: 0 }),
  'reindex channels': ({ tokens }) => reindexOp({ x: tokens }, { sources: [3, 0], axis: 2 }),
  'reindex channels with zeros': ({ tokens }) =>
    reindexOp({ x: tokens }, { sources: [3, -1, 0, -1], axis: 2 }),
  'reindex what a dense layer made': ({ rows, weight, bias }) => {
    const y = tf.reshape(affineOp({ x: rows, weight, bias }), [2, 3, 5]);
    return reindexOp({ x: y }, { sources: [-1, 4, 0], axis: 2 });
  },
  'reindex what a dense layer without bias made': ({ rows, weight }) =>
    reindexOp({ x: affineOp({ x: rows, weight }) }, { sources: [-1, 4, 0], axis: 1 }),
};

function normal(shape: number[], seed: number, positive = false): NdArray {
  const data = new Generator(seed).array(sizeOf(shape), 'normal');
  return { dtype: 'float32', shape, data: positive ? data.map((x) => Math.abs(x) + 0.5) : data };
}

const inputs: Record<keyof Given, NdArray> = {
  rows: normal([6, 4], 1),
  weight: normal([5, 4], 2),
  bias: normal([5], 3),
  scale: normal([4], 4, true),
  shift: normal([4], 5),
  tokens: normal([2, 3, 4], 6),
  indices: int32([2, 2], [2, 0, 1, 2]),
  map: normal([2, 3, 3, 16], 7),
  channels: normal([16], 8, true),
};

async function run(engine: Engine, call: (typeof calls)[string]) {
  await using step = engine.compile('op', (context) => {
    const result = call(context.inputs as unknown as Given);
    return { outputs: result instanceof tf.Tensor ? { y: result } : { ...result } };
  });
  return await step(inputs);
}

test.each(Object.entries(calls))('%s gives what its definition gives', async (_, call) => {
  await using onnx = new OnnxEngine();
  await using eager = await createEagerEngine({ backend: 'cpu' });
  const actual = await run(onnx, call);
  for (const [name, { shape, data }] of Object.entries(await run(eager, call))) {
    expect(actual[name]!.shape, name).toEqual(shape);
    data.forEach((value, i) => expect(actual[name]!.data[i], name).toBeCloseTo(value, 4));
  }
});
