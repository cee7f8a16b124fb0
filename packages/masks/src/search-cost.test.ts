import { createEagerEngine, type Dim, type Model, mlp, tf } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { costShare, type SearchCost } from './search-cost.ts';
import { attentionAndMlp, channels, modelOf, twoMlps } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const dimsOf = (model: Model, role = 'io'): Dim[] =>
  [...model.dims.values()].filter((dim) => dim.role === role);

const shareAt = (kind: SearchCost, model: Model, sizes: number[], role?: string) => {
  const dims = dimsOf(model, role);
  const soft = dims.map(({ name }, i) => [name, tf.scalar(sizes[i]!)] as const);
  return costShare(kind, model, dims)(new Map(soft)).dataSync()[0];
};

/**
 * Each MLP has 2 tokens x 2 layers x 3 x 6 MACs, 24 for each channel of its view; `mix` 2 x 3 x 3
 * and the classifier 3 x 2, whatever the views are.
 */
const mlpMacs = (d: number) => 24 * d;
const [mix, head] = [18, 6];

describe('with views of 1.5 and 2 of 3 channels', () => {
  const [a, b] = [1.5, 2] as const;

  test.each<[SearchCost, number, number]>([
    ['searched', mlpMacs(a) + mlpMacs(b), 2 * mlpMacs(3)],
    // After the first the layer between, 2 tokens to 3 channels; after the second the classifier.
    ['following', mlpMacs(a) + mlpMacs(b) + 6 * a + 2 * b, 2 * mlpMacs(3) + mix + head],
    ['model', mlpMacs(a) + mlpMacs(b) + mix + head, 2 * mlpMacs(3) + mix + head],
    [
      'proxy',
      2 * (2 * a * a + a) + (1 + a) * 6 + 2 * (2 * b * b + b) + (1 + b) * 2,
      2 * (2 * 9 + 3) + 4 * 6 + 2 * (2 * 9 + 3) + 4 * 2,
    ],
  ])('the cost "%s" is %f of %f', (kind, cost, dense) => {
    expect(shareAt(kind, twoMlps(), [a, b])).toBeCloseTo(cost / dense, 6);
    expect(shareAt(kind, twoMlps(), [3, 3])).toBeCloseTo(1, 6);
  });
});

describe('attention counts its products of tokens too', () => {
  const model = attentionAndMlp();
  const dims = ['attn.qk', 'mlp.hidden'].map((name) => model.dims.get(name)!);
  const soft = new Map([['attn.qk', tf.scalar(1.5)]]);
  const [qk, v, hidden] = [16, 16 * 3, 2 * 2 * 3 * 6];

  test.each<[SearchCost, number, number]>([
    // The layer that makes q and k makes v too.
    ['searched', 1.5 * qk + 18 + hidden, 3 * qk + 18 + hidden],
    ['model', 1.5 * qk + v + hidden + head, 3 * qk + v + hidden + head],
  ])('in the cost "%s"', (kind, cost, dense) => {
    expect(costShare(kind, model, dims)(soft).dataSync()[0]).toBeCloseTo(cost / dense, 6);
  });
});

describe('a block that nothing of the kind follows', () => {
  test('one whose dimension is no view', () => {
    const model = twoMlps();
    // Hidden widths of 6: 12 MACs for each channel.
    expect(shareAt('following', model, [3, 6], 'hidden')).toBeCloseTo(9 / 12, 6);
    const proxy = (d: number) => 2 * (2 * d * d + d);
    const expected = (proxy(3) + proxy(6)) / (2 * proxy(6));
    expect(shareAt('proxy', model, [3, 6], 'hidden')).toBeCloseTo(expected, 6);
  });

  test('the last one', () => {
    const model = modelOf((m, image) => {
      const stream = m.dim('stream', channels);
      return mlp(m.child('a'), image, stream, { ratio: 2 });
    });
    expect(shareAt('following', model, [1.5])).toBeCloseTo(0.5, 6);
    expect(shareAt('searched', model, [1.5])).toBeCloseTo(0.5, 6);
  });
});

test('its slope is what a channel costs', () => {
  const model = twoMlps();
  const dims = dimsOf(model);
  const share = costShare('proxy', model, dims);
  const slope = tf.grad((d) =>
    share(
      new Map([
        ['a.io', d],
        ['b.io', tf.scalar(2)],
      ]),
    ),
  );
  // 2 (4 d + 1) + 6, of 116 in all.
  expect(slope(tf.scalar(1.5)).dataSync()[0]).toBeCloseTo((2 * (4 * 1.5 + 1) + 6) / 116, 6);
});
