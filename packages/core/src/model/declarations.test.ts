import { expect, test } from 'vitest';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/norm.ts';
import { layerModel } from '../layers/testing.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { regression, tinyModel } from '../train/testing.ts';
import { type Adapter, defineAdapter } from './adapter.ts';
import { ones, zeros } from './initializer.ts';
import { Model } from './model.ts';
import type { Scope } from './scope.ts';

const layers: Readonly<Record<string, [code: string, layer: (m: Scope, x: Tensor) => Tensor]>> = {
  'a dim that may be pruned, without a tap': [
    'DIM_UNTAPPED',
    (m, x) => linear(m.child('fc'), x, 4, m.dim('hidden', 3)),
  ],
  'a tap of the name of a dim, without it': [
    'TAP_DIM',
    (m, x) => m.tap('hidden', linear(m.child('fc'), x, 4, m.dim('hidden', 3))),
  ],
  'a tap with a dim of another size': ['TAP_DIM', (m, x) => m.tap('hidden', x, m.dim('hidden', 3))],
  'a tap with a dim that another run declared': ['TAP_DIM', (m, x) => m.tap('in', x, other)],
  'a dim twice with two sizes': [
    'DECLARED_TWICE',
    (m, x) => {
      m.dim('hidden', 3);
      return m.tap('hidden', x, m.dim('hidden', 4));
    },
  ],
  'a parameter twice with two shapes': [
    'DECLARED_TWICE',
    (m, x) => tf.add(tf.add(x, m.param('shift', [4], zeros)), m.param('shift', [1], zeros)),
  ],
  'a layer norm over channels that may be pruned': [
    'NORM_PRUNABLE',
    (m, x) => {
      const hidden = m.dim('hidden', 4);
      return layerNorm(m.child('norm'), m.tap('hidden', x, hidden), hidden);
    },
  ],
};

let found: Parameters<Scope['tap']>[2];
layerModel([2, 4], (m, x) => m.tap('lost', x, (found = m.dim('lost', 4))));
const other = found!;

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

test.each(Object.entries(layers))('%s is refused, at the author line', (_, [expected, layer]) => {
  expect(() => layerModel([2, 4], layer)).toThrow(code(expected));
});

test('the error says the path and the line', () => {
  const untapped = () => layerModel([2, 4], layers['a dim that may be pruned, without a tap']![1]);
  expect(untapped).toThrow(
    code('DIM_UNTAPPED', {
      where: expect.stringMatching(/^hidden, at .*declarations\.test\.ts:\d+/),
    }),
  );
});

test('a dim and a parameter may be asked for again, as they are', () => {
  const model = layerModel([2, 4], (m, x) => {
    const [first, second] = [m.dim('io', 4), m.dim('io', 4)];
    const scaled = tf.mul(m.tap('io', x, first), m.param('gain', [second], ones));
    return tf.mul(scaled, m.param('gain', [second], ones));
  });
  expect(model.params).toHaveLength(1);
});

test('logits are one for each class', () => {
  expect(() => tinyModel(regression, { classes: 3 })).toThrow(code('MODEL_LOGITS'));
  expect(tinyModel(regression, { classes: 2 }).classes).toBe(2);
});

test('adapters that make one parameter are refused, and one that gives no tensor is named', () => {
  const gain = (name: string) =>
    defineAdapter({
      name,
      module: 'test',
      contract: 1,
      attach: (_: object) => () => (m, value) =>
        tf.mul(value, m.child('gain').param(name, [1], ones)),
    })({});
  const adapter = (give: (value: Tensor) => unknown) =>
    defineAdapter({
      name: 'mine',
      module: 'test',
      contract: 1,
      attach: (_: object) => () => (_m, value) => give(value) as Tensor,
    })({});
  const same = adapter((value) => value);
  const build = (...adapters: Adapter[]) => {
    const { architecture, config } = tinyModel(regression);
    return new Model(architecture, config, {}, adapters);
  };
  expect(build(gain('a'), gain('b'), same, same).params).toHaveLength(4);
  expect(() => build(gain('a'), gain('a'))).toThrow(
    code('ADAPTER_DUPLICATE', { where: expect.stringMatching(/^adapter "a", gain\.a/) }),
  );
  expect(() => build(adapter(async (value) => value))).toThrow(
    code('TENSOR_EXPECTED', { where: 'adapter "mine", tap features' }),
  );
  expect(() => build(adapter((value) => tf.scalar(value.dataSync()[0]!)))).toThrow(
    code('TRACE_READ', {
      where: expect.stringMatching(/^adapter "mine", tap features: .*declarations\.test\.ts/),
    }),
  );
});
