import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Generator } from '@kcr/core';
import sharp from 'sharp';
import { smallModels } from '../../integration/src/helpers.ts';
import { writeCheckpoint } from './targets/checkpoints.ts';

const CLASSES = ['class 0', 'class 1', 'class 2', 'class 3'];
const SIDE = 8;

/** Writes images of 8 x 8 pixels in folders of their classes, whose brightness rises. */
async function writeImages(folder: string, ofEach: number): Promise<void> {
  for (const [k, name] of CLASSES.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < ofEach; i++) {
      const generator = new Generator(1).fork(`${name} ${i}`);
      const length = SIDE * SIDE * 3;
      const pixels = Uint8Array.from({ length }, () => 50 * k + generator.integer(60));
      const raw = { width: SIDE, height: SIDE, channels: 3 as const };
      await sharp(pixels, { raw }).toFile(join(folder, name, `${i}.png`));
    }
  }
}

const WIDE = 16;
/** Objects of a dark image: left, top, side. */
const SQUARES = [
  [2, 2, 5],
  [8, 7, 6],
] as const;

/** The number of the object at a pixel, from 1 on; 0 for none. */
const objectAt = (i: number, shift: number): number =>
  1 +
  SQUARES.findIndex(([left, top, side]) => {
    const [x, y] = [(i % WIDE) - left - shift, Math.floor(i / WIDE) - top];
    return x >= 0 && x < side && y >= 0 && y < side;
  });

/** Writes images of 16 x 16 pixels with two light squares, and PNGs that number these. */
async function writeObjects(folder: string, length: number): Promise<void> {
  const raw = { width: WIDE, height: WIDE, channels: 1 as const };
  const size = WIDE * WIDE;
  for (const name of ['images', 'labels']) await mkdir(join(folder, name), { recursive: true });
  for (let n = 0; n < length; n++) {
    const generator = new Generator(2).fork(String(n));
    const labels = Uint8Array.from({ length: size }, (_, i) => objectAt(i, n % 3));
    const pixels = labels.map((label) => (label ? 180 : 40) + generator.integer(40));
    const write = (values: Uint8Array, part: string) =>
      sharp(values, { raw })
        .toColourspace('b-w')
        .png()
        .toFile(join(folder, part, `${n}.png`));
    await write(pixels, 'images');
    await write(labels, 'labels');
  }
}

/** Images of four classes, images of objects, and checkpoints of the smallest ViT and LV-ViT, in a folder. */
export async function writeInputs(folder: string): Promise<void> {
  await writeImages(join(folder, 'train'), 4);
  await writeImages(join(folder, 'test'), 2);
  await writeObjects(join(folder, 'objects', 'train'), 6);
  await writeObjects(join(folder, 'objects', 'test'), 2);
  for (const name of ['vit', 'lvvit'])
    await writeCheckpoint(join(folder, name), smallModels[name]!());
}
