import { createOnnxEngine, lower } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { float32 } from '../ground/array.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type TraceOptions, type Tracing, trace } from '../trace/tracer.ts';
import { affineOp } from './affine.ts';
import { allGatherOp } from './all-gather.ts';
import { batchMomentsOp, batchNormGradientOp, batchNormOp, batchNormSumsOp } from './batch-norm.ts';
import { geluOp } from './gelu.ts';
import { valueAndGradients } from './gradients.ts';
import { layerNormOp } from './layer-norm.ts';
import { lookupGradientOp, lookupOp } from './lookup.ts';
import { defineOp } from './op.ts';
import { reindexOp } from './reindex.ts';
import { takeTokensOp } from './take-tokens.ts';

/** Softmax of `x` at a temperature, plus an offset, and the entropy of each row: ops as others may define them. */
const temperedOp = defineOp({
  name: 'test/Tempered',
  inputs: ['x', 'offset?'],
  outputs: ['y', 'entropy'],
  saved: ['x', 'y', 'entropy'],
  compute: ({ x, offset }, { temperature }: { temperature: number }) => {
    const scores = tf.div(offset ? tf.add(x, offset) : x, temperature);
    const y = tf.softmax(scores);
    return { y, entropy: tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(scores)), -1, true)) };
  },
  // d entropy / d score = -y (log y + entropy)
  gradient: ({ dy, y, entropy }, { temperature }) => {
    const shift = tf.sum(tf.mul(dy.y, y), -1, true);
    const ofValues = tf.mul(y, tf.sub(dy.y, shift));
    const ofEntropy = tf.mul(dy.entropy, tf.mul(y, tf.add(tf.log(y), entropy)));
    const slope = tf.div(tf.sub(ofValues, ofEntropy), temperature);
    return { x: () => slope, offset: () => tf.sum(slope, 0) };
  },
});

const squaredReluOp = defineOp({
  name: 'test/SquaredRelu',
  inputs: ['x'],
  saved: ['x'],
  compute: ({ x }) => tf.square(tf.relu(x)),
  gradient: ({ dy, x }) => ({ x: () => tf.mul(dy, tf.mul(tf.relu(x), 2)) }),
  shapes: ({ x }) => x,
});

const engines = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

/** Rows of 3 in float64: the sum of the tempered softmax times `weights`, plus the entropies. */
function reference(x: number[], offset: number[], weights: number[], temperature: number) {
  let total = 0;
  for (let row = 0; row < x.length; row += 3) {
    const scores = offset.map((shift, i) => Math.exp((x[row + i]! + shift) / temperature));
    const sum = scores.reduce((a, b) => a + b);
    scores.forEach((score, i) => {
      const p = score / sum;
      total += p * weights[row + i]! - p * Math.log(p);
    });
  }
  return total;
}

describe.each(Object.entries(engines))('an op without a lowering, on %s', (_, create) => {
  test('gives the values and gradients of float64', async () => {
    const x = [0.3, -1.2, 0.8, 1.5, 0.1, -0.4].map(Math.fround);
    const offset = [0.5, -0.25, 0.125];
    const weights = [1, -2, 0.5, 3, 0.25, -1];
    await using engine = await create();
    await using step = engine.compile('tempered', ({ inputs }) => {
      const given = [inputs.x!, inputs.offset!] as const;
      const run = () => {
        const { y, entropy } = temperedOp({ x: given[0], offset: given[1] }, { temperature: 0.7 });
        const loss = tf.add(tf.sum(tf.mul(y, inputs.weights!)), tf.sum(entropy));
        return { loss, aux: {} };
      };
      const { loss, gradients } = valueAndGradients(run, given);
      return { outputs: { loss, x: gradients[0]!, offset: gradients[1]! } };
    });
    const actual = await step({
      x: float32([2, 3], x),
      offset: float32([3], offset),
      weights: float32([2, 3], weights),
    });
    expect(actual.loss!.data[0]).toBeCloseTo(reference(x, offset, weights, 0.7), 5);
    const h = 1e-6;
    const slope = (f: (shift: number) => number) => (f(h) - f(-h)) / (2 * h);
    x.forEach((value, i) => {
      const at = (shift: number) => reference(x.with(i, value + shift), offset, weights, 0.7);
      expect(actual.x!.data[i]).toBeCloseTo(slope(at), 5);
    });
    offset.forEach((value, i) => {
      const at = (shift: number) => reference(x, offset.with(i, value + shift), weights, 0.7);
      expect(actual.offset!.data[i]).toBeCloseTo(slope(at), 5);
    });
  });

  test('may be called without an optional input', async () => {
    await using engine = await create();
    await using step = engine.compile('tempered', ({ inputs }) => ({
      outputs: { ...temperedOp({ x: inputs.x! }, { temperature: 2 }) },
    }));
    const { y, entropy } = await step({ x: float32([1, 2], [0, 2 * Math.log(3)]) });
    expect(y!.data[1]).toBeCloseTo(0.75, 6);
    expect(entropy!.shape).toEqual([1, 1]);
    expect(entropy!.data[0]).toBeCloseTo(-0.25 * Math.log(0.25) - 0.75 * Math.log(0.75), 6);
  });
});

const kernels = (run: (x: Tensor) => Tensor, options?: TraceOptions) =>
  trace(({ input }) => ({ y: run(input('x', [2, 3])) }), options).nodes.map((node) => node.kernel);

