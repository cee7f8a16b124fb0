import {
  decodeSafetensors,
  encodeSafetensors,
  float32,
  type Graph,
  type StepFunction,
  type Tensor,
  tf,
} from '@kcr/core';
import { allGather, type Tracing, trace } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';
import { isLowered } from './lowering.ts';
import { segmentsOf } from './segments.ts';

type Made = Readonly<Record<string, Tensor>>;

const graphOf = (make: (tracing: Tracing) => Made): Graph =>
  trace(make, { takes: (op) => isLowered(op) || op.collective });

/** What segments are: their kernels, what they read and give, and what is gathered after each. */
const parts = (make: (tracing: Tracing) => Made) =>
  segmentsOf(graphOf(make)).map(({ graph, gathers, ended }) => ({
    kernels: graph.nodes.map(({ kernel }) => kernel),
    inputs: Object.keys(graph.inputs),
    outputs: Object.keys(graph.outputs),
    gathers: gathers.map(({ from, to, shape }) => `${from} -> ${to} ${shape}`),
    ended,
  }));

test('a graph in which nothing is exchanged is one segment, as it is', () => {
  const graph = graphOf(({ input }) => ({ y: tf.exp(input('x', [2])) }));
  expect(segmentsOf(graph)).toEqual([{ graph, gathers: [], ended: [] }]);
  expect(segmentsOf(graph)[0]!.graph).toBe(graph);
});

test('a node is in the first segment that has what it reads', () => {
  const found = parts(({ input }) => {
    const [x, w] = [input('x', [2]), input('w', [2])];
    const all = allGather(tf.exp(x), 3);
    const mean = tf.mean(all, 0);
    return { y: tf.mul(tf.exp(x), mean), other: tf.neg(w), mean };
  });
  expect(found).toEqual([
    {
      kernels: ['Exp', 'Neg'],
      inputs: ['x', 'w'],
      outputs: ['other', 'pass:2'],
      gathers: ['pass:2 -> pass:3 3,2'],
      ended: [],
    },
    {
      kernels: ['Mean', 'Multiply'],
      inputs: ['pass:3', 'pass:2'],
      outputs: ['y', 'mean'],
      gathers: [],
      ended: ['pass:2'],
    },
  ]);
});

test('what is gathered of an input, and given as it is, passes no node', () => {
  const found = parts(({ input }) => ({ all: allGather(input('x', [2]), 2) }));
  expect(found).toEqual([
    { kernels: [], inputs: [], outputs: [], gathers: ['x -> pass:1 2,2'], ended: [] },
    { kernels: [], inputs: ['pass:1'], outputs: ['all'], gathers: [], ended: [] },
  ]);
});

test('independent values are gathered at once, dependent ones one after another', () => {
  const found = parts(({ input }) => {
    const [x, z] = [input('x', [2]), input('z', [3], 'int32')];
    const first = tf.sum(allGather(tf.exp(x), 2), 0);
    const beside = allGather(tf.neg(z), 2);
    return { last: allGather(tf.neg(first), 2), beside };
  });
  expect(found.map(({ gathers }) => gathers.length)).toEqual([2, 1, 0]);
});

/** Two processes of which the other one has three times as much. */
const beside = (engineStep: (own: Tensor) => Record<string, Tensor>): StepFunction => {
  const step: StepFunction = ({ state }) => {
    const outputs = engineStep(state('x'));
    return {
      outputs,
      communicator: {
        rank: 0,
        size: 2,
        async allReduce() {},
        async allGather(bytes) {
          const { tensors, metadata } = decodeSafetensors(bytes, 'own');
          const threefold = Object.entries(tensors).map(([name, array]) => [
            name,
            { ...array, data: array.data.map((value: number) => 3 * value) },
          ]);
          const other = encodeSafetensors({ tensors: Object.fromEntries(threefold), metadata });
          return [bytes, other];
        },
        async barrier() {},
        async leave() {},
      },
    };
  };
  return step;
};

test.each(['float32', 'int32'] as const)('segments run one after another, %s', async (dtype) => {
  await using engine = new OnnxEngine();
  engine.set({ x: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } });
  const step = engine.compile(
    'step',
    beside((x) => {
      const doubled = tf.cast(tf.mul(x, 2), dtype);
      const all = allGather(doubled, 2);
      const sums = allGather(tf.sum(all, 0), 2);
      return { all, sums, last: tf.add(tf.sum(sums, 0), doubled) };
    }),
  );
  for (let run = 0; run < 3; run++) {
    const { all, sums, last } = await step();
    expect(all).toMatchObject({ dtype, shape: [2, 2] });
    expect(Array.from(all!.data)).toEqual([2, 4, 6, 12]);
    expect(Array.from(sums!.data)).toEqual([8, 16, 24, 48]);
    expect(Array.from(last!.data)).toEqual([34, 68]);
  }
});

test('the memory of a step in segments is that of the largest, and of what passes between them', async () => {
  await using engine = new OnnxEngine();
  engine.set({ x: float32([1000]) });
  const step = engine.compile(
    'step',
    beside((x) => {
      const first = tf.exp(x);
      const second = tf.add(tf.sum(allGather(first, 2), 0), first);
      return { y: tf.sum(tf.mul(tf.sum(allGather(second, 2), 0), second)) };
    }),
  );
  const { shared } = await step.memory!();
  // What a segment makes is there beside what it reads; the second value is read by the third segment, when the first is free again.
  expect(shared).toEqual({ '4000 bytes, 0': 4000, '4000 bytes, 1': 4000 });
});
