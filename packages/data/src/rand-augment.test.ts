import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { randAugment } from './rand-augment.ts';
import { counted, draws } from './testing.ts';

const image = counted(6, 8, 3);

test('RandAugment: the same stream, the same image; the shape stays; strength 0 changes little', () => {
  for (let seed = 0; seed < 40; seed++) {
    const once = randAugment({ probability: 1 })(image, new Generator(seed));
    expect(once).toEqual(randAugment({ probability: 1 })(image, new Generator(seed)));
    expect(once.shape).toEqual(image.shape);
    expect(once.data).toHaveLength(image.data.length);
  }
  expect(randAugment({ probability: 0 })(image, new Generator(1))).toBe(image);
});

test('several changes of an image, all kinds of them', () => {
  const changed = draws(200, (own) => randAugment({ probability: 1, layers: 1 })(image, own));
  // Fifteen changes, some of them with a sign or a strength that is drawn.
  expect(new Set(changed.map(({ data }) => data.join())).size).toBeGreaterThan(15);
  const kept = draws(200, (own) => randAugment({ layers: 0 })(image, own));
  expect(new Set(kept)).toEqual(new Set([image]));
});
