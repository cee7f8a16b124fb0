import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { loadEach } from './load-each.ts';

const indices = Int32Array.of(4, 2, 4);

/** What an image draws, when those that come first in a batch take longest. */
const drawnLate = (delays: readonly number[]) => {
  const left = [...delays];
  return async (i: number, generator?: Generator) => {
    const delay = left.shift()!;
    for (let turn = 0; turn < delay; turn++) await null;
    return [i, generator?.uniform()];
  };
};

test('images come in the order of the batch and draw the same in whichever order they are decoded', async () => {
  const late = await loadEach(indices, new Generator(1), drawnLate([9, 5, 0]));
  expect(late.map(([i]) => i)).toEqual([4, 2, 4]);
  expect(await loadEach(indices, new Generator(1), drawnLate([0, 5, 9]))).toEqual(late);
  expect(new Set(late.map(([, drawn]) => drawn)).size).toBe(3);
});

test('images of no training batch have no stream', async () => {
  const streams = await loadEach(indices, undefined, async (_, generator) => generator);
  expect(streams).toEqual([undefined, undefined, undefined]);
});
