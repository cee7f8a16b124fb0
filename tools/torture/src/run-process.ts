import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Generator } from '@kcr/core';
import { emptyRow, type Row, type TrialOptions } from './rows.ts';
import { difference, runDigests } from './run-digests.ts';
import { scratchFolder } from './scratch.ts';
import type { RunReply } from './worker.ts';
import { type Died, WorkerPool, type WorkerProcess } from './worker-process.ts';

/** Milliseconds after which a run hangs. */
const HANG = 300_000;

/** Why a run did not come to its end, as a line; nothing where it did. */
export const whyOf = (ended: RunReply | Died): string | undefined =>
  'died' in ended ? ended.died : ended.message;

/** What a disturbed run is compared with, and the processes for it. */
export interface Trial {
  readonly generator: Generator;
  /** Its output folder. */
  readonly out: string;
  /** Milliseconds of a whole run in a new process. */
  readonly length: number;
  readonly pool: WorkerPool;
  run(process: WorkerProcess): Promise<RunReply | Died>;
  /** To be called for each time that something is tried. */
  count(): void;
}

/** Disturbs runs of one stage, in processes. */
class Trials {
  readonly row: Row;
  /** Lets runs come to their end: it is not killed, so that it need not be loaded again. */
  #finisher: WorkerProcess | undefined;

  constructor(
    private readonly stage: string,
    private readonly options: TrialOptions,
    private readonly root: string,
    private readonly pool: WorkerPool,
    name: string,
  ) {
    this.row = emptyRow(name);
  }

  #run(process: WorkerProcess, out: string): Promise<RunReply | Died> {
    const inputs = join(this.root, 'inputs');
    return process.ask({ do: 'run', stage: this.stage, inputs, out }, HANG);
  }

  async run(disturb: (trial: Trial) => Promise<string | undefined>): Promise<Row> {
    const { seconds, seed, only } = this.options;
    const end = performance.now() + 1000 * seconds;
    await using finisher = await this.pool.take();
    this.#finisher = finisher;
    await finisher.ask({ do: 'run', inputs: join(this.root, 'inputs'), out: '' }, HANG);
    const whole = join(this.root, 'whole');
    const start = performance.now();
    const why = whyOf(await this.#run(finisher, whole));
    if (why) throw new Error(`${this.stage}: an undisturbed run ends by ${why}`);
    const length = performance.now() - start;
    const want = await runDigests(whole);
    const begun = performance.now();
    const first = only ?? 0;
    for (let i = first; i === first || (only === undefined && performance.now() < end); i++) {
      const out = join(this.root, String(i));
      const generator = new Generator(seed).fork(this.row.name).fork(String(i));
      const wrong =
        (await disturb({
          generator,
          out,
          length,
          pool: this.pool,
          run: (process) => this.#run(process, out),
          count: () => {
            this.row.tried++;
            this.options.onCase(this.row);
          },
        })) ?? (await this.#wrongEnd(out, want));
      if (wrong) await this.#add(wrong, i, out);
      await rm(out, { recursive: true, force: true });
    }
    this.row.seconds = (performance.now() - begun) / 1000;
    return this.row;
  }

  async #wrongEnd(out: string, want: ReadonlyMap<string, string>): Promise<string | undefined> {
    const why = whyOf(await this.#run(this.#finisher!, out));
    return why ? `the next run ends by ${why}` : difference(want, await runDigests(out));
  }

  async #add(message: string, i: number, folder: string): Promise<void> {
    const { row, options } = this;
    row.failed++;
    const files = join(options.out, `${row.name}-${i}`);
    await mkdir(options.out, { recursive: true });
    await cp(folder, files, { recursive: true }).catch(() => {});
    const again = `npm run torture -- --only ${row.name} --seed ${options.seed} --case ${i}`;
    row.failures.push({ kind: 'run', message, again, files });
  }
}

/**
 * Disturbs a stage's runs until the time is over, one at least; each is then let come to its end, and all that it made is
 * compared with what a run made that nobody disturbed.
 *
 * @param disturb gives what is wrong already, if anything
 */
export async function tortureRuns(
  name: string,
  stage: string,
  options: TrialOptions,
  disturb: (trial: Trial) => Promise<string | undefined>,
): Promise<Row> {
  const root = await scratchFolder();
  try {
    await using pool = new WorkerPool(options.worker);
    return await new Trials(stage, options, root, pool, name).run(disturb);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
