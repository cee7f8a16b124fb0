import { type Dataset, float32, int32 } from '@kcr/core';
import { expect, test } from 'vitest';
import { drawClasses } from './searched-classes.ts';

const names = Array.from({ length: 20 }, (_, i) => `class ${i}`);

/** Images of the given classes. */
const imagesOf = (labels: readonly number[]): Dataset => ({
  length: labels.length,
  classes: names,
  shape: [1, 1, 1],
  labels: Int32Array.from(labels),
  batch: async (indices) => ({
    image: float32([indices.length, 1, 1, 1]),
    label: int32(
      [indices.length],
      [...indices].map((i) => labels[i]!),
    ),
  }),
});

const drawn = (count: number, seed: number) => drawClasses({ classes: names }, count, seed);

test('the seed draws them: not the first ones, the same again, others with another seed', () => {
  const { classes } = drawn(5, 0);
  expect(classes).toHaveLength(5);
  expect(classes).not.toEqual(names.slice(0, 5));
  expect(drawn(5, 0).classes).toEqual(classes);
  expect(drawn(5, 1).classes).not.toEqual(classes);
  const often = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((seed) => drawn(5, seed).classes));
  expect(often.size).toBeGreaterThan(15);
});

test('images of the same classes are left of every set', () => {
  const some = drawn(3, 4);
  const numbers = some.classes.map((name) => names.indexOf(name));
  for (const labels of [names.map((_, i) => 19 - i), [...numbers, ...numbers, 0, 1, 2]]) {
    const { labels: left, classes } = some.of(imagesOf(labels));
    expect([...left]).toEqual(labels.filter((label) => numbers.includes(label)));
    expect(classes).toEqual(names);
  }
});

test('where there are fewer, all stay', () => {
  expect(drawn(50, 0).classes).toEqual(names);
});
