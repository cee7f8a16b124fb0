import { expect, test } from 'vitest';
import { regression, tinyModel } from '../train/testing.ts';
import { prunableDims } from './prunable-dims.ts';
import { transformer } from './testing.ts';

const names = (roles?: readonly string[]) =>
  prunableDims(transformer(2), roles).map(({ name }) => name);

test('all that can be pruned, in the order of the model', () => {
  const block = (i: number) =>
    ['attn.qk', 'attn.v', 'mlp.io', 'mlp.hidden'].map((role) => `blocks.${i}.${role}`);
  expect(names()).toEqual([...block(0), ...block(1)]);
});

test('of some roles', () => {
  expect(names(['hidden', 'v'])).toEqual([
    'blocks.0.attn.v',
    'blocks.0.mlp.hidden',
    'blocks.1.attn.v',
    'blocks.1.mlp.hidden',
  ]);
});

test('DIM_ROLES where there is none, naming those that there are', () => {
  expect(() => names(['embed', 'width'])).toThrow(
    expect.objectContaining({
      code: 'DIM_ROLES',
      where: 'tiny',
      found: 'no prunable dimension with the role embed or width',
      fix: 'Use roles among qk, v, io, hidden',
    }),
  );
  expect(() => prunableDims(tinyModel(regression))).toThrow(
    expect.objectContaining({
      code: 'DIM_ROLES',
      found: 'no prunable dimension',
      fix: 'Use another model',
    }),
  );
});
