import { conv2d, createEagerEngine, type Dim, linear, type Model, mlp, tf } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { budgetViolation, costShare, type SearchCost } from './search-cost.ts';
import { attentionAndMlp, channels, modelOf, tokens, twoMlps } from './testing.ts';

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
 * A stack of two MLPs with a layer between, then a convolution of the stream to five channels. Each MLP has 2 tokens x
 * 2 layers x 3 x 6 MACs, 24 for each channel of its view; `mix` 2 x 3 x 3, the convolution 2 x 3 x 5 and
 * the classifier 3 x 2, whatever the views are.
 */
const stack = () =>
  modelOf((m, image) => {
    const embed = m.dim('embed', channels, { prunable: false });
    const block = (name: string, x: tf.Tensor) =>
      tf.add(x, mlp(m.child(name), x, embed, { ratio: 2 }));
    const between = linear(m.child('mix'), block('a', image), embed, embed);
    const x = block('b', between);
    conv2d(m.child('conv_proj'), tf.reshape(x, [-1, 1, tokens, channels]), embed, 5, { kernel: 1 });
    return x;
  });
const mlpMacs = (d: number) => 24 * d;
const [mix, conv, head] = [18, 30, 6];

describe('with views of 1.5 and 2 of 3 channels', () => {
  const [a, b] = [1.5, 2] as const;

  test.each<[SearchCost, number, number]>([
    ['searched', mlpMacs(a) + mlpMacs(b), 2 * mlpMacs(3)],
    // After the stack the convolution, 2 positions to 5 channels; the layer between is none.
    ['following', mlpMacs(a) + mlpMacs(b) + 10 * b, 2 * mlpMacs(3) + conv],
    ['model', mlpMacs(a) + mlpMacs(b) + mix + conv + head, 2 * mlpMacs(3) + mix + conv + head],
    [
      'proxy',
      2 * (2 * a * a + a) + 2 * (2 * b * b + b) + (1 + b) * 10,
      2 * (2 * 9 + 3) + 2 * (2 * 9 + 3) + 4 * 10,
    ],
  ])('the cost "%s" is %f of %f', (kind, cost, dense) => {
    expect(shareAt(kind, stack(), [a, b])).toBeCloseTo(cost / dense, 6);
    expect(shareAt(kind, stack(), [3, 3])).toBeCloseTo(1, 6);
  });
});

test('dimensions that one layer reads together are one D~, and it is one layer', () => {
  const model = modelOf((m, image) => {
    const embed = m.dim('embed', channels, { prunable: false });
    const [left, right] = [m.dim('left.io', channels), m.dim('right.io', channels)];
    const read = [m.tap('left.io', image, left), m.tap('right.io', image, right)];
    return linear(m.child('proj'), tf.concat(read, 2), [left, right], embed);
  });
  const proxy = (d: number) => 2 * d * d + d;
  expect(shareAt('proxy', model, [1.5, 2])).toBeCloseTo(proxy(3.5) / proxy(6), 6);
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

describe('a block that no convolution follows', () => {
  test('hidden channels', () => {
    const model = twoMlps();
    // Hidden widths of 6: 12 MACs for each channel.
    expect(shareAt('following', model, [3, 6], 'hidden')).toBeCloseTo(9 / 12, 6);
    const proxy = (d: number) => 2 * (2 * d * d + d);
    const expected = (proxy(3) + proxy(6)) / (2 * proxy(6));
    expect(shareAt('proxy', model, [3, 6], 'hidden')).toBeCloseTo(expected, 6);
  });

  test('the last one', () => {
    const model = modelOf((m, image) => {
      const stream = m.dim('stream', channels, { prunable: false });
      return mlp(m.child('a'), image, stream, { ratio: 2 });
    });
    expect(shareAt('following', model, [1.5])).toBeCloseTo(0.5, 6);
    expect(shareAt('searched', model, [1.5])).toBeCloseTo(0.5, 6);
  });
});

test('its slope is what a channel costs', () => {
  const model = stack();
  const dims = dimsOf(model);
  const share = costShare('proxy', model, dims);
  const slope = tf.grad((d) =>
    share(
      new Map([
        ['a.io', tf.scalar(2)],
        ['b.io', d],
      ]),
    ),
  );
  // 2 (4 d + 1) + 10, of 124 in all.
  expect(slope(tf.scalar(1.5)).dataSync()[0]).toBeCloseTo((2 * (4 * 1.5 + 1) + 10) / 124, 6);
});

describe('how far masks are from a budget', () => {
  const violation = (budget: number, sizes: number[]) => {
    const model = stack();
    const soft = dimsOf(model).map(({ name }, i) => [name, tf.scalar(sizes[i]!)] as const);
    return budgetViolation(model, dimsOf(model), budget)(new Map(soft)).dataSync()[0];
  };
  const fixed = mix + conv + head;
  const [dense, least] = [mlpMacs(6) + fixed, mlpMacs(2) + fixed];

  test.each<[string, number, number[], number]>([
    ['above it', mlpMacs(4), [3, 3], Math.log(4 / 2)],
    ['at it', mlpMacs(4), [1.5, 2.5], 0],
    ['below it', mlpMacs(4), [1, 1.5], Math.log(0.5 / 2)],
    ['at less than the fewest channels', mlpMacs(4), [0, 0], Math.log(0.01)],
    ['with all channels allowed', mlpMacs(6), [3, 3], 0],
  ])('%s, counted from the fewest channels', (_, allowed, sizes, expected) => {
    expect(violation((allowed + fixed) / dense, sizes)).toBeCloseTo(expected, 4);
  });

  test('BUDGET where even these exceed it', () => {
    expect(() => violation(least / dense - 1e-3, [3, 3])).toThrow(
      expect.objectContaining({ code: 'BUDGET', where: 'budget' }),
    );
  });
});
