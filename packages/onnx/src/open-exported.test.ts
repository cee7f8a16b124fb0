import {
  type Architecture,
  classification,
  conv2d,
  float32,
  Generator,
  Model,
  tf,
} from '@kcr/core';
import { expect, test } from 'vitest';
import { exportOnnx } from './export.ts';
import { openExported } from './open-exported.ts';

/** A class for each pixel: how much of its two channels. */
const pixels: Architecture = {
  name: 'pixels',
  module: 'test',
  contract: 1,
  tokens: 'grid',
  configure: (config) => config,
  // Its logits are of pixels, not of images.
  task: { ...classification, targets: undefined },
  input: () => ({ shape: [1, 2, 2] as const, classes: 2 }),
  forward(m, image) {
    const logits = conv2d(m.child('head'), image, 2, 2, { kernel: 1 });
    return { logits, features: tf.mean(image, [1, 2]), tokens: image, featureMaps: [] };
  },
};
const model = new Model(pixels, {});
const weights = {
  ...model.initialize(new Generator(0)),
  'head.weight': float32([2, 2, 1, 1], [1, 0, 10, 1]),
  'head.bias': float32([2], [0, 0.5]),
};
const image = float32([3, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

test.each([undefined, 2, 5])(
  'takes and gives what the model does, of a batch of %s',
  async (batch) => {
    await using step = await openExported(await exportOnnx(model, weights, { batch }));
    const { logits, features } = await step({ image });
    // x0, and 10 x0 + x1 + 0.5.
    const rows = [1, 12.5, 3, 34.5, 5, 56.5, 7, 78.5, 9, 100.5, 11, 122.5];
    expect(logits).toEqual(float32([3, 1, 2, 2], rows));
    expect(features).toEqual(float32([3, 2], [2, 3, 6, 7, 10, 11]));
  },
);

test('ONNX_SESSION for what is no model', async () => {
  await expect(openExported(Uint8Array.of(1, 2, 3))).rejects.toThrow(
    expect.objectContaining({ code: 'ONNX_SESSION' }),
  );
});
