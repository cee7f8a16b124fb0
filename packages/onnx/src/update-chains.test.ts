import {
  float32,
  type Graph,
  type NdArray,
  type StepFunction,
  sizeOf,
  type Tensor,
  tf,
} from '@kcr/core';
import { type Tracing, trace } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';
import { isLowered } from './lowering.ts';
import { waves } from './testing/graphs.ts';
import { splitUpdates } from './update-chains.ts';

type Arrays = Readonly<Record<string, readonly number[]>>;
type Made = Readonly<Record<string, Tensor>>;

/** A graph over arrays of the state by their shapes, whose results are named with their prefixes. */
const graphOf = (state: Arrays, make: (state: Made) => Made): Graph =>
  trace(
    (tracing: Tracing) =>
      make(
        Object.fromEntries(
          Object.entries(state).map(([name, shape]) => [
            name,
            tracing.input(`state:${name}`, shape, 'float32'),
          ]),
        ),
      ),
    { takes: isLowered },
  );

/** What a graph is parted into: kernels of the head, its outputs, and of each chain its kernels and what it updates. */
function parts(state: Arrays, make: (state: Made) => Made) {
  const { head, chains } = splitUpdates(graphOf(state, make));
  return {
    head: head.nodes.map(({ kernel }) => kernel),
    inputs: Object.keys(head.inputs),
    outputs: Object.keys(head.outputs),
    chains: chains.map(({ steps, updated }) => ({
      steps: steps.map(({ kernel }) => kernel),
      updated,
    })),
  };
}

const square: Arrays = { w: [2, 2], m: [2, 2] };
const product = (w: Tensor) => tf.matMul(w, w);

test('what updates the state element by element is a chain, and what it reads is given by the rest', () => {
  const found = parts(square, ({ w, m }) => {
    const moment = tf.add(tf.mul(m!, 0.9), product(w!));
    return { 'new:m': moment, 'new:w': tf.sub(w!, tf.mul(moment, 0.1)) };
  });
  expect(found).toEqual({
    head: ['BatchMatMul'],
    inputs: ['state:w'],
    outputs: ['cut:0'],
    chains: [{ steps: ['Multiply', 'Add', 'Multiply', 'Sub'], updated: ['m', 'w'] }],
  });
});

test.each<[string, Arrays, (state: Made) => Made, string[], string[]]>([
  [
    'is given to the caller',
    square,
    ({ w }) => {
      const next = tf.sub(w!, product(w!));
      return { 'new:w': next, 'out:w': next };
    },
    ['BatchMatMul', 'Sub'],
    [],
  ],
  [
    'other ops read',
    square,
    ({ w, m }) => {
      const next = tf.mul(m!, 0.5);
      return { 'new:m': next, 'new:w': tf.mul(w!, tf.sum(next)) };
    },
    ['Multiply', 'Sum'],
    ['Multiply'],
  ],
  [
    'makes one array of several',
    square,
    ({ w, m }) => ({ 'new:m': tf.mul(m!, tf.add(product(w!), tf.matMul(m!, w!))) }),
    ['BatchMatMul', 'BatchMatMul', 'Add'],
    ['Multiply'],
  ],
  ['broadcasts', { w: [2, 2], b: [2] }, ({ w, b }) => ({ 'new:w': tf.add(w!, b!) }), ['Add'], []],
  ['is one number', { w: [1] }, ({ w }) => ({ 'new:w': tf.mul(w!, 2) }), ['Multiply'], []],
  [
    'has another shape than it had',
    { w: [2], m: [2, 2] },
    ({ m }) => ({ 'new:w': tf.mul(m!, 2) }),
    ['Multiply'],
    [],
  ],
  ['is no number', square, ({ w }) => ({ 'new:w': tf.exp(w!) }), ['Exp'], []],
])('what %s stays in the head', (_, state, make, head, steps) => {
  const found = parts(state, make);
  expect(found.head).toEqual(head);
  expect(found.chains.flatMap((chain) => chain.steps)).toEqual(steps);
});

test('sums are cleared by the chain that reads them, and a moving average belongs to what it follows', () => {
  const found = parts({ w: [2, 2], sum: [2, 2], average: [2, 2], other: [2, 2] }, (state) => {
    const next = tf.sub(state.w!, state.sum!);
    return {
      'new:w': next,
      'new:sum': tf.zeros(state.sum!.shape),
      'new:average': tf.add(tf.mul(state.average!, 0.9), tf.mul(next, 0.1)),
      'new:other': tf.mul(state.other!, 2),
    };
  });
  expect(found.head).toEqual([]);
  expect(found.outputs).toEqual([]);
  expect(found.chains.map(({ updated }) => updated)).toEqual([['w', 'sum', 'average'], ['other']]);
});

test('gradients are made as soon as they can be: the first that nothing reads stand last', () => {
  const graph = graphOf({ w: [2, 2], v: [2, 2], x: [2, 2] }, ({ w, v, x }) => ({
    'new:v': tf.sub(v!, tf.matMul(x!, v!)),
    'new:w': tf.sub(w!, tf.matMul(x!, w!)),
  }));
  const { head } = splitUpdates(graph);
  const read = head.nodes.map(({ inputs }) => inputs.b!.input);
  expect(read).toEqual(['state:w', 'state:v']);
});

const r = Math.fround;

