import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { layerModel, rowsOf, runLayer } from '../layers/testing.ts';
import type { TokenLayout } from '../model/scope.ts';
import { tf } from '../tensor/tf.ts';
import { defineTokenSelector } from './define-token-selector.ts';
import type { TokenSelector } from './token-selector.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const grid: TokenLayout = { height: 2, width: 3, positions: [0, 1, 2, 3, 4, 5] };

interface Blocks {
  /** Of the tokens, in each block. */
  layouts?: readonly TokenLayout[];
  /** Of attention's tokens, and the number of entries that an image has there. */
  attention?: { layout: TokenLayout; entries: number };
  selector: Pick<TokenSelector, 'keep'> & Partial<TokenSelector>;
}

/** The weight that a query gives a key, before any token is hidden: rows sum to 1. */
const weight = (query: number, key: number, n: number) =>
  (1 + ((query + 2 * key) % n)) / ((n * (n + 1)) / 2);

/** Blocks of attention weights that are said above, and tokens of one channel. */
const blocks = ({ selector, layouts = [grid, grid], attention }: Blocks) => {
  const adapter = defineTokenSelector({
    name: 'hiding',
    module: 'test',
    contract: 1,
    select: (_: object) => ({
      inPlace: true,
      scores: ({ tokens }) => tf.squeeze(tokens, [2]),
      ...selector,
    }),
  })({});
  return layerModel(
    [layouts[0]!.positions.length, 1],
    (m, image) => {
      const embed = m.dim('embed', 1);
      let x = image;
      layouts.forEach((layout, i) => {
        const block = m.child('blocks').child(i);
        const { layout: attended, entries } = attention ?? { layout, entries: 1 };
        const n = attended.positions.length / entries;
        const columns = Array.from({ length: n }, (_c, key) =>
          Array.from({ length: n }, (_r, query) =>
            tf.fill([x.shape[0]! * entries, 1], weight(query, key, n)),
          ),
        );
        const weights = tf.stack(
          columns.map((rows) => tf.stack(rows, 2)),
          3,
        );
        block.child('attn').tap('weights', weights, undefined, { layout: attended });
        const fewer = tf.slice(x, [0, 0, 0], [-1, layout.positions.length, -1]);
        x = block.tap('tokens', fewer, embed, { layout });
      });
      return x;
    },
    { adapters: [adapter] },
  );
};

const counts =
  (...numbers: number[]) =>
  (block: number, n: number) =>
    numbers[block] ?? n;

const x = [0.5, 0.25, 0.75, 0.125, 1, 0.375];

/** What is left of a row of weights among the keys that are seen. */
const among = (row: number[], seen: number[]) => {
  const visible = row.map((value, key) => value * seen[key]!);
  const sum = visible.reduce((a, b) => a + b);
  return visible.map((value) => value / sum);
};

const expectClose = (actual: number[], expected: number[]) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
};

test('tokens that are not chosen are 0 in their places, and nobody attends to them after', () => {
  const { y, taps } = runLayer(blocks({ selector: { keep: counts(3) } }), x, {});
  const seen = [1, 0, 1, 0, 1, 0];
  expect(y).toEqual([0.5, 0, 0.75, 0, 1, 0]);
  expect(taps['blocks.0.kept']).toEqual(seen);
  const whole = (query: number) => [0, 1, 2, 3, 4, 5].map((key) => weight(query, key, 6));
  rowsOf(taps['blocks.0.attn.weights']!, 6).forEach((row, query) => expectClose(row, whole(query)));
  rowsOf(taps['blocks.1.attn.weights']!, 6).forEach((row, query) =>
    expectClose(row, among(whole(query), seen)),
  );
});

test('a token that is hidden does not come back, however high its score', () => {
  let block = 0;
  const selector: Blocks['selector'] = {
    keep: counts(4, 2),
    // In the second block the order is the other way round.
    scores: ({ tokens }) => tf.mul(tf.squeeze(tokens, [2]), block++ % 2 === 0 ? 1 : -1),
  };
  const { y, taps } = runLayer(blocks({ selector }), x, {});
  expect(taps['blocks.0.kept']).toEqual([1, 0, 1, 0, 1, 1]);
  expect(y).toEqual([0.5, 0, 0, 0, 0, 0.375]);
});

test('a block that hides none keeps the others hidden', () => {
  const { y, taps } = runLayer(blocks({ selector: { keep: counts(2, 2) } }), x, {});
  expect(y).toEqual([0, 0, 0.75, 0, 1, 0]);
  expect(taps['blocks.1.kept']).toEqual([0, 0, 1, 0, 1, 0]);
});

