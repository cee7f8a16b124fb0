import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { layerModel, rowsOf, runLayer } from '../layers/testing.ts';
import type { Adapter } from '../model/adapter.ts';
import type { TokenLayout } from '../model/scope.ts';
import { arange } from '../ops/arange.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { defineTokenSelector } from './define-token-selector.ts';
import type { TokenContext, TokenSelector } from './token-selector.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const withClass: TokenLayout = { height: 2, width: 2, positions: [-1, 0, 1, 2, 3] };
const withoutClass: TokenLayout = { height: 2, width: 2, positions: [0, 1, 2, 3] };

interface Blocks {
  adapters: readonly Adapter[];
  layout?: TokenLayout;
  /** Whether blocks have attention weights. */
  attends?: boolean;
}

/** Two blocks of even attention and no other layers, tokens of two channels. */
const blocks = ({ adapters, layout = withClass, attends = true }: Blocks) =>
  layerModel(
    [layout.positions.length, 2],
    (m, image) => {
      const embed = m.dim('embed', 2);
      let x = image;
      for (const i of [0, 1]) {
        const block = m.child('blocks').child(i);
        const [images, n] = x.shape as [number, number];
        const even = tf.fill([images, 1, n, n], 1 / n);
        if (attends) block.child('attn').tap('weights', even);
        const known = n === layout.positions.length ? layout : undefined;
        x = block.tap('tokens', x, embed, { layout: known });
      }
      return x;
    },
    { adapters, tokens: 'set' },
  );

/** A selector by the tokens' first channel. */
const byFirst = (options: Partial<TokenSelector> & Pick<TokenSelector, 'keep'>) =>
  defineTokenSelector({
    name: 'by-first',
    module: 'test',
    contract: 1,
    select: (_: object) => ({
      scores: ({ tokens }: TokenContext) =>
        tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, -1, 1]), [2]),
      ...options,
    }),
  })({});

/** Keeps so many in the first block, and so on. */
const counts =
  (...numbers: number[]) =>
  (block: number, n: number) =>
    numbers[block] ?? n;

const x = [
  [-1, 10],
  [0.25, 1],
  [0.5, 2],
  [0.125, 3],
  [0.375, 4],
];

const run = (options: Blocks, image = x) => {
  const { y, taps } = runLayer(blocks(options), image.flat(), {});
  return { y: rowsOf(y, 2), taps };
};

test('the best tokens stay in their order, after the class token', () => {
  const { y } = run({ adapters: [byFirst({ keep: counts(2) })] });
  expect(y).toEqual([x[0], x[2], x[4]]);
});

test('each image keeps its own', () => {
  const other = x.map(([score, value], i) => (i === 1 ? [1, value!] : [score!, value!]));
  const { y } = run({ adapters: [byFirst({ keep: counts(1) })] }, [...x, ...other]);
  expect(y).toEqual([x[0], x[2], other[0], other[1]]);
});

test('later blocks choose among what is left', () => {
  const asked: [number, number][] = [];
  const keep = (block: number, n: number) => {
    asked.push([block, n]);
    return counts(3, 1)(block, n);
  };
  const { y, taps } = run({ adapters: [byFirst({ keep })] });
  expect(y).toEqual([x[0], x[2]]);
  // Once when the model is built, once when it runs.
  expect(asked).toEqual([
    [0, 4],
    [1, 3],
    [0, 4],
    [1, 3],
  ]);
  expect(taps['blocks.0.kept']).toEqual([1, 1, 0, 1]);
  expect(taps['blocks.1.kept']).toEqual([0, 1, 0, 0]);
});

test('the class token alone may stay; without one, a token does', () => {
  expect(run({ adapters: [byFirst({ keep: counts(0) })] }).y).toEqual([x[0]]);
  const { y } = run({ adapters: [byFirst({ keep: counts(0) })], layout: withoutClass }, x.slice(1));
  expect(y).toEqual([x[2]]);
});

