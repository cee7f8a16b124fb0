import { hostname } from 'node:os';
import { alone, type Communicator } from '../engine/communicator.ts';
import { gatherArrays } from '../engine/gather-arrays.ts';
import { int32, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Batch } from '../model/batch.ts';

/** What a training takes of the machine's memory, by what is known before its first step. */
export interface MemoryReport {
  /** Images of an update in this process, and the equal pieces that they are trained in, one after another. */
  readonly images: number;
  readonly pieces: number;
  /** Bytes of the whole process at its peak. */
  readonly bytes: number;
  /** Bytes that this process can have, with those that it has. */
  readonly available: number;
}

/** Images of a piece at most, or `auto`: as many as there is memory for. */
export type MicroBatch = number | 'auto';

/** Images that are evaluated at once where memory may be short: their values are not kept for gradients. */
const FEW = 64;

/** Images that are evaluated, or whose features are read, at once. Training cuts a batch further where it needs more. */
export const imagesAtOnce = (batchSize: number, microBatch: MicroBatch = batchSize): number =>
  Math.min(batchSize, microBatch === 'auto' ? FEW : microBatch);

export interface PiecesOptions {
  /** Images of an update in this process. */
  readonly images: number;
  readonly microBatch: MicroBatch;
  readonly communicator?: Communicator;
  /** Bytes that training in so many pieces takes besides what the process has now; undefined where nothing says. */
  needed(pieces: number): Promise<number | undefined>;
  /** Bytes that there are for it. */
  readonly room: number;
}

/**
 * The fewest equal pieces of an update that are no larger than is said, or that there is memory for: the same in all processes.
 *
 * @throws KcrError `OPTION` for `auto` where the engine does not say what it needs, `MEMORY` where not even one image fits
 */
export async function chosenPieces({
  images,
  microBatch,
  communicator = alone,
  needed,
  room,
}: PiecesOptions): Promise<number> {
  const counts = divisors(images);
  const own =
    microBatch === 'auto'
      ? await fewestThatFit(counts, room, needed)
      : counts.find((pieces) => images / pieces <= microBatch)!;
  const all = await gatherArrays(communicator, { pieces: int32([1], [own]) });
  return Math.max(...all.map(({ pieces }) => Number(pieces!.data[0])));
}

/** The first of rising counts that fits; those before it do not. */
async function fewestThatFit(
  counts: readonly number[],
  room: number,
  needed: PiecesOptions['needed'],
): Promise<number> {
  let [low, high] = [0, counts.length - 1];
  let least = 0;
  while (low <= high) {
    // Most often all fits.
    const at = low === 0 && high === counts.length - 1 ? 0 : Math.floor((low + high) / 2);
    const bytes = await needed(counts[at]!);
    if (bytes === undefined)
      throw new KcrError('OPTION', {
        where: 'microBatch',
        found: 'auto, on an engine that does not say what a step needs before it runs',
        fix: 'Give a number of images, or train on ONNX Runtime on the processor',
      });
    least = bytes;
    if (bytes <= room) high = at - 1;
    else low = at + 1;
  }
  const found = counts[low];
  if (found !== undefined) return found;
  throw notEnough({
    images: 1,
    bytes: least,
    available: room,
    fix: 'Choose a smaller model or smaller images',
  });
}

/** @param images of a piece */
export const notEnough = ({
  images,
  bytes,
  available,
  fix,
}: Pick<MemoryReport, 'images' | 'bytes' | 'available'> & { readonly fix: string }) =>
  new KcrError('MEMORY', {
    where: `training ${images} images at once`,
    found: `${gigabytes(bytes)} GB are needed, and ${gigabytes(available)} GB are free`,
    fix,
  });

/** In 10^9 bytes. */
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);

/** From 1 up. */
export const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => i + 1).filter((i) => n % i === 0);

/** The part of what is free on the machine that is this process's: others that train with it may be there too. */
export async function freeMemory(communicator: Communicator = alone): Promise<number> {
  const hosts = await communicator.allGather(new TextEncoder().encode(hostname()));
  const names = hosts.map((bytes) => new TextDecoder().decode(bytes));
  const besides = names.filter((name) => name === names[communicator.rank]).length;
  return process.availableMemory() / besides;
}

/** Types and shapes of the arrays of a batch of other images than one has, with an entry for each on the first axis. */
export function shapesLike(batch: Batch): (images: number) => BatchShapes {
  const kinds = Object.entries(batch).map(
    ([name, { dtype, shape }]) => [name, { dtype, rest: shape.slice(1) }] as const,
  );
  return (images) =>
    Object.fromEntries(
      kinds.map(([name, { dtype, rest }]) => [name, { dtype, shape: [images, ...rest] }]),
    );
}

/** Types and shapes of a batch's arrays. */
export type BatchShapes = Readonly<Record<string, Omit<NdArray, 'data'>>>;
