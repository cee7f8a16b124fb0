import { beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { layerModel, runLayer } from '../layers/testing.ts';
import { tf } from '../tensor/tf.ts';
import { defineTokenSelector } from './define-token-selector.ts';
import { type TokenCounts, tokensToKeep } from './token-counts.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const largest = defineTokenSelector({
  name: 'largest',
  module: 'my-package',
  contract: 1,
  select: ({ inPlace, ...options }: TokenCounts & { inPlace?: boolean }) => ({
    keep: tokensToKeep('largest', options),
    scores: ({ tokens }) => tf.squeeze(tokens, [2]),
    inPlace,
  }),
});

const layout = { height: 1, width: 4, positions: [0, 1, 2, 3] };

const run = (options: Parameters<typeof largest>[0]) => {
  const model = layerModel(
    [4, 1],
    (m, image) => {
      m.tap('weights', tf.fill([1, 1, 4, 4], 0.25), undefined, { layout });
      return m.tap('tokens', image, m.dim('embed', 1), { layout });
    },
    { adapters: [largest(options)], tokens: 'set' },
  );
  return runLayer(model, [3, 1, 2, 4], {}).y;
};

test('it is an adapter with its name, its module and its options', () => {
  expect(largest({ counts: [2] })).toMatchObject({
    name: 'largest',
    module: 'my-package',
    options: { counts: [2] },
  });
});

test('tokens are taken out, or in place set to 0', () => {
  expect(run({ counts: [2] })).toEqual([3, 4]);
  expect(run({ counts: [2], inPlace: true })).toEqual([3, 0, 0, 4]);
});

test('what its options say wrong is refused when it is made', () => {
  expect(() => largest({ counts: [-1] })).toThrow(expect.objectContaining({ code: 'OPTION' }));
});
