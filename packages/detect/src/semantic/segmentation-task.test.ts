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
