import { expect, test } from 'vitest';
import { layerModel } from '../layers/testing.ts';
import type { TapInfo } from '../model/scope.ts';
import { tf } from '../tensor/tf.ts';
import {
  requireAttended,
  requireAttention,
  requireLayout,
  requireTokenSet,
} from './token-checks.ts';

const info: TapInfo = { name: 'blocks.2.tokens', role: 'tokens', training: false };

const architecture = (tokens: 'set' | 'grid') =>
  layerModel([1, 1], (_, x) => x, { tokens }).architecture;

test('what is there is given back', () => {
  expect(() => requireTokenSet('x', architecture('set'))).not.toThrow();
  expect(() => requireAttended('x', 5, tf.zeros([2, 5, 3]), info)).not.toThrow();
  expect(requireAttention('x', 'weights', info)).toBe('weights');
  expect(requireLayout('x', 'layout')).toBe('layout');
});

test.each<[string, string, () => void]>([
  ['TOKENS_GRID', 'lfe on layer', () => requireTokenSet('lfe', architecture('grid'))],
  [
    'TOKENS_CHANGED',
    'lfe at blocks.2.tokens',
    () => requireAttended('lfe', 6, tf.zeros([2, 5, 3]), info),
  ],
  [
    'TOKENS_ATTENTION',
    'lfe at blocks.2.tokens',
    () => void requireAttention('lfe', undefined, info),
  ],
  ['TOKENS_LAYOUT', 'lfe', () => void requireLayout('lfe', undefined)],
])('%s', (code, where, check) => {
  expect(check).toThrow(expect.objectContaining({ code, where }));
});
