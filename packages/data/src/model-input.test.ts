import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Preprocessing, plainPreprocessing } from '@kcr/core';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { readImage } from './image.ts';
import { imageDataset } from './image-dataset.ts';
import { imageFolder } from './image-folder.ts';
import { cornerInput, inputView, modelInput, readInput, readSource } from './model-input.ts';
import { normalised } from './normalised.ts';
import { counted, temporaryFolder } from './testing.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/images/${name}`, import.meta.url));

interface Case {
  photo: string;
  expected: string;
  input: Preprocessing;
}
const cases: Case[] = JSON.parse(readFileSync(fixture('inputs.json'), 'utf8'));

const at = temporaryFolder();
beforeAll(async () => {
  await mkdir(at('a'));
  const data = Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => (i * 37) % 251);
  await sharp(data, { raw: { height: 24, width: 40, channels: 3 } }).toFile(at('a/x.png'));
});

test.each(cases)('$expected: as timm makes it', async ({ photo, expected, input }) => {
  const { data, shape } = await readInput(fixture(photo), input);
  const reference = await readImage(fixture(expected), 3, 'stored');
  expect(shape).toEqual(reference.shape);
  // Nothing differs but what decoders of JPEG may.
  const away = data.reduce((sum, x, i) => sum + Math.abs(x - reference.data[i]!), 0);
  expect(away / data.length).toBeLessThan(0.05);
});

test.each([
  ['center', 'bicubic', 1],
  ['center', 'bilinear', 0.875],
  ['squash', 'bicubic', 0.5],
  ['border', 'bicubic', 0.9],
] as const)(
  'a file is read as its data set gives it: %s, %s, %d',
  async (cropMode, interpolation, cropRatio) => {
    const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
    const { mean } = normalization;
    const options = { size: 16, cropRatio, cropMode, interpolation, mean };
    const set = imageDataset(await imageFolder(at(), options), { normalization });
    expect(set.input).toEqual({
      ...plainPreprocessing([16, 16, 3]),
      ...normalization,
      interpolation,
      crop_pct: cropRatio,
      crop_mode: cropMode,
    });
    const alone = normalised([await readInput(at('a/x.png'), set.input!)], set.input!);
    expect(alone).toEqual((await set.batch(Int32Array.of(0))).image);
  },
);

describe('where an image lies', () => {
  const canvas = { height: 10, width: 10 };
  const plain = plainPreprocessing([10, 10, 1]);

  // By hand after torchvision's Resize, CenterCrop and timm's ResizeKeepRatio, CenterCropOrPad.
  test.each<[string, Partial<Preprocessing>, [number, number], [number, number, number, number]]>([
    // floor(10 * 19 / 12) = 15; (15 - 10) / 2 = 2.5, to the even 2.
    ['the long side is cut', {}, [12, 19], [10, 15, 0, 2]],
    // floor(10 * 17 / 10) = 17; 3.5, to the even 4.
    ['half to the even', {}, [17, 10], [17, 10, 4, 0]],
    // floor(10 / 0.9) = 11; round(0.5) = 0.
    ['more than the input', { crop_pct: 0.9 }, [7, 7], [11, 11, 0, 0]],
    ['each side by itself', { crop_mode: 'squash', crop_pct: 0.8 }, [3, 30], [12, 12, 1, 1]],
    // 5 * 10 / 15 = 3.33, to 3; (10 - 3) / 2 = 3.5 above, cut.
    ['inside', { crop_mode: 'border' }, [5, 15], [3, 10, -3, 0]],
    ['inside, then cut', { crop_mode: 'border', crop_pct: 0.5 }, [20, 6], [20, 6, 5, -2]],
  ])('%s', (_, change, [height, width], [scaledHeight, scaledWidth, top, left]) => {
    const source = { height, width };
    expect(inputView(source, { ...plain, ...change })).toEqual({
      source,
      canvas,
      scaled: { height: scaledHeight, width: scaledWidth },
      top,
      left,
    });
  });

  test('in the corner as large as fits, or as its short side says', () => {
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
});

test('what is around an image is the mean', () => {
  const input = { ...plainPreprocessing([2, 4, 1]), crop_mode: 'border', mean: [0.5] } as const;
  // A 2 x 2 image in the middle of 2 x 4.
  expect([...modelInput(counted(2, 2, 1), input).data]).toEqual([128, 1, 2, 128, 128, 3, 4, 128]);
});

test('whole images are taken as they are stored, those with places upright', async () => {
  const path = fixture('exif-6.jpg');
  const plain = plainPreprocessing([8, 8, 3]);
  expect((await readSource(path, plain)).shape).toEqual([16, 24, 3]);
  expect((await readSource(path, cornerInput([8, 8, 3], plain))).shape).toEqual([24, 16, 3]);
});
