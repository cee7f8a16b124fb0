import { expect, test } from 'vitest';
import { toBits } from '../../../experiments/src/bits.ts';
import type { Raw } from '../../../experiments/src/raw.ts';
import { tokensClaim } from './tokens.ts';

const bits = (n: number) => toBits(Array.from({ length: 100 }, (_, i) => i < n));

test('shares that were not measured are left out', () => {
  const right = {
    'LFE, not tuned': bits(60),
    'EViT, not tuned': bits(65),
    'ToMe, not tuned': bits(60),
    'random, not tuned': bits(50),
  };
  const outcome = { numbers: {}, right };
  const raw: Raw = { settings: {}, outcomes: { '90 %': { 0: outcome, 1: outcome } } };
  const { text, statements } = tokensClaim.finding(raw, 100);
  expect(text).not.toMatch(/80 %|NaN/);
  const found = statements.map(({ of, at, verdict }) => [of, at, verdict.word, verdict.text]);
  expect(found).toEqual([
    ['LFE better than EViT', '90 %, not tuned', 'refuted', '-5.0 [-5.0, -5.0]'],
    [
      'LFE better than ToMe',
      '90 %, not tuned',
      'not seen',
      '+0.0 [+0.0, +0.0]; 0.0 would have been',
    ],
    ['LFE better than random', '90 %, not tuned', 'shown', '+10.0 [+10.0, +10.0]'],
  ]);
});
