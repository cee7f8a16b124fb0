import { float32, Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { engines } from '../testing.ts';
import { regionSum } from './region-sum.ts';

const SIZE = { images: 2, regions: 5, height: 3, width: 2, channels: 4 };

/** Weights of a part of the map for each region, as of one that reaches so far: 0 elsewhere, and everywhere for the last region. */
function weights(generator: Generator, bins: number, length: number): Float32Array {
  const { images, regions } = SIZE;
  const all = new Float32Array(images * regions * bins * length);
  for (let region = 0; region < images * regions; region++) {
    if (region % regions === regions - 1) continue;
    const from = generator.integer(length);
    const to = Math.min(length, from + 1 + generator.integer(30));
    for (let bin = 0; bin < bins; bin++)
      for (let at = from; at < to; at++)
        all[(region * bins + bin) * length + at] = (region % 2 ? -1 : 1) * generator.uniform();
  }
  return all;
}

// Of one tile, of 2 by 3, and one whose second and third are reached by no region of an image.
test.each([
  ['onnx', 9, 11],
  ['onnx', 130, 250],
  ['onnx', 290, 12],
  ['eager', 9, 11],
] as const)('on %s, a map of %i by %i: the sum by its definition', async (name, tall, wide) => {
  const { images, regions, height, width, channels } = SIZE;
  const generator = new Generator(tall);
  const bins = generator.array(images * regions * height * width * channels, 'normal');
  const [rows, columns] = [weights(generator, height, tall), weights(generator, width, wide)];
  await using engine = await engines[name]!();
  const step = engine.compile('region-sum', ({ inputs }) => ({
    outputs: { y: regionSum(inputs.bins!, inputs.rows!, inputs.columns!, images) },
  }));
  const { y } = await step({
    bins: float32([images * regions, height, width, channels], bins),
    rows: float32([images * regions, height, tall], rows),
    columns: float32([images * regions, width, wide], columns),
  });
  const expected = new Float64Array(images * tall * wide * channels);
  for (let region = 0; region < images * regions; region++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++)
        for (let at = 0; at < tall * wide; at++) {
          const row = rows[(region * height + i) * tall + Math.floor(at / wide)]!;
          const weight = row * columns[(region * width + j) * wide + (at % wide)]!;
          if (weight === 0) continue;
          const place = Math.floor(region / regions) * tall * wide + at;
          for (let c = 0; c < channels; c++)
            expected[place * channels + c]! +=
              weight * bins[((region * height + i) * width + j) * channels + c]!;
        }
  expect(y!.shape).toEqual([images, tall, wide, channels]);
  expect(expected.some((x) => x !== 0)).toBe(true);
  y!.data.forEach((x, i) => {
    expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-5);
  });
});

test('no region anywhere gives 0', async () => {
  await using engine = await engines.onnx!();
  const step = engine.compile('region-sum', ({ inputs }) => ({
    outputs: { y: regionSum(inputs.bins!, inputs.rows!, inputs.columns!, 1) },
  }));
  const y = await step({
    bins: float32([2, 2, 2, 3], 7),
    rows: float32([2, 2, 5], 0),
    columns: float32([2, 2, 5], 1),
  });
  expect([...y.y!.data]).toEqual(Array(75).fill(0));
});
