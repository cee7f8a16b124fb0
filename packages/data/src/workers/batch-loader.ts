import { type Generator, type NdArray, type Normalization, sizeOf } from '@kcr/core';
import type { Augment } from '../augment.ts';
import { augmented } from '../augmented.ts';
import type { PortablePart } from '../described.ts';
import type { Pixels } from '../image.ts';
import type { SourceFiles } from '../image-source.ts';
import { normalise, normalisingTables } from '../normalised.ts';
import type { Place } from '../read-framed.ts';
import type { ImageJob, MadeImage } from './image-jobs.ts';
import { poolOf, workerCount } from './pool.ts';

/** Most images that are given to a worker at once. */
const CHUNK = 8;

export interface BatchLoaderOptions {
  readonly source: SourceFiles;
  /** [height, width, channels] of the images. */
  readonly shape: readonly [number, number, number];
  readonly augment: readonly Augment[];
  readonly normalization: Normalization;
  readonly workers: number;
}

/** Batches of images that worker threads make, the same to the bit as the main thread would. */
export class BatchLoader {
  readonly #pool;
  /** The changes up to the first that cannot leave this thread, and those from it on. */
  readonly #portable: readonly PortablePart[];
  readonly #rest: readonly Augment[];
  /** Shared memory of images that were read before, to be used again. */
  readonly #free: SharedArrayBuffer[] = [];

  constructor(private readonly options: BatchLoaderOptions) {
    const { augment, workers } = options;
    const first = augment.findIndex(({ portable }) => !portable);
    const count = first < 0 ? augment.length : first;
    this.#portable = augment.slice(0, count).map(({ portable }) => portable!);
    this.#rest = augment.slice(count);
    this.#pool = poolOf(workers);
  }

  /**
   * Images of a batch, normalised: float32 [n, height, width, channels].
   *
   * @param random numbers of each image, in training batches
   * @param places how each lies on the input, where that was chosen
   * @throws KcrError as the source's `pixels` does, and what a change throws
   */
  async load(
    indices: Int32Array,
    random?: readonly Generator[],
    places?: readonly Place[],
  ): Promise<NdArray> {
    const { shape } = this.options;
    const size = sizeOf(shape);
    const values = new Float32Array(indices.length * size);
    const parts = chunks(indices.length, this.options.workers).map(async ([from, to]) => {
      const buffer = this.#memory(4 * (to - from) * size);
      const common = new Float32Array(buffer, 0, (to - from) * size);
      try {
        const made = await this.#make(
          indices.subarray(from, to),
          random?.slice(from, to),
          places?.slice(from, to),
          common,
        );
        made.forEach((image, n) =>
          this.#finish(image, random?.[from + n], common.subarray(n * size, (n + 1) * size)),
        );
        // What engines take may not be shared memory; a part that is just written is copied sooner than all of a batch.
        values.set(common, from * size);
      } finally {
        this.#free.push(buffer);
      }
    });
    const done = await Promise.allSettled(parts);
    for (const part of done) if (part.status === 'rejected') throw part.reason;
    return { dtype: 'float32', shape: [indices.length, ...shape], data: values };
  }

  #memory(bytes: number): SharedArrayBuffer {
    const found = this.#free.findIndex((buffer) => buffer.byteLength >= bytes);
    return found < 0 ? new SharedArrayBuffer(bytes) : this.#free.splice(found, 1)[0]!;
  }

  /** Gives images to a worker. */
  async #make(
    indices: Int32Array,
    random: readonly Generator[] | undefined,
    places: readonly Place[] | undefined,
    values: Float32Array,
  ): Promise<MadeImage[]> {
    const { source, normalization } = this.options;
    const jobs = await Promise.all(
      Array.from(indices, async (i, n): Promise<ImageJob> => {
        const known = source.known(i, random !== undefined);
        const keep = !known && source.keeps(random !== undefined);
        const generator = random?.[n];
        return {
          source: known ?? (await source.file(i)),
          place: places?.[n],
          random: generator && { seed: generator.seed, state: generator.state },
          keep,
        };
      }),
    );
    // With changes left for this thread, it normalises.
    const here = random !== undefined && this.#rest.length > 0;
    const out = here ? undefined : { normalization, values };
    const task = { jobs, reading: source.reading, changes: this.#portable, out };
    const made = await this.#pool.make(task);
    made.forEach(({ kept }, n) => kept && source.remember(indices[n]!, kept));
    return made;
  }

  /** Does what only this thread can. */
  #finish(
    { image, state }: MadeImage,
    generator: Generator | undefined,
    values: Float32Array,
  ): void {
    if (!image) return;
    if (generator && state) generator.state = state;
    const changed: Pixels = generator ? augmented(image, this.#rest, generator) : image;
    normalise(
      changed,
      normalisingTables(this.options.normalization, this.options.shape[2]),
      values,
    );
  }
}

/** Images below which no thread is started: the main thread has read them by then. */
const FEW = 256;

interface PossibleLoader extends Omit<BatchLoaderOptions, 'source' | 'workers'> {
  /** Absent where no thread can read the images. */
  readonly source?: SourceFiles;
  /** Images of the data set. */
  readonly length: number;
  readonly workers?: number;
}

/** What makes batches of images in worker threads, where there is enough to do for them. @throws KcrError `OPTION` */
export function batchLoader({
  source,
  length,
  workers: given,
  ...options
}: PossibleLoader): BatchLoader | undefined {
  const workers = workerCount(given);
  if (workers === 0 || !source || (given === undefined && length < FEW)) return undefined;
  return new BatchLoader({ ...options, source, workers });
}

/** Parts of a batch, from and to: some for each worker, none of more than a few images. */
function chunks(length: number, workers: number): [from: number, to: number][] {
  const size = Math.min(Math.max(Math.ceil(length / (4 * workers)), 1), CHUNK);
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => [
    i * size,
    Math.min((i + 1) * size, length),
  ]);
}
