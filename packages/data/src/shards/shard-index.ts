import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { int32, type NdArray, readSafetensors, writeSafetensors } from '@kcr/core';
import { isRecord, seal, unseal } from '@kcr/core/internal';
import { type RawLabels, textLabels } from '../class-labels.ts';
import { type InvalidPolicy, Refusals } from '../invalid.ts';
import { samples } from './samples.ts';
import { TarFile, tarError } from './tar-file.ts';

/** A tar file as it was when its entries were listed. */
interface Stamp {
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Where the images of some tar files lie: typed arrays alone, so that millions are a few dozen megabytes. */
export interface ShardIndex extends RawLabels {
  /** Of each image: its tar file, the block of 512 bytes that it begins at, its bytes. */
  readonly shard: Int32Array;
  readonly block: Int32Array;
  readonly size: Int32Array;
  /** Names of all images one after another, and where each ends. */
  readonly text: Buffer;
  readonly ends: Int32Array;
  /** Images left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Samples between which other work gets a turn. */
const TURN = 2 ** 14;

/** Name of image i. */
export const nameOf = ({ text, ends }: ShardIndex, i: number): string =>
  text.toString('utf8', i === 0 ? 0 : ends[i - 1], ends[i]);

/** Bytes that grow. */
class Bytes {
  #all = Buffer.alloc(2 ** 16);
  length = 0;

  add(text: string): void {
    const needed = this.length + 3 * text.length;
    if (needed > this.#all.length)
      this.#all = Buffer.concat([this.#all], Math.max(2 * this.#all.length, needed));
    this.length += this.#all.write(text, this.length);
  }

  get all(): Buffer {
    return this.#all.subarray(0, this.length);
  }
}

/** Lists the images of tar files. @throws KcrError as `samples` */
async function listed(paths: readonly string[], policy: InvalidPolicy): Promise<ShardIndex> {
  const refusals = new Refusals(policy);
  const [shard, block, size, ends]: number[][] = [[], [], [], []];
  const labels: string[] = [];
  const known = new Map<string, string>();
  const text = new Bytes();
  for (const [at, path] of paths.entries()) {
    using tar = new TarFile(path);
    for (const { image, label } of samples(tar, refusals)) {
      shard!.push(at);
      block!.push(image.block);
      size!.push(image.size);
      // One copy of each text: there are few classes.
      if (!known.has(label)) known.set(label, label);
      labels.push(known.get(label)!);
      text.add(image.name);
      ends!.push(text.length);
      if (labels.length % TURN === 0) await setImmediate();
    }
  }
  const [where, { skipped }] = [dirname(paths[0] ?? ''), refusals];
  const arrays = { shard, block, size, ends } as Record<
    'shard' | 'block' | 'size' | 'ends',
    number[]
  >;
  return {
    ...textLabels(labels, where),
    shard: Int32Array.from(arrays.shard),
    block: Int32Array.from(arrays.block),
    size: Int32Array.from(arrays.size),
    ends: Int32Array.from(arrays.ends),
    text: text.all,
    skipped,
  };
}

const stampOf = (path: string): Stamp => {
  try {
    const { size, mtimeMs } = statSync(path);
    return { name: basename(path), size, mtimeMs };
  } catch (cause) {
    throw tarError(path, (cause as Error).message);
  }
};

/** Where an index is kept: beside the tar files, or in the user's cache where nothing can be written there. */
function placesOf(root: string): string[] {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const digest = createHash('sha256').update(resolve(root)).digest('hex').slice(0, 32);
  const beside = root.endsWith('.tar') ? `${root}.index` : join(root, 'shards.index');
  return [beside, join(cache, 'kcr', 'shards', digest)];
}

/** Arrays of an index, as a file of tensors has them. */
function tensorsOf({
  labels,
  shard,
  block,
  size,
  ends,
  text,
}: ShardIndex): Record<string, NdArray> {
  const array = (data: Int32Array): NdArray => int32([data.length], data);
  const words = new Int32Array(Math.ceil(text.length / 4));
  new Uint8Array(words.buffer).set(text);
  return {
    labels: array(labels),
    shard: array(shard),
    block: array(block),
    size: array(size),
    ends: array(ends),
    text: array(words),
  };
}

/** Keeps an index in the first place that can be written to; where none can, tar files are listed again the next time. */
async function saveIndex(
  places: readonly string[],
  index: ShardIndex,
  stamps: readonly Stamp[],
): Promise<void> {
  const tensors = tensorsOf(index);
  const { names, skipped } = index;
  const metadata = { index: JSON.stringify(seal({ stamps, names, skipped }, tensors)) };
  for (const place of places) {
    const saved = await writeSafetensors(place, { tensors, metadata }).then(
      () => true,
      () => false,
    );
    if (saved) return;
  }
}

/** An index whose places lie in the tar files that it is of, or none. */
function checkedIndex(
  { stamps, names, skipped }: Record<string, unknown>,
  tensors: Readonly<Record<string, NdArray>>,
  expected: readonly Stamp[],
): ShardIndex | undefined {
  if (JSON.stringify(stamps) !== JSON.stringify(expected) || !isRecord(skipped)) return undefined;
  if (names !== undefined && !(Array.isArray(names) && names.every((x) => typeof x === 'string')))
    return undefined;
  const data = (name: string) => {
    const array = tensors[name]?.data;
    return array instanceof Int32Array ? array : new Int32Array(0);
  };
  const [labels, shard, block] = [data('labels'), data('shard'), data('block')];
  const [size, ends, words] = [data('size'), data('ends'), data('text')];
  const text = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  const fits = labels.every((_, i) => {
    const [from, length] = [512 * (block[i] ?? -1), size[i] ?? -1];
    const inside = from >= 0 && length >= 0 && from + length <= (expected[shard[i]!]?.size ?? -1);
    return inside && ends[i]! >= (i === 0 ? 0 : ends[i - 1]!) && ends[i]! <= text.length;
  });
  if (!fits) return undefined;
  return {
    labels,
    ...(names !== undefined && { names: names as string[] }),
    shard,
    block,
    size,
    ends,
    text,
    skipped: skipped as Record<string, number>,
  };
}

/** An index that was kept, unless the tar files are others by now or it is not as it was written. */
async function readIndex(place: string, stamps: readonly Stamp[]): Promise<ShardIndex | undefined> {
  try {
    const { tensors, metadata } = await readSafetensors(place);
    const rest = unseal(place, JSON.parse(metadata.index ?? 'null'), tensors);
    return checkedIndex(rest as Record<string, unknown>, tensors, stamps);
  } catch {
    return undefined;
  }
}

/**
 * Where the images of tar files lie. That is found once and kept beside them, or in the user's cache; it is found again
 * when a tar file's size or time is another.
 *
 * @param root folder of the tar files, or the only one
 * @throws KcrError `TAR_FORMAT`; `TAR_LABEL`, `IMAGE_READ` unless such images are skipped
 */
export async function shardIndex(
  root: string,
  paths: readonly string[],
  policy: InvalidPolicy,
): Promise<ShardIndex> {
  const stamps = paths.map(stampOf);
  const places = placesOf(root);
  for (const place of places) {
    const known = await readIndex(place, stamps);
    if (known && (policy === 'skip' || Object.keys(known.skipped).length === 0)) return known;
  }
  const index = await listed(paths, policy);
  await saveIndex(places, index, stamps);
  return index;
}
