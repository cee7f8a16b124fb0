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
  const { text, statements } = frequencyClaim.finding(raw, IMAGES);
  const found = (of: string, at: string) => {
    const { word, text } = statements.find((own) => own.of === of && own.at === at)!.verdict;
    return `${word}, ${text}`;
  };
  expect(found('better channels than by Taylor', '75 %')).toBe('refuted, -5.0 [-5.0, -5.0]');
  const noise = 'Gaussian noise';
  expect(found('misled less than Taylor', `50 %, ${noise}`)).toMatch(/^shown, \+8\.0 /);
  // One image of the 20 that are corrupted.
  expect(found('better on noisy images than by Taylor', `30 %, ${noise}`)).toMatch(
    /^shown, \+5\.0 /,
  );
  expect(statements.filter(({ at }) => at.includes('JPEG'))).toEqual([]);
  expect(text).toContain('LFS 0.980, 0.980, 0.980, 0.980, 0.980; Taylor 0.900');
  expect(text).not.toContain('JPEG');
});