test('each image has its own', () => {
  const { y } = runLayer(blocks({ selector: { keep: counts(1) } }), [...x, ...x.toReversed()], {});
  expect(y).toEqual([0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]);
});

describe('attention in windows', () => {
  /** Two windows of 2 x 2, whose last column is beyond the border. */
  const attention = {
    layout: { height: 2, width: 3, positions: [0, 1, 3, 4, 2, -1, 5, -1] },
    entries: 2,
  };
  const selector: Blocks['selector'] = { keep: counts(3) };

  test('hides in each window what lies there; what lies nowhere stays visible', () => {
    const { taps } = runLayer(blocks({ selector, attention }), x, {});
    expect(taps['blocks.0.kept']).toEqual([1, 0, 1, 0, 1, 0]);
    const seen = [
      [1, 0, 0, 1],
      [1, 1, 0, 1],
    ];
    rowsOf(taps['blocks.1.attn.weights']!, 4).forEach((row, i) => {
      const whole = [0, 1, 2, 3].map((key) => weight(i % 4, key, 4));
      expectClose(row, among(whole, seen[Math.floor(i / 4)]!));
    });
  });

  test("a value of each of attention's tokens is read in the order of the tokens", () => {
    const orders: number[][] = [];
    const perToken: Blocks['selector'] = {
      keep: counts(3),
      scores: (context) => {
        const index = tf.cumsum(tf.ones([2, 4]), 1);
        const byEntry = tf.add(index, tf.mul(tf.cumsum(tf.ones([2, 4]), 0), 10));
        const values = context.perToken(byEntry);
        if (tf.getBackend() === 'cpu') orders.push([...values.dataSync()]);
        return values;
      },
    };
    runLayer(blocks({ selector: perToken, attention }), x, {});
    // Positions 0, 1, 3, 4 are the first window's tokens 1 to 4; 2 and 5 are the second's 1 and 3.
    expect(orders).toEqual([[11, 12, 21, 13, 14, 23]]);
  });
});

test('a map of another size starts anew', () => {
  const smaller: TokenLayout = { height: 1, width: 2, positions: [0, 1] };
  const model = blocks({ selector: { keep: counts(3) }, layouts: [grid, smaller] });
  const { y, taps } = runLayer(model, x, {});
  expect(y).toEqual([0.5, 0]);
  rowsOf(taps['blocks.1.attn.weights']!, 2).forEach((row, query) =>
    expectClose(row, [weight(query, 0, 2), weight(query, 1, 2)]),
  );
});

test('a class token stays', () => {
  const layout: TokenLayout = { height: 1, width: 5, positions: [-1, 0, 1, 2, 3, 4] };
  const model = blocks({ selector: { keep: counts(1) }, layouts: [layout] });
  const { y, taps } = runLayer(model, x, {});
  expect(y).toEqual([0.5, 0, 0, 0, 1, 0]);
  expect(taps['blocks.0.kept']).toEqual([0, 0, 0, 1, 0]);
});

test('maps are those of the tokens in their places', () => {
  const maps: number[][] = [];
  const selector: Blocks['selector'] = {
    keep: counts(3),
    scores: ({ tokens, toMap, fromMap }) => {
      const map = toMap(tokens);
      expect(map.shape).toEqual([1, 2, 3, 1]);
      const back = tf.squeeze(fromMap(tf.neg(map)), [2]);
      if (tf.getBackend() === 'cpu') maps.push([...back.dataSync()]);
      return back;
    },
  };
  const { y } = runLayer(blocks({ selector }), x, {});
  expect(maps).toEqual([x.map((value) => -value)]);
  expect(y).toEqual([0, 0.25, 0, 0.125, 0, 0.375]);
});

test.each([
  ['TOKENS_LAYOUT', true],
  ['TOKENS_ATTENTION', false],
])('%s, where blocks do not say it', (code, attends) => {
  const adapter = defineTokenSelector({
    name: 'hiding',
    module: 'test',
    contract: 1,
    select: (_: object) => ({
      inPlace: true,
      keep: () => 1,
      scores: ({ tokens }) => tf.squeeze(tokens, [2]),
    }),
  })({});
  const make = () =>
    layerModel(
      [4, 1],
      (m, image) => {
        if (attends) m.tap('weights', tf.fill([1, 1, 4, 4], 0.25));
        return m.tap('tokens', image, m.dim('embed', 1));
      },
      { adapters: [adapter] },
    );
  expect(make).toThrow(expect.objectContaining({ code }));
});
