import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { randomRegion } from './random-region.ts';
import { draws } from './testing.ts';

test('regions lie in the image, with areas and ratios of the ranges', () => {
  const areas = draws(300, (own) => {
    const { left, top, width, height } = randomRegion(300, 100, own, { scale: [0.1, 0.3] });
    expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
    expect(left + width).toBeLessThanOrEqual(1);
    expect(top + height).toBeLessThanOrEqual(1);
    const ratio = (300 * width) / (100 * height);
    expect(ratio).toBeGreaterThan(3 / 4 - 1e-9);
    expect(ratio).toBeLessThan(4 / 3 + 1e-9);
    return width * height;
  });
  expect(Math.min(...areas)).toBeGreaterThanOrEqual(0.1 - 1e-9);
  expect(Math.max(...areas)).toBeLessThanOrEqual(0.3 + 1e-9);
  expect(Math.max(...areas) - Math.min(...areas)).toBeGreaterThan(0.15);
});

// torchvision's RandomResizedCrop.get_params after ten tries.
test.each([
  ['wide', [300, 100], [1, 1], { left: 1 / 3, top: 0, width: 1 / 3, height: 1 }],
  ['tall', [100, 300], [1, 1], { left: 0, top: 1 / 3, width: 1, height: 1 / 3 }],
  ['wide', [300, 100], [1 / 2, 2], { left: 1 / 6, top: 0, width: 2 / 3, height: 1 }],
  ['square', [80, 80], [3 / 4, 4 / 3], { left: 0, top: 0, width: 1, height: 1 }],
] as const)('of a %s image that no region fits, the centre', (_, [w, h], ratio, expected) => {
  const region = randomRegion(w, h, new Generator(1), { scale: [4, 4], ratio });
  for (const [side, share] of Object.entries(expected))
    expect(region[side as keyof typeof region]).toBeCloseTo(share, 12);
});
