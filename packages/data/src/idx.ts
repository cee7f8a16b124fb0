import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { KcrError } from '@kcr/core';

/** An IDX file's unsigned bytes with their shape. */
export interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

/** Most bytes of a gzipped file's content for each of its own: deflate's 1,032 is met by files made to fill memory alone. */
const MOST_GROWTH = 200;

/**
 * Reads an IDX file of unsigned bytes (MNIST's format), gzipped or not.
 *
 * @throws KcrError `IDX_READ`, also for a gzipped file that grows to more than 200 times its size; `IDX_FORMAT`
 */
export async function readIdx(path: string): Promise<IdxArray> {
  let bytes: Buffer;
  try {
    const raw = await readFile(path);
    const maxOutputLength = MOST_GROWTH * raw.length;
    bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw, { maxOutputLength }) : raw;
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
