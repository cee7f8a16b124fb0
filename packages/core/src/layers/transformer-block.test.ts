import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { layerModel, rowsOf, runLayer } from './testing.ts';
import { type TransformerBlockOptions, transformerBlock } from './transformer-block.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const identity = (x: Tensor) => x;

/** A block of width 2 whose attention adds 10 and whose MLP has one hidden channel. */
const block = (options: Partial<TransformerBlockOptions> = {}) =>
  layerModel([2, 2], (m, x) =>
    transformerBlock(
      m,
      x,
      m.dim('embed', 2, { prunable: false }),
      (_, normed) => tf.add(normed, 10),
      {
        mlp: { ratio: 0.5, activation: identity },
        eps: 0,
        ...options,
      },
    ),
  );

const weights = {
  'norm1.weight': [1, 1],
  'norm1.bias': [0, 0],
  'norm2.weight': [1, 1],
  'norm2.bias': [0, 0],
  'mlp.fc1.weight': [1, 0],
  'mlp.fc1.bias': [0],
  'mlp.fc2.weight': [3, 5],
  'mlp.fc2.bias': [0.5, 0],
};

/** Two channels normed without an eps are 1 and -1, the larger one 1. */
const normed = ([a, b]: number[]) => (a! > b! ? [1, -1] : [-1, 1]);

/** The block by hand, the branches times `scale`. */
const reference = (rows: number[][], scale = 1) =>
  rows.flatMap((row) => {
    const mixed = row.map((x, i) => x + scale * (normed(row)[i]! + 10));
    const hidden = normed(mixed)[0]!;
    return [mixed[0]! + scale * (3 * hidden + 0.5), mixed[1]! + scale * 5 * hidden];
  });

const expectClose = (actual: readonly number[], expected: readonly number[]) =>
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));

const x = [1, 4, 3, 2];

test.each([1, 0.5])(
  'it is x + attend(norm1 x), then that + mlp(norm2 .), branches times %f',
  (s) => {
    const { y } = runLayer(block({ branchScale: s }), x, weights);
    expectClose(y, reference(rowsOf(x, 2), s));
  },
);

test('parameters have the names of timm, and attention the scope attn', () => {
  let path = '';
  const model = layerModel([2, 2], (m, value) =>
    transformerBlock(
      m.child('blocks').child(3),
      value,
      m.dim('embed', 2, { prunable: false }),
      (attn, inner) => {
        path = attn.path;
        return inner;
      },
      { mlp: { ratio: 1 } },
    ),
  );
  expect(path).toBe('blocks.3.attn');
  expect(model.params.map(({ name }) => name)).toEqual(
    ['norm1', 'norm2', 'mlp.fc1', 'mlp.fc2'].flatMap((layer) =>
      ['weight', 'bias'].map((name) => `blocks.3.${layer}.${name}`),
    ),
  );
});

describe('the tap between the branches', () => {
  test('has the layout that the block was given', () => {
    const layout = { height: 1, width: 2, positions: [0, 1] };
    const tap = block({ layout }).taps.find(({ role }) => role === 'tokens');
    expect(tap).toMatchObject({ name: 'tokens', layout, dim: { name: 'embed' } });
  });

  test('may give fewer tokens, which the rest of the block goes on with', () => {
    const { y, shape } = runLayer(block(), x, weights, {
      tap: (value, { role }) =>
        role === 'tokens' ? tf.slice(value, [0, 1, 0], [-1, 1, -1]) : value,
    });
    expect(shape).toEqual([1, 1, 2]);
    expectClose(y, reference(rowsOf(x, 2)).slice(2));
  });
});

test('each branch is dropped for itself, and what stays is scaled up', () => {
  const run = (kept: Record<string, number>) => {
    const names: string[] = [];
    const { y } = runLayer(block({ dropPath: 0.5 }), x, weights, {
      training: true,
      draw: (name, shape) => {
        names.push(name);
        return tf.fill([...shape], kept[name]!);
      },
    });
    return { y, names };
  };
  const both = run({ 'drop_path1.drop_path': 0.9, 'drop_path2.drop_path': 0.9 });
  expect(both.names).toEqual(['drop_path1.drop_path', 'drop_path2.drop_path']);
  expectClose(both.y, reference(rowsOf(x, 2), 2));
  const none = run({ 'drop_path1.drop_path': 0.1, 'drop_path2.drop_path': 0.1 });
  expect(none.y).toEqual(x);
});
