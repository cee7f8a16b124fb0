import { readFile } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { decode } from 'fast-png';
import type { Size } from './view.ts';

/** A whole number for each pixel, row-major. */
export interface LabelMap extends Size {
  readonly data: Uint8Array | Uint16Array;
}

/**
 * Reads a PNG whose pixels are numbers: grey of 8 or 16 bits, or the indices of a palette.
 *
 * @throws KcrError `LABEL_MAP_READ`
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  try {
    const { data, height, width, channels, depth } = decode(await readFile(path));
    if (channels !== 1 || depth < 8)
      throw new Error(`a PNG of ${channels} channels of ${depth} bits`);
    return { data: data as Uint8Array | Uint16Array, height, width };
  } catch (cause) {
    throw new KcrError('LABEL_MAP_READ', {
      where: path,
      found: (cause as Error).message,
      fix: 'Give a PNG with one channel of 8 or 16 bits, whose values are labels',
      cause,
    });
  }
}
