import { describe, expect, test } from 'vitest';
import { type TokenCounts, tokensToKeep } from './token-counts.ts';

test('counts are by block; the blocks after them keep all', () => {
  const keep = tokensToKeep('selector', { counts: [7, 0] });
  expect([keep(0, 10), keep(1, 7), keep(2, 5), keep(3, 4)]).toEqual([7, 0, 5, 4]);
});

test('a share is rounded up, of the tokens that come to the block, in those blocks alone', () => {
  const keep = tokensToKeep('selector', { keepRatio: 0.7, blocks: [1, 3] });
  expect([keep(0, 10), keep(1, 10), keep(2, 7), keep(3, 7)]).toEqual([10, 7, 7, 5]);
  expect(tokensToKeep('selector', { keepRatio: 1, blocks: [0] })(0, 9)).toBe(9);
  expect(tokensToKeep('selector', { keepRatio: 0.01, blocks: [0] })(0, 9)).toBe(1);
});

describe('what is out of range is refused', () => {
  test.each<[string, TokenCounts]>([
    ['counts 3, 1.5', { counts: [3, 1.5] }],
    ['counts -1', { counts: [-1] }],
    ['counts NaN', { counts: [Number.NaN] }],
    ['keepRatio 0', { keepRatio: 0, blocks: [0] }],
    ['keepRatio 1.1', { keepRatio: 1.1, blocks: [0] }],
    ['counts null', { counts: null as never }],
    ['counts 3', { counts: 3 as never }],
    ['counts a', { counts: ['a' as never] }],
    ['keepRatio 0.5', { keepRatio: '0.5' as never, blocks: [0] }],
    ['blocks undefined', { keepRatio: 0.5 } as never],
    ['blocks 1', { keepRatio: 0.5, blocks: '1' as never }],
    ['blocks 0.5', { keepRatio: 0.5, blocks: [0.5] }],
    ['keepRatio NaN', { keepRatio: Number.NaN, blocks: [0] }],
  ])('%s', (found, options) => {
    expect(() => tokensToKeep('lfe', options)).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'lfe', found }),
    );
  });
});
