import { constant, createEagerEngine, float32, tf } from '@kcr/core';
import { type InstanceSource, instanceDataset, rleFromPolygon } from '@kcr/data';
import { describe, expect, test } from 'vitest';
import { detectImages } from './detect-images.ts';
import { instanceDetection } from './detection-task.ts';

const size = { height: 40, width: 40 };
/** Image i is i everywhere, and has one square of 20 pixels, at 10 i. */
const square = (i: number) => [10 * i, 10 * i, 10 * i + 20, 10 * i + 20] as const;
const annotations = [0, 1].map((i) => {
  const [left, top, right, bottom] = square(i);
  const polygon = [left, top, right, top, right, bottom, left, bottom];
  return {
    id: i + 1,
    image_id: i + 5,
    category_id: 3,
    bbox: [left, top, 20, 20] as const,
    area: 400,
    segmentation: [polygon],
    mask: rleFromPolygon(polygon, 40, 40),
  };
});
const source: InstanceSource = {
  classes: ['square'],
  channels: 1,
  masks: true,
  skipped: {},
  truth: {
    images: [0, 1].map((i) => ({ id: i + 5, ...size })),
    categories: [{ id: 3, name: 'square' }],
    annotations,
  },
  pixels: async (i) => ({ data: new Uint8Array(1600).fill(i), shape: [40, 40, 1] }),
  instances: (i) => [{ label: 0, box: square(i), mask: annotations[i]!.mask, crowd: false }],
};
const normalization = { mean: [0], std: [1 / 255] };
const data = instanceDataset(source, { normalization, canvas: { height: 80, width: 80 } });

/** A model that finds the square of each image on the canvas, shifted, and in the second image a worse one besides. */
async function evaluated<T>(
  shift: number,
  masks: boolean,
  use: (inference: Parameters<typeof detectImages>[0]) => Promise<T>,
): Promise<T> {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const step = engine.compile('find', ({ inputs }) => {
    // The value of a pixel says which image it is.
    const which = tf.reshape(tf.slice(inputs.image!, [0, 0, 0, 0], [-1, 1, 1, 1]), [-1, 1, 1]);
    const base = constant(float32([1, 2, 4], [shift, 0, 40 + shift, 40, 0, 0, 8, 8]));
    const boxes = tf.add(base, tf.mul(which, 20));
    const scores = tf.concat([tf.add(tf.mul(which, 0), 0.9), tf.mul(which, 0.5)], 1);
    const outputs: Record<string, tf.Tensor> = {
      boxes,
      scores: tf.squeeze(scores, [2]),
      labels: tf.zerosLike(tf.squeeze(scores, [2])),
    };
    if (masks) outputs.masks = tf.onesLike(tf.tile(tf.expandDims(scores, 3), [1, 1, 16, 16]));
    return { outputs };
  });
  return await use(step);
}

describe('all that is found in a set of images', () => {
  test.each([1, 2])('is in pixels of the images, with batches of %i', async (batchSize) => {
    const { detections, masks } = await evaluated(0, false, (step) =>
      detectImages(step, data, batchSize),
    );
    expect(masks).toBe(false);
    expect(
      detections.map(({ image_id, category_id, bbox }) => [image_id, category_id, bbox]),
    ).toEqual([
      [5, 3, [0, 0, 20, 20]],
      [6, 3, [10, 10, 20, 20]],
      [6, 3, [10, 10, 4, 4]],
    ]);
  });

  test('has masks where the model gives them', async () => {
    const { detections, masks } = await evaluated(0, true, (step) => detectImages(step, data, 2));
    expect(masks).toBe(true);
    expect(detections.every(({ segmentation }) => segmentation)).toBe(true);
  });
});

describe('average precision at the sizes of the images', () => {
  test('of what is there, and a worse box behind', async () => {
    const found = await evaluated(0, true, (step) => instanceDetection.evaluate(step, data, 2));
    const all = { boxAP: 1, boxAP50: 1, boxAP75: 1, maskAP: 1, maskAP50: 1, maskAP75: 1 };
    for (const [name, value] of Object.entries(all)) expect(found[name]).toBeCloseTo(value, 9);
  });

  test('of boxes that are shifted by a fifth, without masks', async () => {
    // 16 of 24 columns overlap: the thresholds 0.5, 0.55, 0.6 and 0.65 are reached.
    const found = await evaluated(8, false, (step) => instanceDetection.evaluate(step, data, 2));
    expect(Object.keys(found)).toEqual(['boxAP', 'boxAP50', 'boxAP75']);
    expect(found.boxAP).toBeCloseTo(0.4, 9);
    expect([found.boxAP50, found.boxAP75]).toEqual([expect.closeTo(1, 9), 0]);
  });
});
