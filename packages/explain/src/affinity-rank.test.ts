import { createEagerEngine, type Engine, type Tensor, tf } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { affinityRank } from './affinity-rank.ts';
import { productRank } from './product-rank.ts';
import { dataOf, modelOf, setHead } from './testing.ts';

const wave = (n: number, seed: number) =>
  Array.from({ length: n }, (_, i) => Math.fround(Math.sin(1.7 * i + 0.11 * i * i + seed)));

describe('the rank of a b^T', () => {
  // torch 2: torch.linalg.matrix_rank(q @ k.T) in float32, the last columns of q times a factor.
  test.each<[string, number, number, (channel: number) => number, number]>([
    ['all channels', 12, 4, () => 1, 4],
    ['fewer tokens than channels', 3, 5, () => 1, 3],
    ['as many tokens as channels', 16, 16, () => 1, 16],
    ['one token', 1, 3, () => 1, 1],
    ['three of six channels', 12, 6, (c) => Number([0, 2, 5].includes(c)), 3],
    ['a weak channel', 12, 4, (c) => (c === 3 ? 1e-4 : 1), 4],
    ['a channel below the rounding of float32', 12, 4, (c) => (c === 3 ? 1e-8 : 1), 3],
    ['no channel', 5, 2, () => 0, 0],
  ])('%s', (_, n, d, factor, rank) => {
    const q = wave(n * d, 1).map((x, i) => x * factor(i % d));
    expect(productRank(q, wave(n * d, 2), n)).toBe(rank);
  });
});

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

/** Three tokens of two heads with two channels each: the image is q, then k. */
const layout = { height: 1, width: 3, positions: [0, 1, 2] };
const size = [1, 6, 4] as const;
const model = modelOf(size, (m, image) => {
  const [queries, keys] = tf.split(tf.reshape(image, [-1, 6, 4]), 2, 1) as [Tensor, Tensor];
  const attn = m.child('attn');
  const qk = attn.dim('qk', 4, { groups: 2 });
  const q = attn.tap('q', queries, qk, { layout });
  return tf.mean(tf.add(q, attn.tap('k', keys, qk, { layout })), 1);
});
const keys = [1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1];

// By channel: head 1 has 0 and 1, head 2 has 2 and 3.
const first = [1, 0, 5, 5, 0, 1, 6, 6, 2, 3, 7, 7, ...keys];
const second = [0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...keys];

test('each head and image has a rank of its own', async () => {
  setHead(engine, model, [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ]);
  const data = dataOf(size, [first, second, first]);
  const found = await affinityRank(engine, model, data, { batchSize: 2 });
  expect([...found]).toEqual([
    [
      'attn.q',
      {
        tokens: 3,
        headDim: 2,
        heads: [
          [2, 0, 2],
          [1, 2, 1],
        ],
      },
    ],
  ]);
  const some = await affinityRank(engine, model, data, {
    indices: Int32Array.of(1),
    taps: ['attn.q'],
  });
  expect(some.get('attn.q')!.heads).toEqual([[0], [2]]);
});

test('TAP_UNKNOWN for a layer that is not there', async () => {
  const refused = affinityRank(engine, model, dataOf(size, [first]), { taps: ['b.q'] });
  await expect(refused).rejects.toMatchObject({ code: 'TAP_UNKNOWN' });
});
