import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { type ClipOptions, clipGradients } from './clip-gradients.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const close = (values: readonly number[], digits = 6) =>
  values.map((value) => expect.closeTo(value, digits));

/** Gradients of vectors, clipped. */
const clip = (gradients: readonly number[][], options: ClipOptions) =>
  clipGradients(
    gradients.map((g) => ({ value: tf.tensor1d(g), gradient: tf.tensor1d(g), adaptive: true })),
    options,
  ).map((g) => Array.from(g.dataSync()));

describe('by their common norm', () => {
  test('to the largest norm, over all of them together', () => {
    // Norm 13.
    const clipped = clip([[3, 4], [12]], { clipGrad: 6.5 });
    expect(clipped).toEqual([close([1.5, 2]), close([6])]);
  });

  test('not at all below it, and zeros stay zeros', () => {
    expect(clip([[3, 4], [12]], { clipGrad: 14 })).toEqual([[3, 4], [12]]);
    expect(clip([[0, 0], [0]], { clipGrad: 1 })).toEqual([[0, 0], [0]]);
  });

  test("with PyTorch's 1e-6 beside the norm", () => {
    // 1e-6 / (1e-6 + 1e-6)
    expect(clip([[1e-6]], { clipGrad: 1e-6 })[0]![0]! * 1e6).toBeCloseTo(0.5, 5);
  });
});

test('without a limit they stay as they are', () => {
  expect(clip([[3, 4], [12]], {})).toEqual([[3, 4], [12]]);
});

test('zeros stay zeros in every mode, also of weights of 0', () => {
  for (const clipMode of ['norm', 'value', 'agc'] as const)
    expect(clip([[0, 0], [0]], { clipGrad: 1, clipMode })).toEqual([[0, 0], [0]]);
});
