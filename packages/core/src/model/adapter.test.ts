import { expect, test } from 'vitest';
import { layerModel } from '../layers/testing.ts';
import { tf } from '../tensor/tf.ts';
import { adapt } from './adapt.ts';
import { type AdapterTap, defineAdapter, describeAdapter } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import { ones } from './initializer.ts';

const gain = defineAdapter({
  name: 'gain',
  module: 'my-package',
  contract: 1,
  attach:
    ({ role }: { role: string }) =>
    () => {
      const tap: AdapterTap = (m, value, info) =>
        info.role === role && info.dim
          ? tf.mul(value, m.child('gain').param(role, [info.dim], ones))
          : value;
      return tap;
    },
});

const plain = layerModel([2, 3], (m, x) => {
  const inner = m.child('inner');
  return inner.tap('out', inner.tap('in', x, m.dim('d', 3)), m.dim('d', 3));
});

test('an adapter knows its name, module and options, and says them as JSON', () => {
  const adapter = gain({ role: 'in' });
  const described = { module: 'my-package', name: 'gain', options: { role: 'in' } };
  expect(describeAdapter(adapter)).toEqual(described);
  expect(JSON.parse(JSON.stringify(describeAdapter(adapter)))).toEqual(described);
});

test('it is attached to the architecture of the model, once for each run', () => {
  const attached: Architecture[] = [];
  const watch = defineAdapter({
    name: 'watch',
    module: 'test',
    contract: 1,
    attach: (_: object) => (architecture) => {
      attached.push(architecture);
      return (_m, value) => value;
    },
  });
  const model = adapt(plain, [watch({})]);
  expect(attached).toEqual([plain.architecture]);
  for (let i = 0; i < 2; i++) model.apply(tf.zeros([1, 1, 2, 3]), { state: () => tf.scalar(0) });
  expect(attached).toHaveLength(3);
});

test('adapting adds to what is there: adapters, parameters in the scope of the tap', () => {
  const once = adapt(plain, [gain({ role: 'in' })]);
  const twice = adapt(once, [gain({ role: 'out' })]);
  const names = (model: typeof plain) => model.params.map(({ name }) => name);
  expect([plain, once, twice].map(names)).toEqual([
    [],
    ['inner.gain.in'],
    ['inner.gain.in', 'inner.gain.out'],
  ]);
  expect(twice.adapters.map(({ options }) => options)).toEqual([{ role: 'in' }, { role: 'out' }]);
  expect([twice.config, twice.kept, twice.architecture]).toEqual([
    plain.config,
    plain.kept,
    plain.architecture,
  ]);
});
