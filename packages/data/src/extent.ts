import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import { KcrError } from '@kcr/core/ground';
import { SKIP } from './invalid.ts';

/** Where an image file lies: a file of its own, or some bytes of another one. */
export interface Extent {
  readonly path: string;
  /** Where in the file it begins, and how long it is, in bytes. Default: it is the whole file. */
  readonly part?: { readonly offset: number; readonly length: number };
  /** Its name within the file. */
  readonly name?: string;
}

/** What errors call an image. */
export const whereOf = ({ path, name }: Extent): string =>
  name === undefined ? path : `${path}, ${name}`;

/** The error for an image that cannot be read or decoded. @param cause what was thrown */
export const imageError = (where: string, cause: unknown): KcrError =>
  new KcrError('IMAGE_READ', {
    where,
    found: (cause as Error).message,
    fix: `Replace the file (JPEG, PNG, WebP, TIFF or GIF of 8 bits a channel), take it out, or ${SKIP}`,
    cause,
  });

/** Some bytes of a file; no file stays open. @throws Error of the system, and where the file ends before them */
async function readPart(path: string, { offset, length }: { offset: number; length: number }) {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw new Error(`the file ends before its byte ${offset + length}`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** The bytes of an image file. @throws KcrError `IMAGE_READ` where they cannot be read */
export async function readExtent(extent: Extent): Promise<Uint8Array> {
  try {
    const { path, part } = extent;
    if (part) return await readPart(path, part);
    // A worker thread has nothing else to do, and is back sooner than four answers of the system come one after another.
    return isMainThread ? await readFile(path) : readFileSync(path);
  } catch (cause) {
    throw imageError(whereOf(extent), cause);
  }
}
