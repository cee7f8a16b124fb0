import { expect, test } from 'vitest';
import { toBits } from '../../../experiments/src/bits.ts';
import type { Outcome, Raw } from '../../../experiments/src/raw.ts';
import { frequencyClaim } from './frequency.ts';
import {
  at,
  correlation,
  LEVELS,
  MISLED,
  type Name,
  NOISY_LEVELS,
  scoredAt,
  TRIED,
  testedAt,
} from './frequency-units.ts';

const IMAGES = 100;
const STRENGTHS = [0.04, 0.06, 0.08, 0.09, 0.1];
const bits = (n: number) => toBits(Array.from({ length: IMAGES }, (_, i) => i < n));

/** LFS loses 2 points by noisy scores, the others 10; their models are as good on clean images, and on noisy ones one image worse. */
function outcome(seed: number): Outcome {
  const right: Record<string, string> = {};
  const numbers: Record<string, number> = {};
  const loss = (name: Name) => (name === 'LFS' ? 2 : 10);
  for (const level of NOISY_LEVELS) {
    for (const name of MISLED) {
      right[scoredAt(name, 'clean', level)] = bits(80);
      for (const strength of STRENGTHS) {
        right[scoredAt(name, strength, level)] = bits(80 - loss(name) + (seed % 2));
        numbers[correlation(name, strength)] = 1 - loss(name) / 100;
      }
    }
    for (const name of TRIED)
      for (const strength of STRENGTHS)
        right[testedAt(name, strength, level)] = bits(name === 'LFS' ? 15 : 14);
  }
  return { numbers, right };
}

const bySeed = (of: (seed: number) => Outcome) =>
  Object.fromEntries([0, 1, 2].map((seed) => [seed, of(seed)]));

const clean = (): Outcome => ({
  numbers: {},
  right: Object.fromEntries(
    LEVELS.flatMap((level) => [
      [`LFS, ${at(level)}`, bits(70)],
      [`Taylor, ${at(level)}`, bits(75)],
    ]),
  ),
});

test('a finding says what was measured, and what was not', () => {
  const raw: Raw = {
    settings: {},
    outcomes: { levels: bySeed(clean), 'Gaussian noise': bySeed(outcome) },
  };
  const { text, verdict } = frequencyClaim.finding(raw, IMAGES);
  expect(verdict).toContain(
    'Better channels than by Taylor: refuted, -5.0 points [-5.0, -5.0] at 75 %',
  );
  expect(verdict).toMatch(
    /Misled less than Taylor, at 50 %: .*Gaussian noise shown, \+8\.0 points/,
  );
  // One image of the 20 that are corrupted.
  expect(verdict).toMatch(/by Taylor, at 30 %: .*Gaussian noise shown, \+5\.0 points/);
  expect(verdict).toMatch(/JPEG not measured/);
  expect(text).toContain('LFS 0.980, 0.980, 0.980, 0.980, 0.980; Taylor 0.900');
  expect(text).not.toContain('JPEG');
});
