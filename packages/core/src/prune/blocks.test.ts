import { expect, test } from 'vitest';
import { linear } from '../layers/linear.ts';
import { type Layers, tinyModel } from '../train/testing.ts';
import { blocksOf } from './blocks.ts';
import { perceptron, transformer } from './testing.ts';

const plain = (blocks: ReturnType<typeof blocksOf>) =>
  blocks.map(({ name, dims, transformer }) => [name, dims.map((dim) => dim.name), transformer]);

test('transformer blocks have the dimensions of all that is in them', () => {
  const block = (i: number) =>
    ['attn.qk', 'attn.v', 'mlp.io', 'mlp.hidden'].map((role) => `blocks.${i}.${role}`);
  expect(plain(blocksOf(transformer(2)))).toEqual([
    ['blocks.0', block(0), 0],
    ['blocks.1', block(1), 1],
  ]);
});

test('elsewhere each scope with dimensions is one', () => {
  expect(plain(blocksOf(perceptron()))).toEqual([
    ['a', ['a.hidden'], undefined],
    ['b', ['b.hidden'], undefined],
  ]);
});

/** A stem, and transformer blocks of the given names of which the second has nothing to prune. */
const mixed: Layers = (m, pixels) => {
  const width = m.dim('width', 2);
  let x = linear(m.child('stem'), pixels, 2, width);
  ['b.1', 'b.2', 'b.10'].forEach((name, i) => {
    const block = m.child(name);
    const hidden = block.child('inner').dim('hidden', 2, { prunable: i !== 1 });
    x = block.tap('hidden', linear(block.child('up'), x, width, hidden), hidden);
    x = block.tap('tokens', linear(block.child('down'), x, hidden, width), width);
  });
  return { features: x, logits: linear(m.child('head'), x, width, 2) };
};

test('places count all transformer blocks, also those without dimensions to prune', () => {
  expect(plain(blocksOf(tinyModel(mixed)))).toEqual([
    ['', ['width'], undefined],
    ['b.1', ['b.1.inner.hidden'], 0],
    ['b.10', ['b.10.inner.hidden'], 2],
  ]);
});

test('those without dimensions of the roles are left out', () => {
  expect(plain(blocksOf(tinyModel(mixed), ['width']))).toEqual([['', ['width'], undefined]]);
  expect(() => blocksOf(perceptron(), ['qk'])).toThrow(
    expect.objectContaining({ code: 'DIM_ROLES' }),
  );
});
