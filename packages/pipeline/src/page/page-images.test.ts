import { mkdir } from 'node:fs/promises';
import { type Preprocessing, plainPreprocessing } from '@kcr/core';
import { decodeImage, modelInput, readSource } from '@kcr/data';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { temporaryFolder, writeClassFolders, writeGrey } from '../testing/tiny.ts';
import { pageImages } from './page-images.ts';

const input = plainPreprocessing([8, 8, 3]);
const classes = ['dark', 'light'];

describe('images for a page', () => {
  test('some of each class, labelled', async () => {
    await using folder = await temporaryFolder();
    await writeClassFolders(folder.root);
    const found = await pageImages(folder.root, input, classes);
    expect(found.map(({ image }) => [image.label, image.name])).toEqual([
      ['dark', '0.png'],
      ['dark', '1.png'],
      ['light', '0.png'],
      ['light', '1.png'],
    ]);
  });

  test('no more than twelve, in turn; folders of other names give no label', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.at('few'));
    await mkdir(folder.at('many'));
    await writeGrey(folder.at('few', 'a.png'), 1);
    for (let i = 10; i < 30; i++) await writeGrey(folder.at('many', `${i}.png`), 5);
    const found = await pageImages(folder.root, input, classes);
    expect(found.map(({ image: { name } }) => name)).toEqual([
      'a.png',
      ...Array.from({ length: 11 }, (_, i) => `${i + 10}.png`),
    ]);
    expect(found.every(({ image: { label } }) => label === undefined)).toBe(true);
  });

  test('of parts the one that was not trained on', async () => {
    await using folder = await temporaryFolder();
    for (const part of ['train', 'val']) await writeClassFolders(folder.at(part));
    await writeGrey(folder.at('val', 'dark', 'only.png'), 3);
    const found = await pageImages(folder.root, input, classes);
    expect(found.map(({ image: { name, label } }) => `${label} ${name}`)).toContain(
      'dark only.png',
    );
    expect(found).toHaveLength(5);
  });

  test.each<[string, Partial<Preprocessing>]>([
    ['the centre', { crop_pct: 0.8 }],
    ['squashed', { crop_mode: 'squash', crop_pct: 0.5 }],
    ['with a border', { crop_mode: 'border' }],
    ['in the corner', { crop_mode: 'corner', interpolation: 'bilinear' }],
    ['a short side', { crop_mode: 'corner', resize: { shortest_edge: 6, longest_edge: 7 } }],
  ])('become the same input as the image itself: %s', async (_, change) => {
    await using folder = await temporaryFolder();
    const pixels = Uint8Array.from({ length: 30 * 23 * 3 }, (_, i) => (i * 37) % 256);
    const path = folder.at('a.png');
    await sharp(pixels, { raw: { height: 30, width: 23, channels: 3 } }).toFile(path);
    const own = { ...input, ...change };
    const [first] = await pageImages(folder.root, own, classes);
    const small = await decodeImage({ where: 'a', bytes: first!.bytes }, 3, 'stored');
    expect(Math.max(...small.shape)).toBeLessThan(23);
    expect(modelInput(small, own)).toEqual(modelInput(await readSource(path, own), own));
  });

  test.each(['', 'nowhere'])('PREDICT_INPUT where there are none: "%s"', async (name) => {
    await using folder = await temporaryFolder();
    await expect(pageImages(folder.at(name), input, classes)).rejects.toThrow(
      expect.objectContaining({ code: 'PREDICT_INPUT' }),
    );
  });
});
