import { expect, test } from 'vitest';
import { ones } from '../model/initializer.ts';
import { layerDepth } from './layer-depth.ts';
import { type Layers, regression, tinyModel } from './testing.ts';

/** A stem, blocks of the given names with a parameter each (those with `merge` have no tokens), a norm and a head. */
const stack =
  (blocks: readonly string[]): Layers =>
  (m, pixels) => {
    m.child('stem').param('weight', [2], ones);
    for (const name of blocks) {
      const block = m.child(name);
      block.param('weight', [2], ones);
      if (!name.startsWith('merge')) block.tap('tokens', pixels);
    }
    m.child('norm').param('weight', [2], ones);
    return regression(m, pixels);
  };

const depths = (blocks: readonly string[]) => {
  const model = tinyModel(stack(blocks));
  const { layers, of } = layerDepth(model);
  return { layers, of: Object.fromEntries(model.params.map(({ name }) => [name, of(name)])) };
};

test('0 before the blocks, 1 to L in them, L + 1 after; between two, that of the one before', () => {
  expect(depths(['a', 'b', 'merge', 'c'])).toEqual({
    layers: 4,
    of: {
      'stem.weight': 0,
      'a.weight': 1,
      'b.weight': 2,
      'merge.weight': 2,
      'c.weight': 3,
      'norm.weight': 4,
      'head.weight': 4,
      'head.bias': 4,
    },
  });
});

test('a name that begins with that of another block is not in it', () => {
  const { of } = depths(['blocks.1', 'blocks.10', 'blocks.11']);
  expect(of).toMatchObject({
    'blocks.1.weight': 1,
    'blocks.10.weight': 2,
    'blocks.11.weight': 3,
  });
});

test('without blocks all are in one layer', () => {
  const { layers, of } = depths([]);
  expect(new Set(Object.values(of))).toEqual(new Set([layers]));
});
