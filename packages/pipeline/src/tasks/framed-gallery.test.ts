import { Generator, type LoadedModel, plainPreprocessing } from '@kcr/core';
import type { Pixels } from '@kcr/data';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { eagerEngine, tinyImages, tinyModel } from '../testing/tiny.ts';
import { type FramedSet, framedGallery, GALLERY_TILE } from './framed-gallery.ts';

/** Images of 4 px, as grey as their number. */
const setOf = (length: number, classes = ['a', 'b']): FramedSet => ({
  ...tinyImages(length),
  classes,
  source: {
    pixels: async (i) => ({ data: new Uint8Array(48).fill(i), shape: [4, 4, 3] }),
  },
});

/** What was drawn, as grey squares: the truth is 100, a prediction 200, each and the image's number. */
const gallery = framedGallery<FramedSet, number>({
  nameOf: (_, i) => `image ${i}`,
  truth: () => 100,
  predict: async (_inference, _loaded, _data, pixels) => 200 + pixels.data[0]!,
  draw: (image: Pixels, value) => {
    const grey = value >= 200 ? value : value + image.data[0]!;
    const background = { r: grey, g: grey, b: grey };
    return sharp({
      create: { width: GALLERY_TILE, height: GALLERY_TILE, channels: 3, background },
    })
      .png()
      .toBuffer();
  },
});

/** The grey of the middle of each tile of a row. */
async function greys(png: Buffer, count: number): Promise<number[]> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([count * GALLERY_TILE, GALLERY_TILE]);
  const middle = (GALLERY_TILE >> 1) * info.width + (GALLERY_TILE >> 1);
  return Array.from(
    { length: count },
    (_, i) => data[(middle + i * GALLERY_TILE) * info.channels]!,
  );
}

test('four images from all over a set are shown, or all of a smaller one', () => {
  expect(gallery.captions(setOf(40))).toEqual(['image 5', 'image 15', 'image 25', 'image 35']);
  expect(gallery.captions(setOf(2))).toEqual(['image 0', 'image 1']);
});

test('a legend is for several classes', () => {
  expect(gallery.legend(setOf(2))).toEqual(['a', 'b']);
  expect(gallery.legend(setOf(2, ['nucleus']))).toEqual([]);
});

test('the images come first, then what is in them', async () => {
  const rows = await gallery.rows(setOf(2));
  expect(rows.map(({ title, name }) => [title, name])).toEqual([
    ['image', 'images'],
    ['truth', 'truth'],
  ]);
  expect(await greys(rows[0]!.png, 2)).toEqual([0, 1]);
  expect(await greys(rows[1]!.png, 2)).toEqual([100, 101]);
});

test('a model is looked at by its predictions, on an engine that is given', async () => {
  const model = await tinyModel();
  const loaded: LoadedModel = {
    model,
    weights: model.initialize(new Generator(0)),
    info: { classes: ['a', 'b'], input: plainPreprocessing([8, 8, 3]) },
  };
  await using engine = await eagerEngine();
  const { rows, charts } = await gallery.look(loaded, setOf(2), engine, 'compact');
  expect(rows.map(({ title, name }) => [title, name])).toEqual([['found: compact', 'predictions']]);
  expect(await greys(rows[0]!.png, 2)).toEqual([200, 201]);
  expect(charts).toEqual([]);
});
