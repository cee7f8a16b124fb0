import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainPreprocessing } from '@kcr/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageDataset } from './image-dataset.ts';
import { imageFolder } from './image-folder.ts';
import { cornerInput, inputView, readInput } from './model-input.ts';
import { normalised } from './normalised.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-input-'));
  await mkdir(join(root, 'a'));
  const data = Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => (i * 37) % 251);
  await sharp(data, { raw: { height: 24, width: 40, channels: 3 } }).toFile(join(root, 'a/x.png'));
});
afterAll(() => rm(root, { recursive: true }));

test.each([1, 0.875, 0.5])('a file is read as its data set gives it, crop %d', async (crop) => {
  const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
  const source = await imageFolder(root, { size: 16, cropRatio: crop });
  const set = imageDataset(source, { normalization });
  expect(set.input).toEqual({
    ...plainPreprocessing([16, 16, 3]),
    ...normalization,
    crop_pct: crop,
  });
  const alone = normalised([await readInput(join(root, 'a/x.png'), set.input!)], set.input!);
  expect(alone).toEqual((await set.batch(Int32Array.of(0))).image);
});

test('an image lies in the corner as large as fits, or as its short side says', () => {
  const normalization = { mean: [0], std: [1] };
  const source = { height: 30, width: 60 };
  const canvas = { height: 100, width: 120 };
  const input = cornerInput([100, 120, 1], normalization);
  const place = { source, canvas, top: 0, left: 0 };
  expect(inputView(source, input)).toEqual({ ...place, scaled: { height: 60, width: 120 } });
  const resize = (shortest_edge: number, longest_edge: number) =>
    inputView(source, { ...input, resize: { shortest_edge, longest_edge } }).scaled;
  expect(resize(45, 1000)).toEqual({ height: 45, width: 90 });
  expect(resize(45, 80)).toEqual({ height: 40, width: 80 });
  expect(resize(800, 1333)).toEqual({ height: 60, width: 120 });
});
