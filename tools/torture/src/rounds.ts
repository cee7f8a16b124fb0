import { tortureFiles } from './files.ts';
import { killed, tortureByKills } from './kills.ts';
import type { Row } from './rows.ts';
import { targets } from './targets/index.ts';

export interface RoundOptions {
  readonly seed: number;
  /** For all, a little more where loading takes longer. */
  readonly seconds: number;
  /** Names of {@link names}; default all. */
  readonly only?: readonly string[];
  /** Only this case of damaged files. */
  readonly case?: number;
  /** Folder of the failures' files. */
  readonly out: string;
  onCase?(row: Row, rows: readonly Row[]): void;
}

const stageOf = new Map(killed.map((stage) => [`kill-${stage}`, stage]));

/** What is tried: readers with damaged files, then runs that are killed. */
export const names: readonly string[] = [...targets.map(({ name }) => name), ...stageOf.keys()];

/** A kill costs seconds, a file milliseconds: each run that is killed has the time of so many readers. */
const WEIGHT = 6;

/** Tries each target in its part of the time. */
export async function torture(options: RoundOptions): Promise<Row[]> {
  const { seed, seconds, only = names, out, onCase = () => {} } = options;
  const weightOf = (name: string) => (stageOf.has(name) ? WEIGHT : 1);
  const rows: Row[] = [];
  let left = seconds;
  let weights = only.reduce((sum, name) => sum + weightOf(name), 0);
  for (const name of only) {
    const own = Math.max((left * weightOf(name)) / weights, 0);
    const start = performance.now();
    const given = { seed, seconds: own, out, onCase: (row: Row) => onCase(row, rows) };
    const stage = stageOf.get(name);
    rows.push(
      stage
        ? await tortureByKills(stage, given)
        : await tortureFiles(name, { ...given, only: options.case }),
    );
    left -= (performance.now() - start) / 1000;
    weights -= weightOf(name);
  }
  return rows;
}
