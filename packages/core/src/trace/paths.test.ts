import { expect, test } from 'vitest';
import { commonPath, pathBetween } from './paths.ts';

test.each([
  ['blocks.3.attn', 'blocks.3.mlp.fc1', 'blocks.3'],
  ['blocks.3', 'blocks.30', 'blocks'],
  ['blocks.3', 'blocks.3.mlp', 'blocks.3'],
  ['head', 'norm', ''],
  ['', 'norm', ''],
])('%s and %s lie in "%s"', (a, b, common) => {
  expect(commonPath(a, b)).toBe(common);
  expect(commonPath(b, a)).toBe(common);
});

test.each([
  ['between two layers of a module', 'blocks.3.mlp.fc1', 'blocks.3.mlp', 'blocks.3.mlp'],
  ['before the first layer of a module', 'blocks.3', 'blocks.3.norm1', 'blocks.3'],
  ['at the end of a block', 'blocks.3.mlp.drop2', 'blocks.4.norm1', 'blocks.3'],
  ['at the end of the last block', 'blocks.3.mlp.drop2', 'norm', 'blocks.3'],
  ['at the end of a layer', 'patch_embed.proj', 'norm', 'patch_embed'],
])('%s', (_, before, after, path) => {
  expect(pathBetween(before, after)).toBe(path);
});
