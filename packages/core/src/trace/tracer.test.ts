import { expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import { gelu } from '../ops/gelu.ts';
import { valueAndGradients } from '../ops/gradients.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { graphMacs } from './graph.ts';
import { constant, trace } from './tracer.ts';

const code = (name: string) => expect.objectContaining({ code: name });

test('records shapes, shares equal nodes and drops what no output needs', () => {
  const graph = trace(({ input }) => {
    const x = input('x', [2, 3]);
    tf.exp(x);
    const y = tf.add(tf.square(x), tf.square(x));
    return { y: tf.sum(y, 1), alias: tf.mul(x, 1) };
  });
  expect(graph.nodes.map((node) => node.kernel)).toEqual(['Square', 'Add', 'Sum']);
  expect(graph.outputs.y!.shape).toEqual([2]);
  expect(graph.outputs.alias!.input).toBe('x');
});

test('gradients are recorded like any other op', () => {
  const graph = trace(({ input }) => {
    const w = input('w', [3, 4]);
    const run = () => ({ loss: tf.sum(gelu(tf.matMul(input('x', [5, 3]), w))), aux: {} });
    return { gradient: valueAndGradients(run, [w]).gradients[0]! };
  });
  expect(graph.outputs.gradient!.shape).toEqual([3, 4]);
  expect(graphMacs(graph)).toBe(2 * 5 * 3 * 4);
});

test('what cannot be part of a step is refused with its reason', async () => {
  const outside = tf.tensor1d([1, 2]);
  let escaped: Tensor | undefined;
  const attempts: [string, (x: Tensor) => Tensor][] = [
    ['STEP_CHANCE', (x) => tf.add(x, tf.randomUniform([2]))],
    ['TRACE_UNDECLARED_CONSTANT', (x) => tf.add(x, tf.randomUniform([2], 0, 1, 'float32', 7))],
    ['TRACE_FOREIGN_TENSOR', (x) => tf.add(x, outside)],
    ['TRACE_READ', (x) => tf.scalar(x.dataSync()[0]!)],
    ['TRACE_KERNEL', (x) => tf.spectral.fft(tf.complex(x, x)) as Tensor],
  ];
  for (const [name, run] of attempts)
    expect(() => trace(({ input }) => ({ y: run(input('x', [2])) }))).toThrow(code(name));
  trace(({ input }) => {
    escaped = tf.keep(tf.exp(input('x', [2])));
    return { y: escaped };
  });
  await expect(async () => escaped!.dataSync()).rejects.toThrow(code('TRACE_READ'));
  outside.dispose();
});

test('declared constants and uniform ones are part of the graph', () => {
  const graph = trace(({ input }) => {
    const x = input('x', [2]);
    return { y: tf.add(tf.mul(x, constant(float32([2], [1, 2]))), tf.ones([2])) };
  });
  expect(graph.nodes.map((node) => node.kernel)).toEqual(['Multiply', 'Add']);
});

test('the backend in use before a trace is in use after it', async () => {
  await tf.setBackend('cpu');
  trace(({ input }) => ({ y: tf.exp(input('x', [1])) }));
  expect(tf.getBackend()).toBe('cpu');
  expect(() =>
    trace(() => {
      throw new Error('inside');
    }),
  ).toThrow('inside');
  expect(tf.getBackend()).toBe('cpu');
});

test('constants have as many values as their shape', () => {
  expect(() => constant(float32([2], [1, 2, 3]))).toThrow(code('SHAPE_MISMATCH'));
});

test('a trace within a trace is refused, and the outer one ends all the same', () => {
  const nested = () => trace(() => ({ y: tf.scalar(trace(() => ({})).nodes.length) }));
  expect(nested).toThrow('trace() inside trace()');
  expect(trace(({ input }) => ({ y: tf.exp(input('x', [1])) })).nodes).toHaveLength(1);
});

test('calls are shared where inputs and attributes are equal, and only there', () => {
  const { nodes } = trace(({ input }) => {
    const [x, y] = [input('x', [2, 2]), input('y', [2, 2])];
    const values = [
      ...[tf.sum(x, 0), tf.sum(x, 0), tf.sum(x, 1), tf.sum(y, 0)],
      ...[tf.add(x, 1), tf.add(x, 1), tf.add(x, 2)],
    ];
    return Object.fromEntries(values.map((value, i) => [i, value]));
  });
  expect(nodes.map(({ kernel }) => kernel)).toEqual(['Sum', 'Sum', 'Sum', 'Add', 'Add']);
});
