import { expect, test } from 'vitest';
import { encodeModel } from '../proto.ts';
import { graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { toOpset } from './to-opset.ts';

const graph = graphOf({ x: ['batch', 3, 4] }, (b) => {
  const active = b.node('Gelu', ['x']);
  return {
    y: b.node('ReduceMean', [active, b.int64([1])], { keepdims: 0 }),
    z: b.node('ReduceSum', [active, b.int64([2])], { keepdims: 1 }),
  };
});

test.each([17, 18, 19, 20, 21, 22, 23])('version %d computes the same', async (version) => {
  const changed = await unchanged(graph, (g) => toOpset(g, version));
  expect(changed.opset).toBe(version);
  const gelu = changed.nodes.some(({ op }) => op === 'Gelu');
  expect(gelu).toBe(version >= 20);
  const mean = changed.nodes.find(({ op }) => op === 'ReduceMean')!;
  expect([mean.inputs.length, mean.attributes.axes]).toEqual(
    version < 18 ? [1, [1]] : [2, undefined],
  );
  expect(encodeModel(changed)[1]).toBe(version < 19 ? 8 : version < 21 ? 9 : 10);
});

test('the same ops from 20 on', async () => {
  const [own, later] = [20, 23].map((version) => opsAfter(graph, (g) => toOpset(g, version)));
  expect(await own).toEqual(await later);
});

test.each([16, 24, Number.NaN])('ONNX_OPSET for %d', (version) => {
  expect(() => toOpset(graph, version)).toThrow(expect.objectContaining({ code: 'ONNX_OPSET' }));
});
