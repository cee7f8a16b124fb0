import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@kcr/core';
import { expect, test } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';

test('IoU by class, its mean and pixel accuracy, ignored pixels left out', async () => {
  const path = fileURLToPath(new URL('../../fixtures/miou.safetensors', import.meta.url));
  const { tensors } = await readSafetensors(path);
  const matrix = new ConfusionMatrix(6);
  const [truth, prediction] = [tensors.truth!.data, tensors.prediction!.data];
  // Map by map.
  for (let i = 0; i < 3; i++)
    matrix.add(truth.slice(i * 400, (i + 1) * 400), prediction.slice(i * 400, (i + 1) * 400));
  const { iou, meanIou, pixelAccuracy } = matrix.summary;
  iou.forEach((x, c) => expect(x).toBeCloseTo(tensors.iou!.data[c]!, 6));
  expect(meanIou).toBeCloseTo(tensors.miou!.data[0]!, 6);
  expect(pixelAccuracy).toBeCloseTo(tensors.pixel_accuracy!.data[0]!, 6);
});

test('classes that are neither there nor predicted do not count', () => {
  const matrix = new ConfusionMatrix(4);
  matrix.add([0, 0, 1, 255], [0, 1, 1, 3]);
  const { iou, meanIou, pixelAccuracy } = matrix.summary;
  expect([...iou]).toEqual([0.5, 0.5, Number.NaN, Number.NaN]);
  expect(meanIou).toBe(0.5);
  expect(pixelAccuracy).toBeCloseTo(2 / 3, 9);
});

test.each([
  ['maps of other sizes', [0, 1], [0]],
  ['a true label that is no class', [7], [0]],
  ['a predicted label that is no class', [0], [255]],
])('%s are refused', (_, truth, prediction) => {
  expect(() => new ConfusionMatrix(2).add(truth, prediction)).toThrow(
    expect.objectContaining({ code: 'LABEL_MAP' }),
  );
});
