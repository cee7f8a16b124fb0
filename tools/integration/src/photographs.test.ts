import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createModel } from '@kcr/backbones';
import { compileInference, fit, Generator } from '@kcr/core';
import {
  cocoInstances,
  detectedObjects,
  encodeRuns,
  flipped,
  IGNORED,
  instanceDataset,
  photometricDistortion,
  scaleJitter,
  semanticDataset,
  semanticFolder,
  truthObjects,
} from '@kcr/data';
import { cocoEvaluate, detectImages, maskRcnn, upernet, withHead } from '@kcr/detect';
import { createOnnxEngine } from '@kcr/onnx';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../data/coco-permissive-6', import.meta.url));
const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const canvas = { height: 64, width: 64 };
const training = {
  normalization,
  canvas,
  framing: flipped(scaleJitter({ scale: [0.8, 1.5] })),
  augment: [photometricDistortion()],
};
const backbone = () =>
  createModel('swin_tiny_patch4_window7_224', {
    img_size: 64,
    window_size: 4,
    embed_dim: 16,
    depths: [1, 1],
    num_heads: [1, 2],
  });

test('the truth of photographs as detections is found whole, crowds included', async () => {
  const { truth } = await cocoInstances(`${root}/instances.json`, `${root}/images`);
  expect(truth.annotations.some(({ iscrowd }) => iscrowd === 1)).toBe(true);
  const sizes = new Map(truth.images.map((image) => [image.id, image]));
  const masks = truthObjects(truth, 'segm').objects.map(({ mask }) => mask!);
  const detections = truth.annotations.map((annotation, i) => {
    const { height, width } = sizes.get(annotation.image_id)!;
    const counts = encodeRuns(masks[i]!.runs);
    return { ...annotation, score: 1, segmentation: { size: [height, width] as const, counts } };
  });
  for (const type of ['bbox', 'segm'] as const) {
    const summary = cocoEvaluate(
      truthObjects(truth, type).objects,
      detectedObjects(truth, detections, type).objects,
      truth.images.map(({ id }) => id),
      truth.categories.map(({ id }) => id),
    );
    expect(summary.AP).toBe(1);
  }
});

test('Mask R-CNN trains on 80 classes, and finds them on the photographs', async () => {
  const source = await cocoInstances(`${root}/instances.json`, `${root}/images`);
  const small = { out_channels: 16, fc_out_channels: 32, rpn_nms_pre: 50, rpn_max_per_img: 40 };
  const model = withHead(maskRcnn, backbone(), { ...small, rcnn_num: 16, score_thr: 0 });
  const engine = createOnnxEngine();
  const { weights, history } = await fit({
    model,
    engine,
    train: instanceDataset(source, training),
    epochs: 4,
    batchSize: 3,
    seed: 0,
    optimizer: { lr: 1e-3 },
  });
  expect(history[3]!.loss).toBeLessThan(history[0]!.loss!);
  engine.set(weights);
  const data = instanceDataset(source, { normalization, canvas });
  const { detections } = await detectImages(compileInference(engine, model), data, 2);
  await engine.dispose();
  const sizes = new Map(source.truth.images.map((image) => [image.id, image]));
  const known = new Set(source.truth.categories.map(({ id }) => id));
  expect(detections.length).toBeGreaterThan(10);
  for (const { image_id, category_id, bbox, segmentation } of detections) {
    const { height, width } = sizes.get(image_id)!;
    const [x, y, w, h] = bbox!;
    expect(known.has(category_id)).toBe(true);
    expect(Math.min(x, y, w, h)).toBeGreaterThanOrEqual(0);
    expect([x + w <= width + 1e-6, y + h <= height + 1e-6]).toEqual([true, true]);
    expect(segmentation).toMatchObject({ size: [height, width] });
  }
});

test('UperNet trains on class maps whose 0 is no class', async () => {
  const { images } = JSON.parse(await readFile(`${root}/instances.json`, 'utf8'));
  const classes = Array.from({ length: 200 }, (_, i) => `class ${i}`);
  const source = await semanticFolder(root, { classes, reduceZeroLabel: true });
  expect(source.images.length).toBe(images.length);
  const train = semanticDataset(source, training);
  const { labels } = await train.batch(Int32Array.of(0, 1), new Generator(0));
  expect(labels!.data.some((label) => label === IGNORED)).toBe(true);
  expect(labels!.data.every((label) => label === IGNORED || label < 200)).toBe(true);
  const model = withHead(upernet, backbone(), {
    num_classes: 200,
    channels: 16,
    auxiliary_channels: 8,
  });
  const engine = createOnnxEngine();
  const { history } = await fit({
    model,
    engine,
    train,
    validation: semanticDataset(source, { normalization, canvas }),
    epochs: 2,
    batchSize: 3,
    seed: 0,
    optimizer: { lr: 1e-2 },
  });
  await engine.dispose();
  expect(history[1]!.loss).toBeLessThan(history[0]!.loss!);
  expect(history[1]!.valPixelAccuracy).toBeGreaterThan(0);
});