/** State after some runs of a step on an engine. */
async function after(
  runs: number,
  state: Readonly<Record<string, NdArray>>,
  step: StepFunction,
  inputs?: Readonly<Record<string, NdArray>>,
) {
  await using engine = new OnnxEngine();
  engine.set(state);
  const compiled = engine.compile('step', step);
  const told = [];
  for (let i = 0; i < runs; i++) told.push(await compiled(inputs));
  return { state: await engine.get(Object.keys(state)), told };
}

test('a step of chains alone runs, on what it is given and supplied with', async () => {
  let draws = 0;
  const { state, told } = await after(
    3,
    { w: float32([3], [1, 2, 3]) },
    ({ inputs, state: get, supply }) => {
      const rate = supply('rate', [], 'float32', () => Float32Array.of(++draws));
      return { outputs: {}, updates: { w: tf.add(get('w'), tf.mul(inputs.x!, rate)) } };
    },
    { x: float32([3], [1, 10, 100]) },
  );
  expect(told).toEqual([{}, {}, {}]);
  expect([...state.w!.data]).toEqual([7, 62, 603]);
});

test('updates that read each other take effect together', async () => {
  const { state } = await after(
    3,
    { a: float32([2], [1, 2]), b: float32([2], [10, 20]), c: float32([2], [0, 0]) },
    ({ state: get }) => ({
      outputs: {},
      updates: { a: tf.neg(get('b')), b: tf.add(get('a'), get('c')), c: tf.mul(get('a'), 2) },
    }),
  );
  let [a, b, c] = [1, 10, 0];
  for (let i = 0; i < 3; i++) [a, b, c] = [-b!, a! + c!, 2 * a!];
  expect([state.a, state.b, state.c].map((array) => array!.data[0])).toEqual([a, b, c]);
});

test('chains read what the head leaves of an array that it updates itself', async () => {
  const { state, told } = await after(
    2,
    { a: float32([2], [1, 2]), b: float32([2], [0, 0]) },
    ({ state: get }) => {
      const next = tf.add(get('a'), 1);
      return {
        outputs: { sum: tf.sum(next) },
        updates: { a: next, b: tf.add(get('b'), tf.mul(next, get('a'))) },
      };
    },
  );
  expect(told.map(({ sum }) => sum!.data[0])).toEqual([5, 7]);
  expect([...state.a!.data]).toEqual([3, 4]);
  expect([...state.b!.data]).toEqual([2 * 1 + 3 * 2, 3 * 2 + 4 * 3]);
});

test('AdamW by chains is AdamW in single numbers, to the last bit', async () => {
  const shape = [129, 65];
  const [w, m, v, x] = [1, 2, 3, 4].map((phase) => waves(shape, phase)) as [
    NdArray,
    NdArray,
    NdArray,
    NdArray,
  ];
  const positive = { ...v, data: v.data.map((value) => value * value) as Float32Array };
  const { state } = await after(2, { w, m, v: positive, x }, ({ state: get }) => {
    const gradient = tf.mul(get('x'), get('w'));
    const nextM = tf.add(tf.mul(get('m'), 0.9), gradient);
    const nextV = tf.add(tf.mul(get('v'), 0.999), tf.square(gradient));
    const step = tf.div(tf.mul(nextM, 1e-3), tf.add(tf.sqrt(nextV), 1e-8));
    const next = tf.sub(tf.mul(get('w'), 0.99), step);
    return { outputs: {}, updates: { w: next, m: nextM, v: nextV } };
  });
  const number = [0.9, 0.999, 1e-3, 1e-8, 0.99].map(r) as [number, number, number, number, number];
  for (let i = 0; i < sizeOf(shape); i++) {
    let [p, first, second] = [w.data[i]!, m.data[i]!, positive.data[i]!];
    for (let run = 0; run < 2; run++) {
      const gradient = r(x.data[i]! * p);
      first = r(r(first * number[0]) + gradient);
      second = r(r(second * number[1]) + r(gradient * gradient));
      const size = r(r(first * number[2]) / r(r(Math.sqrt(second)) + number[3]));
      p = r(r(p * number[4]) - size);
    }
    expect([state.w!.data[i], state.m!.data[i], state.v!.data[i]]).toEqual([p, first, second]);
  }
});

test('arrays of another size than the step was compiled for are refused, and nothing is changed', async () => {
  await using engine = new OnnxEngine();
  engine.set({ a: float32([2], [1, 2]), b: float32([2], [3, 4]) });
  const step = engine.compile('sum', ({ state }) => ({
    outputs: {},
    updates: { a: tf.add(state('a'), state('b')) },
  }));
  await step();
  engine.set({ b: float32([3], [1, 2, 3]) });
  await expect(step()).rejects.toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH', where: 'state:b' }),
  );
  engine.set({ a: float32([3], [1, 2, 3]), b: float32([2], [3, 4]) });
  await expect(step()).rejects.toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
  expect([...(await engine.get(['a'])).a!.data]).toEqual([1, 2, 3]);
  // What is replaced without being read has the size of what takes its place.
  const copy = engine.compile('copy', ({ state }) => {
    state('a');
    return { outputs: {}, updates: { a: tf.neg(state('b')) } };
  });
  engine.set({ a: float32([2], [1, 2]) });
  await copy();
  engine.set({ a: float32([3], [1, 2, 3]) });
  await expect(copy()).rejects.toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH', where: 'a' }),
  );
  expect([...(await engine.get(['a'])).a!.data]).toEqual([1, 2, 3]);
});
