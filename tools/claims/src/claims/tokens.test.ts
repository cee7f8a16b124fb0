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
  const { text, verdict } = tokensClaim.finding(raw, 100);
  expect(text).not.toMatch(/80 %|NaN/);
  expect(verdict).toBe(
    [
      'LFE better than EViT: refuted, -5.0 points [-5.0, -5.0] at 90 %, not tuned.',
      'LFE better than ToMe: not seen above 0.0 points, +0.0 points [+0.0, +0.0] at 90 %, not tuned.',
      'LFE better than random: shown, +10.0 points [+10.0, +10.0] at 90 %, not tuned.',
    ].join(' '),
  );
});
