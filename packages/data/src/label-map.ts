import { readFile } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { type DecodedPng, decode } from 'fast-png';
import { labelPng } from './label-png.ts';
import type { Size } from './view.ts';

/** A whole number for each pixel, row-major. */
export interface LabelMap extends Size {
  readonly data: Uint8Array | Uint16Array;
}

/** One number a pixel, of rows that have several in a byte, the first in its highest bits. */
function unpacked({ data, height, width, depth }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const [inByte, mask] = [8 / depth, 2 ** depth - 1];
  const numbers = new Uint8Array(height * width);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) {
      const byte = data[y * rowBytes + Math.floor(x / inByte)]!;
      numbers[at] = (byte >> (8 - depth * ((x % inByte) + 1))) & mask;
    }
  return numbers;
}

/**
 * Reads a PNG whose pixels are numbers: grey of 1, 2, 4, 8 or 16 bits, as they are stored, or the indices of a palette.
 *
 * @throws KcrError `LABEL_MAP_READ`, also for more than 268,402,689 pixels
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  try {
    const png = decode(labelPng(await readFile(path)));
    const { height, width, depth } = png;
    const data = depth < 8 ? unpacked(png) : (png.data as Uint8Array | Uint16Array);
    return { data, height, width };
  } catch (cause) {
    throw new KcrError('LABEL_MAP_READ', {
      where: path,
      found: (cause as Error).message,
      fix: 'Give a PNG with one channel, grey or of a palette, whose values are labels',
      cause,
    });
  }
}
