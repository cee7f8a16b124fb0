import { expect, test } from 'vitest';
import { fillOf, normalised } from './normalised.ts';
import { counted } from './testing.ts';

const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

test('values are (pixel / 255 - mean) / std of their channel', () => {
  const images = [counted(2, 3, 3), counted(2, 3, 3)];
  images[1]!.data.fill(255);
  const { shape, dtype, data } = normalised(images, normalization);
  expect([shape, dtype]).toEqual([[2, 2, 3, 3], 'float32']);
  const { mean, std } = normalization;
  images
    .flatMap((image) => [...image.data])
    .forEach((pixel, i) =>
      expect(data[i]).toBeCloseTo((pixel / 255 - mean[i % 3]!) / std[i % 3]!, 5),
    );
  // White in ImageNet's terms, as torchvision's Normalize gives it.
  [2.2489, 2.4286, 2.64].forEach((x, c) => expect(data[18 + c]).toBeCloseTo(x, 4));
});

test('one mean and deviation may stand for all channels', () => {
  const { data } = normalised([{ data: Uint8Array.of(0, 51, 255), shape: [1, 1, 3] }], {
    mean: [0.2],
    std: [0.4],
  });
  [-0.5, 0, 2].forEach((x, c) => expect(data[c]).toBeCloseTo(x, 6));
});

test('no images are an empty batch', () => {
  expect(normalised([], normalization)).toMatchObject({ shape: [0, 0, 0, 3] });
});

test('the fill is the whole number nearest to what becomes 0', () => {
  expect(fillOf(normalization)).toEqual([124, 116, 104]);
  expect(fillOf({ mean: [0, 0.5, 1], std: [1, 1, 1] })).toEqual([0, 128, 255]);
});
