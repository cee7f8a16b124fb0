import { float32, Generator, range } from '@kcr/core';
import { rows, toFeatures } from '@kcr/features';
import { describe, expect, test } from 'vitest';
import { labelledMoments } from './labelled-sums.ts';
import { landmarkFeatures, landmarkSamplings } from './landmarks.ts';
import { landmarkDirections } from './nystrom.ts';
import { type ReadOptions, readFeatures, readImages } from './reading.ts';
import { covariance } from './spectrum.ts';

/** More images than are in memory at once, and no multiple of anything. */
const [n, d] = [4099, 2];
const generator = new Generator(2);
const array = float32(
  [n, d],
  Array.from({ length: n * d }, () => generator.normal()),
);
const features = toFeatures(array);
const s = covariance(features);

/** A reading, and how many images each part of it asked for. */
async function reading(more: Partial<ReadOptions>) {
  const asked: number[] = [];
  const images: number[] = [];
  const context = {
    async features(indices: Int32Array = range(n)) {
      asked.push(indices.length);
      images.push(...indices);
      return float32([indices.length, d], rows(features, indices).data);
    },
  };
  const found = await readFeatures(context, {
    samples: n,
    landmarks: 5,
    sampling: 'uniform',
    needsAll: true,
    generator: new Generator(1),
    ...more,
  });
  return { asked, found, images };
}

test('S and the landmarks come from one pass in parts', async () => {
  const { asked, found } = await reading({});
  expect(asked).toEqual([4096, 3]);
  expect(found.landmarks).toBe(5);
  expect(found.all).toMatchObject({ n, read: n });
  found.all!.s.to1DArray().forEach((x, i) => expect(x).toBeCloseTo(s.to1DArray()[i]!, 12));
  const chosen = new Generator(1).permutation(n).slice(0, 5).sort();
  const { values } = landmarkDirections(rows(features, chosen));
  expect([...found.directions.values]).toEqual([...values]);
});

test('landmarks alone are read where that is enough', async () => {
  const { asked, found } = await reading({ needsAll: false });
  expect(asked).toEqual([5]);
  expect(found.all).toBeUndefined();
});

test.each(landmarkSamplings)(
  '%s: of few images all are seen, and landmarks are those of features in memory',
  async (sampling) => {
    const { asked, found } = await reading({ sampling });
    expect(asked).toEqual([4096, 3]);
    const own = landmarkFeatures(features, 5, sampling, new Generator(1));
    const expected = landmarkDirections(own).values;
    found.directions.values.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 12));
  },
);

describe.each(landmarkSamplings)('%s, a sample', (sampling) => {
  test('so many images are read, each once, and S is theirs', async () => {
    const { found, images } = await reading({ sampling, images: 1000 });
    expect(found.all).toMatchObject({ n, read: 1000 });
    expect(found.landmarks).toBe(5);
    expect(new Set(images).size).toBe(1000);
    expect(images).toEqual([...images].sort((a, b) => a - b));
    const own = covariance(rows(features, images)).to1DArray();
    found.all!.s.to1DArray().forEach((x, i) => expect(x).toBeCloseTo(own[i]!, 12));
    // Not the first ones: a data set is often in the order of its classes.
    expect(images.at(-1)).toBeGreaterThan(n - 100);
  });
});

test('the sums of classes are those of the images that were read', async () => {
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  const { found, images } = await reading({ images: 500, labelled: { labels, classes: 3 } });
  const own = Int32Array.from(images, (i) => labels[i]!);
  const expected = await labelledMoments([rows(features, images)], { d, labels: own, classes: 3 });
  const cross = expected.cross.to1DArray();
  found.all!.cross!.to1DArray().forEach((x, i) => expect(x).toBeCloseTo(cross[i]!, 12));
});

test.each([
  [100, 100],
  [50_000, 50_000],
  [1_281_167, 50_000],
])('of %i images %i are read', (images, read) => expect(readImages(images)).toBe(read));

test("of ImageNet's number of images a part is in memory at a time, and 50,000 are read", async () => {
  const asked: Int32Array[] = [];
  const found = await readFeatures(
    {
      async features(indices: Int32Array = range(0)) {
        asked.push(indices);
        const data = Float32Array.from(indices, (i) => 1 + (i % 2));
        return float32([indices.length, 1], data);
      },
    },
    {
      samples: 1_281_167,
      landmarks: 4,
      sampling: 'uniform',
      needsAll: true,
      generator: new Generator(1),
    },
  );
  expect(Math.max(...asked.map((indices) => indices.length))).toBe(4096);
  expect(asked.reduce((sum, indices) => sum + indices.length, 0)).toBe(50_000);
  expect(found.all).toMatchObject({ n: 1_281_167, read: 50_000 });
  // Half of the images have 1 and half have 4 as their square: a mean of 2.5, to a standard deviation of 0.007.
  expect(Math.abs(found.all!.s.get(0, 0) - 2.5)).toBeLessThan(0.03);
});
