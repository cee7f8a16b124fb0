import { createModel } from '@kcr/backbones';
import { adapt, createEagerEngine, Generator, tf } from '@kcr/core';
import { beforeAll, expect, test } from 'vitest';
import { backbones } from './backbones.ts';
import { randomTokens, type TokenMethod, tokenMethods, withTokens } from './token-methods.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const { name, config } = backbones.vitTokens;
const whole = createModel(name, { ...config, num_classes: 10 });

test.each(
  (Object.keys(tokenMethods) as TokenMethod[]).flatMap((method) =>
    [0.9, 0.5].map((share) => [method, share] as const),
  ),
)('%s at %d of the MACs', (method, share) => {
  const { macs } = withTokens(whole, method, share, 0);
  expect(Math.abs(macs.total / whole.macs.total - share)).toBeLessThan(0.01);
});

/** MACs of four blocks of width 96 by the tokens that their attention and their MLP have, patches and head. */
const macsOf = (counts: readonly number[]) =>
  64 * 48 * 96 +
  96 * 10 +
  [0, 1, 2, 3].reduce((sum, block) => {
    const [before, after] = [block - 1, block].map(
      (i) => 1 + (i < 0 ? 64 : counts[Math.min(i, 2)]!),
    );
    return sum + before! * 4 * 96 ** 2 + 2 * before! ** 2 * 96 + after! * 8 * 96 ** 2;
  }, 0);

test('tokens taken out at random cost nothing themselves', () => {
  expect(whole.macs.total).toBe(macsOf([64, 64, 64]));
  const { adapters, macs } = withTokens(whole, 'random', 0.7, 0);
  const { counts } = adapters[0]!.options as { counts: number[] };
  expect(macs.total).toBe(macsOf(counts));
});

test('tokens at random are others in every image, and each place is kept as often', () => {
  const images = 32;
  const small = createModel(name, { ...config, embed_dim: 12, depth: 1, num_classes: 10 });
  const model = adapt(small, [randomTokens({ counts: [32], seed: 3 })]);
  const generator = new Generator(1);
  const weights = model.initialize(generator);
  const pixels = generator.array(images * 32 * 32 * 3, 'normal');
  const kept: number[][] = [];
  model.apply(tf.tensor4d(pixels, [images, 32, 32, 3]), {
    state: (param) => tf.tensor(weights[param]!.data, [...weights[param]!.shape]),
    tap(value, { role }) {
      if (role === 'kept')
        kept.push(...(tf.reshape(value, [images, 64]).arraySync() as number[][]));
      return value;
    },
  });
  expect(kept.map((own) => own.reduce((a, b) => a + b))).toEqual(Array(images).fill(32));
  const counts = kept[0]!.map((_, place) => kept.reduce((sum, own) => sum + own[place]!, 0));
  // Binomial of 32 and a half: a standard deviation of 2.8.
  expect(Math.min(...counts)).toBeGreaterThan(16 - 4 * 2.8);
  expect(Math.max(...counts)).toBeLessThan(16 + 4 * 2.8);
});
