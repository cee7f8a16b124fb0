import { createEagerEngine, resizeBilinear, tf } from '@kcr/core';
import { IGNORED, type SemanticSource, semanticDataset } from '@kcr/data';
import { expect, test } from 'vitest';
import { semanticSegmentation } from './segmentation-task.ts';

const [height, width] = [8, 8];

/** One black image with a label for its left and one for its right half. */
const halves = (left: number, right: number): SemanticSource => ({
  classes: ['ground', 'thing', 'sky'],
  channels: 3,
  images: [{ name: 'a', height, width }],
  skipped: {},
  pixels: async () => ({ data: new Uint8Array(height * width * 3), shape: [height, width, 3] }),
  classMap: async () => ({
    height,
    width,
    data: Uint8Array.from({ length: height * width }, (_, i) => (i % width < 4 ? left : right)),
  }),
});

/** What a model that takes black for the first class is worth. */
async function evaluate(source: SemanticSource) {
  const engine = await createEagerEngine({ backend: 'wasm' });
  const inference = engine.compile('black', ({ inputs }) => {
    const grey = tf.mean(resizeBilinear(inputs.image!, [height, width]), 3, true);
    return { outputs: { logits: tf.concat([tf.neg(grey), grey, tf.sub(grey, 1)], 3) } };
  });
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  const data = semanticDataset(source, { normalization, canvas: { height, width } });
  const numbers = await semanticSegmentation.evaluate(inference, data, 1);
  await engine.dispose();
  return numbers;
}

test('by hand: the mean over the classes that are there, and each of them', async () => {
  expect(await evaluate(halves(0, 1))).toEqual({
    meanIou: 0.25,
    pixelAccuracy: 0.5,
    'iou.ground': 0.5,
    'iou.thing': 0,
  });
});

test('masks of 0 and 255 have one class: the others are not said to be found', async () => {
  expect(await evaluate(halves(0, IGNORED))).toEqual({
    meanIou: 1,
    pixelAccuracy: 1,
    'iou.ground': 1,
  });
});

test('where no pixel has a label there is no number', async () => {
  expect(await evaluate(halves(IGNORED, IGNORED))).toEqual({});
});

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
