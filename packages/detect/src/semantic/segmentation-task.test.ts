import { createEagerEngine, tf } from '@kcr/core';
import { IGNORED, type SemanticSource, semanticDataset } from '@kcr/data';
import { expect, test } from 'vitest';
import { semanticSegmentation } from './segmentation-task.ts';

const size = { height: 4, width: 4 };
/** The right half is class 1, and bright in the first image alone. */
const labels = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 0 : 1));
const source: SemanticSource = {
  classes: ['dark', 'bright', 'never'],
  channels: 1,
  images: [0, 1].map((i) => ({ ...size, name: `${i}` })),
  skipped: {},
  pixels: async (i) => ({
    data: labels.map((label) => (i === 0 ? 255 * label : 0)),
    shape: [4, 4, 1],
  }),
  classMap: async (i) => ({
    ...size,
    // In the second image the lower half of the bright class does not count.
    data: labels.map((label, at) => (i === 1 && label === 1 && at >= 8 ? IGNORED : label)),
  }),
};

test('mean IoU over the classes that there are, and pixel accuracy, over all images', async () => {
  const data = semanticDataset(source, {
    normalization: { mean: [0.5], std: [0.5] },
    canvas: size,
  });
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const inference = engine.compile('bright', ({ inputs }) => {
    const { image } = inputs;
    return {
      outputs: { logits: tf.concat([tf.neg(image!), image!, tf.sub(tf.zerosLike(image!), 9)], 3) },
    };
  });
  const found = await semanticSegmentation.evaluate(inference, data, 1);
  // Dark: 16 right, 4 more predicted; bright: 8 of 12 right.
  expect(found.meanIou).toBeCloseTo((16 / 20 + 8 / 12) / 2, 9);
  expect(found.pixelAccuracy).toBeCloseTo(24 / 28, 9);
});
