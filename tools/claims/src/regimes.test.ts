import { Generator } from '@kcr/core';
import type { ImageSource } from '@kcr/data';
import { expect, test } from 'vitest';
import { drawn, fold, halves, regimeImages, withWrongLabels } from './regimes.ts';

/** Images of one pixel that is their number, from `first` on. */
const source = (perClass: number, first: number): ImageSource => ({
  classes: ['a', 'b', 'c'],
  shape: [1, 1, 1],
  labels: Int32Array.from({ length: 3 * perClass }, (_, i) => Math.floor(i / perClass)),
  pixels: (i) => ({ width: 1, height: 1, data: Uint8Array.of(first + i) }) as never,
});
const sources = { train: source(4, 0), test: source(410, 100) };
const counts = ({ labels }: ImageSource) =>
  [0, 1, 2].map((k) => labels.filter((l) => l === k).length);

test('images that are trained on are not tested with', async () => {
  const { train, test: tested } = halves(sources);
  expect(counts(train)).toEqual([404, 404, 404]);
  expect(counts(tested)).toEqual([10, 10, 10]);
  const first = await train.pixels(12);
  expect(first.data[0]).toBe(100);
  expect((await tested.pixels(0)).data[0]).toBe((100 + 400) % 256);
});

test('as many of each class are drawn, and a share of the labels is wrong', () => {
  const own = drawn(sources.test, 300, new Generator(1));
  expect(counts(own)).toEqual([100, 100, 100]);
  const wrong = withWrongLabels(own, 0.4, new Generator(1));
  expect(wrong.labels.filter((label, i) => label !== own.labels[i])).toHaveLength(120);
  expect(own.labels).toEqual(drawn(sources.test, 300, new Generator(1)).labels);
  const { train } = regimeImages(sources, { name: '', images: 30, wrong: 0.5, epochs: 1 }, 3);
  expect(train.labels).toHaveLength(30);
});

test('parts of a cross-validation have all images once', async () => {
  const own = source(10, 0);
  const seen: number[] = [];
  for (let k = 0; k < 5; k++) {
    const { train, test: held } = fold(own, k, 5);
    expect(counts(held)).toEqual([2, 2, 2]);
    expect(train.labels).toHaveLength(24);
    for (let i = 0; i < 6; i++) seen.push((await held.pixels(i)).data[0]!);
  }
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
});
