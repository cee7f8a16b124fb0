import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { KcrError } from '@kcr/core';
import { Tinypool } from 'tinypool';
import type { ImageJobs, MadeImage } from './image-jobs.ts';
import { madeImages } from './worker-result.ts';

/** Most threads that are used where nobody says how many. */
const MOST = 8;

/**
 * Checks a number of worker threads.
 *
 * @param where what says it
 * @throws KcrError `OPTION`
 */
function checked(workers: number, where: string): number {
  if (Number.isInteger(workers) && workers >= 0 && workers <= 256) return workers;
  throw new KcrError('OPTION', {
    where,
    found: String(workers),
    fix: 'Give a number of threads from 0 to 256',
  });
}

/** The file that workers run: one that reads the sources, or `worker.js` beside the built package; none where neither is there. */
function workerFile(): string | undefined {
  const files = ['./worker-from-sources.mjs', './worker.js'];
  return files.map((file) => new URL(file, import.meta.url)).find((url) => existsSync(url))?.href;
}

/**
 * How many threads read images: `given`, or the environment's `KCR_WORKERS`, or one less than there are cores, at most 8. With
 * 0 the main thread reads them. The images are the same with any number. Where the package is bundled without the file of the workers there are none.
 *
 * @throws KcrError `OPTION`
 */
export function workerCount(given?: number): number {
  const wanted = wantedWorkers(given);
  return workerFile() ? wanted : 0;
}

function wantedWorkers(given?: number): number {
  if (given !== undefined) return checked(given, 'workers');
  const { KCR_WORKERS } = process.env;
  if (KCR_WORKERS) return checked(Number(KCR_WORKERS), 'KCR_WORKERS');
  return Math.min(availableParallelism() - 1, MOST);
}

/** Threads that make images. */
export class ImagePool {
  readonly #threads: Tinypool;
  /** How the tasks that are waited for fail. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(workers: number) {
    this.#threads = new Tinypool({
      filename: workerFile() ?? '',
      execArgv: [],
      runtime: 'worker_threads',
      minThreads: 0,
      maxThreads: workers,
      // While the last images of one task are decoded the next one begins.
      concurrentTasksPerWorker: 2,
      isolateWorkers: false,
      idleTimeout: 2 ** 31 - 1,
    });
    // A thread that does not start says so to nobody else, and no task would ever end.
    this.#threads.on('error', (error: Error) => {
      for (const fail of this.#waiting) fail(error);
    });
  }

  /**
   * Makes images in the next thread that is free.
   *
   * @throws KcrError of the first image that cannot be made; what a change throws; Error where a thread ends
   */
  async make(jobs: ImageJobs): Promise<MadeImage[]> {
    let fail: (error: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    this.#waiting.add(fail);
    try {
      return madeImages(await Promise.race([this.#threads.run(jobs), failed]));
    } finally {
      this.#waiting.delete(fail);
    }
  }
}

const pools = new Map<number, ImagePool>();

/**
 * The process's threads for reading images, which all data sets with as many workers share. They start when they are first needed
 * and do not keep the process.
 */
export function poolOf(workers: number): ImagePool {
  const pool = pools.get(workers) ?? new ImagePool(workers);
  pools.set(workers, pool);
  return pool;
}
