import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyRow, type Failure, kindOf, type Row, type TrialOptions } from './rows.ts';
import { scratchFolder } from './scratch.ts';
import type { CasesReply } from './worker.ts';
import { type Died, WorkerProcess } from './worker-process.ts';

/** Milliseconds without an answer after which a process is ended: of a case, of a run, and of making ready. */
const HANG = 10_000;
const HANG_OF_RUN = 120_000;
const START = 240_000;
/** Milliseconds for the cases, however long making ready takes. */
const LEAST = 500;
/** Milliseconds of the cases that are asked for at once. */
const BATCH = 500;

const isRun = (target: string): boolean => /^(crash|refuse|full)-/.test(target);

/** The cases of one target, in one process after another. */
class Cases {
  readonly row: Row;
  #end = Number.POSITIVE_INFINITY;

  constructor(
    private readonly target: string,
    private readonly options: TrialOptions,
    private readonly root: string,
  ) {
    this.row = emptyRow(target);
  }

  /** Tries cases until the time is over, or the one that is wanted. */
  async run(): Promise<Row> {
    const start = performance.now();
    let next = this.options.only ?? 0;
    for (let round = 0; performance.now() < this.#end; round++) {
      await using process = new WorkerProcess(this.options.worker);
      const folder = join(this.root, String(round));
      const order = { do: 'cases', target: this.target, seed: this.options.seed, folder } as const;
      const ready = await process.ask({ ...order, from: 0, most: 0, milliseconds: 0 }, START);
      if ('died' in ready) throw new Error(`${this.target}: ${ready.died}`);
      const begun = performance.now();
      if (round === 0) this.#end = Math.max(start + 1000 * this.options.seconds, begun + LEAST);
      next = await this.#from(next, process, order);
      this.row.seconds += (performance.now() - begun) / 1000;
      if (this.options.only !== undefined) break;
    }
    return this.row;
  }

  /** Tries cases in one process until the time is over or it is of no more use; the next case. */
  async #from(
    from: number,
    process: WorkerProcess,
    order: { do: 'cases'; target: string; seed: number; folder: string },
  ): Promise<number> {
    const { only, onCase } = this.options;
    const hang = isRun(this.target) ? HANG_OF_RUN : HANG;
    let single = only !== undefined;
    for (let i = from; performance.now() < this.#end; ) {
      const most = single ? 1 : Number.MAX_SAFE_INTEGER;
      const left = Math.min(BATCH, this.#end - performance.now());
      const batch = { ...order, from: i, most, milliseconds: left };
      const found = await process.ask(batch, left + hang);
      if ('died' in found && !single) {
        // Which of them it was shows in a new process, one by one.
        return this.#oneByOne(i, order.folder);
      }
      i += await this.#count(found, i, order.folder);
      onCase(this.row);
      if (only !== undefined) return i;
      // The memory's peak is the process's.
      if ('died' in found || found.failure?.outcome === 'memory') return i;
      single = false;
    }
    return from;
  }

  /** Tries the cases of a batch that ended its process, until one does so again; the case after it. */
  async #oneByOne(from: number, folder: string): Promise<number> {
    await using process = new WorkerProcess(this.options.worker);
    const { target } = this;
    const own = `${folder}-single`;
    const order = { do: 'cases', target, seed: this.options.seed, folder: own } as const;
    await process.ask({ ...order, from: 0, most: 0, milliseconds: 0 }, START);
    const hang = isRun(target) ? HANG_OF_RUN : HANG;
    for (let i = from; ; i++) {
      const found = await process.ask({ ...order, from: i, most: 1, milliseconds: 0 }, hang);
      await this.#count(found, i, own);
      if ('died' in found || performance.now() > this.#end) return i + 1;
    }
  }

  /** Counts an answer; how many cases it is of. */
  async #count(found: CasesReply | Died, from: number, folder: string): Promise<number> {
    const { row } = this;
    const tried = 'died' in found ? 1 : found.tried;
    row.tried += tried;
    if (!('died' in found)) row.refused += found.refused;
    const failure = 'died' in found ? { outcome: 'died', message: found.died } : found.failure;
    if (failure) await this.#add(failure, from + tried - 1, folder);
    return tried;
  }

  async #add(
    { outcome, message }: { outcome: string; message: string },
    i: number,
    folder: string,
  ): Promise<void> {
    const { row, options, target } = this;
    const again = `npm run torture -- --only ${target} --seed ${options.seed} --case ${i}`;
    const failure: Failure = { kind: outcome, message, again };
    row.failed++;
    if (row.failures.some((known) => kindOf(known) === kindOf(failure))) return;
    const files = join(options.out, `${target}-${row.failures.length}`);
    await mkdir(options.out, { recursive: true });
    await cp(folder, files, { recursive: true, force: true }).catch(() => {});
    row.failures.push({ ...failure, files });
  }
}

/** Tries a target's cases until the time is over. */
export async function tortureByCases(target: string, options: TrialOptions): Promise<Row> {
  const root = await scratchFolder();
  try {
    return await new Cases(target, options, root).run();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