test('where all stay, nothing is scored and nothing changes', () => {
  const scores = () => {
    throw new Error('scored');
  };
  const { y, taps } = run({ adapters: [byFirst({ keep: counts(4, 9), scores })] });
  expect(y).toEqual(x);
  expect(Object.keys(taps).filter((name) => name.endsWith('kept'))).toEqual([]);
});

describe('the sum of those that go', () => {
  const adapters = [byFirst({ keep: counts(2), fuse: true })];

  test('is a token after the others, each times its score', () => {
    const { y, taps } = run({ adapters });
    const sum = [0, 1].map((c) => 0.25 * x[1]![c]! + 0.125 * x[3]![c]!);
    expect(y).toEqual([x[0], x[2], x[4], sum]);
    expect(taps['blocks.0.kept']).toEqual([0, 1, 0, 1]);
  });

  test('costs a product of the scores and the tokens', () => {
    expect(blocks({ adapters }).macs).toEqual({ linear: 0, attention: 5 * 2, total: 10 });
    expect(blocks({ adapters: [byFirst({ keep: counts(2) })] }).macs.total).toBe(0);
  });
});

test('a selector is told of the block, and maps are right after others went too', () => {
  const seen: object[] = [];
  const maps: number[][] = [];
  const adapter = byFirst({
    keep: counts(3, 1),
    scores: ({ scope, embed, block, prefix, attention, tokens, toMap, fromMap, perToken }) => {
      seen.push({ path: scope.path, embed: embed.name, block, prefix, size: attention.shape[3] });
      expect(perToken(tokens)).toBe(tokens);
      if (tf.getBackend() === 'cpu') maps.push([...toMap(tokens).dataSync()]);
      // The further on in the map, the better.
      return tf.squeeze(fromMap(arange([1, 2, 2, 1], 1)), [2]);
    },
  });
  expect(run({ adapters: [adapter] }).y).toEqual([x[0], x[4]]);
  const facts = [
    { path: 'blocks.0', embed: 'embed', block: 0, prefix: 1, size: 5 },
    { path: 'blocks.1', embed: 'embed', block: 1, prefix: 1, size: 4 },
  ];
  expect(seen).toEqual([...facts, ...facts]);
  expect(maps).toEqual([x.slice(1).flat(), [0, 0, ...x.slice(2).flat()]]);
});

test('gradients pass to the tokens that stay, and none to the choice', () => {
  const model = blocks({ adapters: [byFirst({ keep: counts(2) })] });
  const sum = (image: Tensor) =>
    tf.sum(model.apply(image, { state: () => tf.scalar(0) }).logits) as tf.Scalar;
  const gradient = tf.grad(sum)(tf.tensor(x.flat(), [1, 1, 5, 2]));
  expect([...gradient.dataSync()]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
});

describe('refused are', () => {
  const adapters = [byFirst({ keep: counts(2) })];
  const code = (name: string) => expect.objectContaining({ code: name });

  test('tokens of a grid', () => {
    const grid = () => layerModel([4, 2], (_, image) => image, { adapters });
    expect(grid).toThrow(code('TOKENS_GRID'));
  });

  test('blocks without attention weights', () => {
    expect(() => blocks({ adapters, attends: false })).toThrow(code('TOKENS_ATTENTION'));
  });

  test('two selectors in one block', () => {
    expect(() => blocks({ adapters: [...adapters, ...adapters] })).not.toThrow();
    const fewer = byFirst({ keep: counts(1) });
    expect(() => blocks({ adapters: [...adapters, fewer] })).toThrow(code('TOKENS_CHANGED'));
  });

  test('maps of tokens that lie in none', () => {
    const mapped = byFirst({ keep: counts(2), scores: ({ tokens, toMap }) => toMap(tokens) });
    const model = () =>
      layerModel(
        [4, 2],
        (m, image) => {
          m.tap('weights', tf.fill([image.shape[0]!, 1, 4, 4], 0.25));
          return m.tap('tokens', image, m.dim('embed', 2));
        },
        { adapters: [mapped], tokens: 'set' },
      );
    expect(model).toThrow(code('TOKENS_LAYOUT'));
  });
});
