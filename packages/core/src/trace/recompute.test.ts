import { describe, expect, test } from 'vitest';
import { valueAndGradients } from '../ops/gradients.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { Graph, Value } from './graph.ts';
import { recomputed } from './recompute.ts';
import { trace } from './tracer.ts';

const DEPTH = 24;
const [ROWS, WIDTH] = [64, 8];

/** The step of a chain of layers: x + tanh(x w), one after another. */
const chain = (): Graph =>
  trace(({ input }) => {
    const x = input('x', [ROWS, WIDTH]);
    const weights = Array.from({ length: DEPTH }, (_, i) => input(`w${i}`, [WIDTH, WIDTH]));
    const { loss, gradients } = valueAndGradients(() => {
      const out = weights.reduce<Tensor>(
        (y, w) => tf.add(y, tf.tanh(tf.matMul(y as tf.Tensor2D, w as tf.Tensor2D))),
        x,
      );
      return { loss: tf.mean(tf.square(out)), aux: {} };
    }, weights);
    return Object.fromEntries([['loss', loss], ...gradients.map((g, i) => [`g${i}`, g])]);
  });

/** The most numbers that values of a graph have at once, with nodes in their order. */
function most({ nodes, outputs }: Graph): number {
  const last = new Map<Value, number>();
  nodes.forEach(({ inputs }, i) => {
    for (const value of Object.values(inputs)) last.set(value, i);
  });
  for (const value of Object.values(outputs)) last.set(value, nodes.length);
  const size = ({ shape }: Value) => shape.reduce((a, b) => a * b, 1);
  let [now, top] = [0, 0];
  nodes.forEach((node, i) => {
    for (const value of node.outputs) now += size(value);
    top = Math.max(top, now);
    for (const value of new Set([...Object.values(node.inputs), ...node.outputs]))
      if (value.producer && (last.get(value) ?? i) === i) now -= size(value);
  });
  return top;
}

describe('values that are computed again', () => {
  const kept = chain();
  const again = recomputed(kept, 'loss');

  test('every value is there before it is read, and each is made once', () => {
    const made = new Set<Value>(Object.values(again.inputs));
    const ids = new Set<number>();
    for (const node of again.nodes) {
      for (const value of Object.values(node.inputs)) {
        expect(value.constant !== undefined || made.has(value)).toBe(true);
        if (value.producer) expect(value.producer.outputs).toContain(value);
      }
      for (const value of node.outputs) {
        expect(ids.has(value.id)).toBe(false);
        ids.add(value.id);
        made.add(value);
      }
    }
    for (const value of Object.values(again.outputs)) expect(made.has(value)).toBe(true);
    expect(Object.keys(again.outputs)).toEqual(Object.keys(kept.outputs));
    expect(again.outputs.loss).toBe(kept.outputs.loss);
  });

  test('much less is kept, for at most one more forward pass', () => {
    expect(most(again)).toBeLessThan(0.6 * most(kept));
    const count = ({ nodes }: Graph, kernel: string) =>
      nodes.filter((node) => node.kernel === kernel).length;
    expect(count(kept, 'Tanh')).toBe(DEPTH);
    expect(count(again, 'Tanh')).toBeGreaterThan(1.5 * DEPTH);
    expect(count(again, 'Tanh')).toBeLessThanOrEqual(2 * DEPTH);
  });

  test('a part is held back by a gradient: what it begins with is read through a sum', () => {
    const begins = again.nodes.filter(
      ({ kernel, inputs }) =>
        kernel === 'Multiply' &&
        inputs.b?.constant &&
        'uniform' in inputs.b.constant &&
        inputs.b.constant.uniform === 0,
    );
    expect(begins.length).toBeGreaterThan(4);
  });
});

test('a step without a loss, and one that keeps nothing, stay as they are', () => {
  const graph = trace(({ input }) => ({ y: tf.neg(input('x', [4])) }));
  expect(recomputed(graph, 'loss')).toBe(graph);
  expect(recomputed(graph, 'y').nodes).toEqual(graph.nodes);
});
