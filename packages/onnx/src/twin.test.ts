import { type Tensor, tf } from '@kcr/core';
import { trace } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { twinShapes } from './twin.ts';

const traces = (run: (x: Tensor, batch: number) => Tensor) => {
  const [own, other] = [2, 3].map((batch) =>
    trace(({ input }) => ({ y: run(input('x', [batch, 4]), batch) })),
  );
  return () => twinShapes(own!, other!, 'twins');
};

test('the shapes of all values in the other trace', () => {
  const graph = trace(({ input }) => ({ y: tf.relu(tf.reshape(input('x', [2, 4]), [4, 2])) }));
  const other = trace(({ input }) => ({ y: tf.relu(tf.reshape(input('x', [3, 4]), [6, 2])) }));
  const shapes = twinShapes(graph, other, 'twins');
  expect(shapes.get(graph.inputs.x!.id)).toEqual([3, 4]);
  expect(shapes.get(graph.outputs.y!.id)).toEqual([6, 2]);
});

test.each<[string, (x: Tensor, batch: number) => Tensor]>([
  ['another op', (x, batch) => (batch === 2 ? tf.relu(x) : tf.neg(x))],
  ['one op more', (x, batch) => (batch === 2 ? tf.relu(x) : tf.neg(tf.relu(x)))],
  ['other numbers', (x, batch) => tf.tile(x, [1, batch])],
])('ONNX_DYNAMIC for %s', (_, run) => {
  expect(traces(run)).toThrow(expect.objectContaining({ code: 'ONNX_DYNAMIC', where: 'twins' }));
});
