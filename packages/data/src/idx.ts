import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { KcrError } from '@kcr/core';
import type { ImageSource } from './dataset.ts';

/** An IDX file's unsigned bytes with their shape. */
export interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes (MNIST's format), gzipped or not.
 *
 * @throws KcrError `IDX_READ`, `IDX_FORMAT`
 */
export async function readIdx(path: string): Promise<IdxArray> {
  let bytes: Buffer;
  try {
    const raw = await readFile(path);
    bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  } catch (cause) {
    const found = (cause as Error).message;
    throw new KcrError('IDX_READ', { where: path, found, fix: 'Check the file', cause });
  }
  const wrong = (found: string) =>
    new KcrError('IDX_FORMAT', { where: path, found, fix: 'Use an IDX file of unsigned bytes' });
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0) throw wrong('no IDX magic number');
  if (bytes[2] !== 8) throw wrong(`element type 0x${bytes[2]!.toString(16)}`);
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw wrong(`${bytes.length} bytes, too few for the header`);
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  if (bytes.length - start !== size)
    throw wrong(`${bytes.length - start} values for shape [${shape}]`);
  return { shape, data: new Uint8Array(bytes.subarray(start)) };
}

/**
 * Grey images and labels from a pair of IDX files.
 *
 * @throws KcrError `IDX_READ`, `IDX_FORMAT`
 */
export async function idxImages(imagesPath: string, labelsPath: string): Promise<ImageSource> {
  const [images, labels] = [await readIdx(imagesPath), await readIdx(labelsPath)];
  const [n, height, width] = images.shape as [number, number, number];
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== n)
    throw new KcrError('IDX_FORMAT', {
      where: `${imagesPath}, ${labelsPath}`,
      found: `images [${images.shape}] and labels [${labels.shape}]`,
      fix: 'Pass [n, height, width] images and [n] labels of the same set',
    });
  return pixelSource(images.data, [height, width, 1], Int32Array.from(labels.data));
}

/** A source over pixels in memory; classes are named by their numbers. */
export function pixelSource(
  data: Uint8Array,
  shape: readonly [number, number, number],
  labels: Int32Array,
): ImageSource {
  const size = shape[0] * shape[1] * shape[2];
  const count = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  return {
    labels,
    classes: Array.from({ length: count }, (_, i) => String(i)),
    shape,
    pixels: (i) => ({ data: data.subarray(i * size, (i + 1) * size), shape }),
  };
}
