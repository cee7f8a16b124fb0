import { expect, test } from 'vitest';
import { layerModel } from '../layers/testing.ts';
import { parentOf, transformerBlocks } from './transformer-blocks.ts';

test('the parent of a path is what is before its last point', () => {
  expect(['blocks.3.attn', 'blocks', ''].map(parentOf)).toEqual(['blocks.3', '', '']);
});

test('transformer blocks are the scopes with a tap of tokens, in the order of the model', () => {
  const model = layerModel([2, 3], (m, x) => {
    const stage = m.child('stages').child(1);
    const a = stage.child('b').tap('tokens', m.child('stem').tap('out', x));
    return m.tap('features', stage.child('a').tap('tokens', a));
  });
  expect(transformerBlocks(model)).toEqual(['stages.1.b', 'stages.1.a']);
});
