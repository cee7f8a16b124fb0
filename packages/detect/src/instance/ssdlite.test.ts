import { mobilevit } from '@kcr/backbones';
import { createEagerEngine, float32, Generator, int32, Model, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { withHead } from '../head/with-head.ts';
import { valuesOf } from '../testing.ts';
import { losses } from './ssd-losses.ts';
import { ssdlite } from './ssdlite.ts';

const backbone = new Model(
  mobilevit,
  mobilevit.configure({
    img_size: 32,
    stem_chs: 8,
    channels: [8, 12, 16],
    depths: [1, 1, 1],
    bottle_ratio: 2,
    transformer_dims: [0, 0, 8],
    transformer_depths: [0, 0, 1],
    num_heads: 2,
    num_features: 20,
    num_classes: 4,
  }),
);
const options = { num_classes: 2, extra_channels: [8], max_per_img: 5, score_thr: 0 };
const model = withHead(ssdlite, backbone, options as object);
const image = float32([1, 32, 32, 3], new Generator(2).array(32 * 32 * 3, 'normal'));

test('it finds boxes, best first, from maps of strides 16 and 32 and one more', async () => {
  await using engine = await createEagerEngine({ backend: 'wasm' });
  engine.set(model.initialize(new Generator(1)));
  const step = engine.compile('find', ({ inputs, state }) => {
    const { logits, results } = model.apply(inputs.image!, { state });
    return { outputs: { logits, ...results } };
  });
  const { logits, boxes, scores, labels } = await step({ image });
  // Places are 2 x 2, 1 and 1, with six boxes each, and there are two classes and the background.
  expect(logits!.shape).toEqual([1, 36, 3]);
  expect([boxes!.shape, scores!.shape, labels!.shape]).toEqual([
    [1, 5, 4],
    [1, 5],
    [1, 5],
  ]);
  const own = [...scores!.data];
  expect(own).toEqual(own.toSorted((a, b) => b - a));
  expect(labels!.data.every((x) => x === 0 || x === 1)).toBe(true);
});

test('it has a loss of classes and one of boxes', async () => {
  await using engine = await createEagerEngine({ backend: 'wasm' });
  engine.set(model.initialize(new Generator(1)));
  const step = engine.compile('losses', ({ inputs, state }) => {
    const { boxes, labels } = inputs as Record<'boxes' | 'labels', never>;
    const { losses: found } = model.apply(inputs.image!, { state, targets: { boxes, labels } });
    return { outputs: { ...found } };
  });
  const given = { boxes: float32([1, 1, 4], [2, 2, 18, 18]), labels: int32([1, 1], [1]) };
  const { classLoss, boxLoss } = await step({ image, ...given });
  for (const { data } of [classLoss!, boxLoss!]) {
    expect(Number.isFinite(data[0])).toBe(true);
    expect(data[0]).toBeGreaterThan(0);
  }
});

test('images that are not square: MODEL_CONFIG', () => {
  const wide = { ...mobilevit, input: () => ({ shape: [32, 64, 3] as const, classes: 4 }) };
  const other = new Model(wide, backbone.config);
  expect(() => withHead(ssdlite, other, options as object)).toThrow(
    expect.objectContaining({ code: 'MODEL_CONFIG', where: 'ssdlite' }),
  );
});

test('by hand: the losses read the hardest background, a few boxes for each that finds an object', async () => {
  const log = (x: number) => Math.log(1 + Math.exp(-x));
  // One box is the object; of three others the two hardest count. Logits say the class and the background.
  const found = await valuesOf(() => ({
    ...losses(
      {
        logits: tf.tensor3d([
          [
            [1, 0],
            [3, 0],
            [-5, 0],
            [2, 0],
          ],
        ]),
        deltas: tf.tensor3d([
          [
            [0.5, 0, 0, -2],
            [9, 9, 9, 9],
            [9, 9, 9, 9],
            [9, 9, 9, 9],
          ],
        ]),
        boxes: tf.tensor3d([
          [
            [0, 0, 10, 10],
            [20, 20, 30, 30],
            [20, 0, 30, 10],
            [0, 20, 10, 30],
          ],
        ]),
      },
      { boxes: tf.tensor3d([[[0, 0, 10, 10]]]), labels: tf.tensor2d([[0]], [1, 1], 'int32') },
      tf.tensor2d([[0]]),
      2,
    ),
  }));
  // Over the boxes that find an object, of which there is one.
  expect(found.classLoss.data[0]).toBeCloseTo(log(1) + (3 + log(3)) + (2 + log(2)), 4);
  // Half a square, and a size less a half.
  expect(found.boxLoss.data[0]).toBeCloseTo(0.125 + 1.5, 5);
});
