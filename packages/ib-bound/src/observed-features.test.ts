import { float32, type NdArray, type PluginRun } from '@kcr/core';
import { expect, test } from 'vitest';
import { ObservedFeatures } from './observed-features.ts';
import { rowsOf } from './testing.ts';

const images = Int32Array.of(2, 5, 9);
/** A run of a model with so many features, and its buffers by name. */
function runOf(featureSize: number, buffers: Record<string, NdArray> = {}) {
  const hostBuffer = (name: string, initial: NdArray) => (buffers[name] ??= initial);
  return { model: { featureSize }, hostBuffer } as unknown as PluginRun;
}
const none = {
  features: () => Promise.reject(new Error('there are some')),
};

test('features of sampled images, of those that came twice the last ones', async () => {
  const observed = new ObservedFeatures(runOf(2), images);
  observed.add(Int32Array.of(9, 3, 2), [1, 2, 3, 4, 5, 6]);
  observed.add(Int32Array.of(9, 0), [7, 8, 9, 10]);
  const { indices, features } = await observed.take(none);
  expect([...indices]).toEqual([2, 9]);
  expect(rowsOf(features)).toEqual([
    [5, 6],
    [7, 8],
  ]);
});

test('what was seen stands in buffers of the run', async () => {
  const buffers = {};
  new ObservedFeatures(runOf(1, buffers), images).add(Int32Array.of(5), [20]);
  const { indices, features } = await new ObservedFeatures(runOf(1, buffers), images).take(none);
  expect([[...indices], rowsOf(features)]).toEqual([[5], [[20]]]);
});

test('what was taken is not given again', async () => {
  const observed = new ObservedFeatures(runOf(1), images);
  observed.add(images, [1, 2, 3]);
  const first = await observed.take(none);
  observed.add(Int32Array.of(5), [20]);
  const { indices, features } = await observed.take(none);
  expect([[...indices], rowsOf(features)]).toEqual([[5], [[20]]]);
  // And what was given stays as it was.
  expect(rowsOf(first.features)).toEqual([[1], [2], [3]]);
});

test('before any step all are read', async () => {
  const asked: unknown[] = [];
  const { indices, features } = await new ObservedFeatures(runOf(2), images).take({
    async features(which) {
      asked.push(which);
      return float32([3, 2], [1, 2, 3, 4, 5, 6]);
    },
  });
  expect(asked).toEqual([images]);
  expect(indices).toEqual(images);
  expect(rowsOf(features)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
});