test('the engine that traces decides whether an op is a node or its definition', () => {
  const run = (x: Tensor) => squaredReluOp({ x: temperedOp({ x }, { temperature: 2 }).y });
  expect(kernels(run)).toEqual(['test/Tempered', 'test/SquaredRelu']);
  expect(kernels(run, { takes: (op) => op === squaredReluOp })).toEqual([
    'RealDiv',
    'Softmax',
    'test/SquaredRelu',
  ]);
  expect(kernels(run, { takes: () => false })).toEqual(['RealDiv', 'Softmax', 'Relu', 'Square']);
});

test('a lowering writes the op as its own nodes, from the next compilation on', async () => {
  await using engine = createOnnxEngine();
  const nodes = async () => {
    await using step = engine.compile('relu', ({ inputs }) => ({
      outputs: { y: squaredReluOp({ x: inputs.x! }) },
    }));
    const { y } = await step({ x: float32([3], [-1, 2, 3]) });
    expect([...y!.data]).toEqual([0, 4, 9]);
    return engine.compileTimes.at(-1)!.nodes;
  };
  expect(await nodes()).toBe(2);
  lower(squaredReluOp, (b, { x }) => {
    const positive = b.node('Relu', [b.get(x)]);
    return b.node('Mul', [positive, positive]);
  });
  expect(await nodes()).toBe(1);
});

test('a lowering that leaves an output out is named', async () => {
  const halves = defineOp({
    name: 'test/Halves',
    inputs: ['x'],
    outputs: ['half', 'quarter'],
    compute: ({ x }) => ({ half: tf.mul(x, 0.5), quarter: tf.mul(x, 0.25) }),
  });
  lower(halves, (b, { x }) => ({ half: b.node('Mul', [b.get(x), b.scalar(0.5)]) }));
  await using engine = createOnnxEngine();
  await using step = engine.compile('halves', ({ inputs }) => ({
    outputs: { ...halves({ x: inputs.x! }) },
  }));
  await expect(step({ x: float32([1], [1]) })).rejects.toThrow(
    expect.objectContaining({ code: 'ONNX_LOWERING' }),
  );
});

/** Calls of core's ops with their shapes, which some of them say and others leave to their definition. */
function coreOps({ input }: Tracing): Record<string, Tensor> {
  const rows = input('rows', [5, 4]);
  const map = input('map', [2, 3, 3, 4]);
  const [gamma, mean, variance] = [input('a', [4]), input('b', [4]), input('c', [4])];
  const indices = [1, 0, 2, 1];
  const moments = batchMomentsOp({ x: map });
  return {
    affine: affineOp({ x: rows, weight: input('weight', [7, 4]) }),
    gelu: geluOp({ x: map }),
    ...layerNormOp({ x: rows, gamma, beta: mean }, { eps: 1 }),
    batchMean: moments.mean,
    batchVariance: moments.variance,
    normed: batchNormOp({ x: map, gamma, beta: mean, mean, variance }, { eps: 1, processes: 1 }),
    ...batchNormSumsOp({ x: map, dy: map, mean, variance }, { eps: 1 }),
    dx: batchNormGradientOp(
      { x: map, dy: map, gamma, mean, variance, dGamma: gamma, dBeta: gamma },
      { eps: 1, processes: 1 },
    ),
    gathered: allGatherOp({ x: map }, { processes: 1 }),
    lookup: lookupOp({ table: rows }, { indices, rows: 5 }),
    table: lookupGradientOp({ dy: input('dy', [4, 6]) }, { indices, rows: 5 }),
    taken: takeTokensOp({
      x: input('tokens', [2, 9, 3]),
      indices: input('indices', [2, 2], 'int32'),
    }),
    moved: reindexOp({ x: map }, { sources: [0, -1], axis: 3 }),
  };
}

test.each([true, false])('shapes are those of the definition; ops as nodes: %s', (taken) => {
  const { outputs } = trace(coreOps, { takes: () => taken });
  const specs = Object.entries(outputs).map(([name, { shape, dtype }]) => [name, shape, dtype]);
  expect(specs).toEqual([
    ['affine', [5, 7], 'float32'],
    ['gelu', [2, 3, 3, 4], 'float32'],
    ['y', [5, 4], 'float32'],
    ['mean', [5, 1], 'float32'],
    ['invStd', [5, 1], 'float32'],
    ['batchMean', [4], 'float32'],
    ['batchVariance', [4], 'float32'],
    ['normed', [2, 3, 3, 4], 'float32'],
    ['dGamma', [4], 'float32'],
    ['dBeta', [4], 'float32'],
    ['dx', [2, 3, 3, 4], 'float32'],
    ['gathered', [1, 2, 3, 3, 4], 'float32'],
    ['lookup', [4, 4], 'float32'],
    ['table', [5, 6], 'float32'],
    ['taken', [2, 2, 3], 'float32'],
    ['moved', [2, 3, 3, 2], 'float32'],
  ]);
});

test('a name that is taken is refused', () => {
  const again = (name: string) => () =>
    defineOp({ name, inputs: ['x'], compute: ({ x }) => tf.neg(x) });
  expect(again('Gelu')).toThrow(expect.objectContaining({ code: 'OP_NAME' }));
  expect(again('Relu')).toThrow(expect.objectContaining({ code: 'OP_NAME' }));
});
