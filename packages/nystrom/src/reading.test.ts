import { float32, Generator, range } from '@kcr/core';
import { rows, toFeatures } from '@kcr/features';
import { describe, expect, test } from 'vitest';
import { landmarkSamplings } from './landmarks.ts';
import { landmarkDirections } from './nystrom.ts';
import { type ReadOptions, readFeatures } from './reading.ts';
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
  const context = {
    async features(indices: Int32Array = range(n)) {
      asked.push(indices.length);
      return float32([indices.length, d], rows(features, indices).data);
    },
  };
  const found = await readFeatures(context, {
    samples: n,
    landmarks: 5,
    sampling: 'uniform',
    needsAll: true,
    keepsAll: false,
    generator: new Generator(1),
    ...more,
  });
  return { asked, found };
}

test('S and the landmarks come from one pass in parts', async () => {
  const { asked, found } = await reading({});
  expect(asked).toEqual([4096, 3]);
  expect(found.landmarks).toBe(5);
  expect(found.features).toBeUndefined();
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

describe.each(landmarkSamplings)('%s', (sampling) => {
  test('the features of all images are kept where they are needed', async () => {
    const { asked, found } = await reading({ sampling, keepsAll: true });
    expect(asked).toEqual([n]);
    expect(found.features).toEqual(features);
    expect(found.landmarks).toBe(5);
  });
});
