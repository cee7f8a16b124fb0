import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { scaleJitter } from './scale-jitter.ts';
import { draws } from './testing.ts';

const source = { height: 60, width: 90 };
const canvas = { height: 64, width: 48 };

describe.each([
  // The factor at which the image lies inside the canvas, and covers it.
  ['inside', 48 / 90],
  ['cover', 64 / 60],
] as const)('%s', (fit, one) => {
  const framing = scaleJitter({ scale: [0.5, 2], fit });
  const views = draws(200, (generator) => framing(source, canvas, generator));

  test('the sizes are those of the factors, both sides alike', () => {
    const factors = views.map(({ scaled }) => {
      expect(Math.abs(scaled.height / 60 - scaled.width / 90)).toBeLessThan(0.02);
      return scaled.width / 90 / one;
    });
    expect(Math.min(...factors)).toBeGreaterThan(0.48);
    expect(Math.max(...factors)).toBeLessThan(2.02);
    expect(Math.max(...factors) - Math.min(...factors)).toBeGreaterThan(1.2);
  });

  test('larger images are cut within themselves, smaller ones lie in the corner', () => {
    for (const { scaled, top, left } of views) {
      expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
      expect(top).toBeLessThanOrEqual(Math.max(scaled.height - canvas.height, 0));
      expect(left).toBeLessThanOrEqual(Math.max(scaled.width - canvas.width, 0));
    }
    expect(new Set(views.map(({ left }) => left)).size).toBeGreaterThan(5);
  });
});

test('every place of the cut comes up', () => {
  const framing = scaleJitter({ scale: [1, 1], fit: 'cover' });
  const small = { height: 4, width: 6 };
  const found = draws(100, (own) => framing(small, { height: 4, width: 4 }, own).left);
  expect(new Set(found)).toEqual(new Set([0, 1, 2]));
});

test('the same stream gives the same view', () => {
  const framing = scaleJitter({ scale: [0.3, 2] });
  const view = () => framing(source, canvas, new Generator(4));
  expect(view()).toEqual(view());
});
