import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { paired, pairedDifference } from './paired-difference.ts';

test('images that one model alone gets right are counted', () => {
  const [own, other] = [
    [true, true, false, false, true],
    [true, false, true, false, false],
  ];
  expect(paired(own!, other!)).toEqual({ images: 5, gained: 2, lost: 1 });
});

test('approval of a prime minister, asked twice of 1,600 people (Agresti, Categorical Data Analysis, 10.1)', () => {
  const { share, low, high } = pairedDifference({ images: 1600, gained: 86, lost: 150 });
  expect(share).toBeCloseTo(-0.04, 12);
  // The book's interval without the half images: -0.04 -+ 0.0187.
  expect(low).toBeCloseTo(-0.0587, 3);
  expect(high).toBeCloseTo(-0.0213, 3);
});

test.each([
  [{ images: 500, gained: 20, lost: 31 }, -0.0500014, 0.0061767],
  [{ images: 40, gained: 2, lost: 12 }, -0.4038676, -0.0723229],
  [{ images: 100, gained: 0, lost: 0 }, -0.0192153, 0.0192153],
])('%j: by the formula of Agresti & Min', (counts, low, high) => {
  const found = pairedDifference(counts);
  expect(found.low).toBeCloseTo(low, 6);
  expect(found.high).toBeCloseTo(high, 6);
});

test('an interval never says more than that all or no images differ', () => {
  const { low, high } = pairedDifference({ images: 2, gained: 2, lost: 0 });
  expect(high).toBeLessThanOrEqual(1);
  expect(low).toBeGreaterThanOrEqual(-1);
  expect(pairedDifference({ images: 0, gained: 0, lost: 0 }).share).toBe(0);
});

test('of test sets drawn at random 95 % have the difference of the models in their interval, and four of five see one that can be seen', () => {
  const generator = new Generator(3);
  const draw = (up: number, down: number) => {
    const counts = { images: 200, gained: 0, lost: 0 };
    for (let i = 0; i < counts.images; i++) {
      const x = generator.uniform();
      if (x < up) counts.gained++;
      else if (x < up + down) counts.lost++;
    }
    return pairedDifference(counts);
  };
  const trials = Array.from({ length: 4000 }, () => draw(0.04, 0.1));
  const covered = trials.filter(({ low, high }) => low <= -0.06 && -0.06 <= high).length / 4000;
  expect(covered).toBeGreaterThan(0.94);
  expect(covered).toBeLessThan(0.97);
  const mean = trials.reduce((sum, { seen }) => sum + seen, 0) / 4000;
  // A difference as large as `seen` says, of as many images that differ.
  const shown = Array.from({ length: 4000 }, () => draw(0.07 - mean / 2, 0.07 + mean / 2));
  const power = shown.filter(({ high }) => high < 0).length / 4000;
  expect(power).toBeGreaterThan(0.74);
  expect(power).toBeLessThan(0.84);
});
