import { expect, test } from 'vitest';
import { isWithin, pathsOf } from './paths.ts';

test.each([
  ['blocks.1.norm.weight', 'blocks.1', true],
  ['blocks.1', 'blocks.1', true],
  ['blocks.10.norm.weight', 'blocks.1', false],
  ['blocks', 'blocks.1', false],
  ['head.weight', 'he', false],
  ['head.weight', '', false],
])('%s is in %s: %s', (name, path, expected) => {
  expect(isWithin(name, path)).toBe(expected);
});

test('the paths of names are these and all that they are in', () => {
  expect([...pathsOf(['cls_token', 'blocks.0.norm.weight', 'blocks.0.norm.bias'])]).toEqual([
    'cls_token',
    'blocks',
    'blocks.0',
    'blocks.0.norm',
    'blocks.0.norm.weight',
    'blocks.0.norm.bias',
  ]);
});
