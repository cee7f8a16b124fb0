import { tortureByCases } from './cases.ts';
import { tortureByKills } from './kills.ts';
import { tortureByPairs } from './pairs.ts';
import { emptyRow, type Row, type TrialOptions } from './rows.ts';
import { WorkerProcess } from './worker-process.ts';

/** Kinds of what is tried, with their shares of the time. */
const SHARES = { readers: 0.25, kills: 0.4, crashes: 0.17, refusals: 0.12, processes: 0.06 };
type Kind = keyof typeof SHARES;

/** What is tried, by name. */
export interface Item {
  readonly name: string;
  readonly kind: Kind;
  try(options: TrialOptions): Promise<Row>;
}

const PREFIXES = { kills: 'kill', crashes: 'crash', refusals: 'refuse', processes: 'two' } as const;

/** All that can be tried: readers with damaged files, then runs that are disturbed. */
export async function allItems(worker: string): Promise<Item[]> {
  await using process = new WorkerProcess(worker);
  const names = await process.ask({ do: 'names' }, 60_000);
  if ('died' in names) throw new Error(names.died);
  const byCases = (name: string, kind: Kind): Item => ({
    name,
    kind,
    try: (options) => tortureByCases(name, options),
  });
  const ofStage = (kind: Exclude<Kind, 'readers'>, stage: string): Item => {
    const name = `${PREFIXES[kind]}-${stage}`;
    if (kind === 'kills') return { name, kind, try: (options) => tortureByKills(stage, options) };
    if (kind === 'processes')
      return { name, kind, try: (options) => tortureByPairs(stage, options) };
    return byCases(name, kind);
  };
  return [
    ...(['kills', 'crashes', 'refusals', 'processes'] as const).flatMap((kind) =>
      names.stages.map((stage) => ofStage(kind, stage)),
    ),
    ...names.disks.map((name) => byCases(name, 'refusals')),
    ...names.readers.map((name) => byCases(name, 'readers')),
  ];
}

/** The items of names or kinds. @throws Error for a name that is none */
export function chosenItems(items: readonly Item[], only: readonly string[]): Item[] {
  const unknown = only.filter(
    (name) => !items.some((item) => [item.name, item.kind].includes(name)),
  );
  if (unknown.length > 0)
    throw new Error(
      `--only ${unknown}: give ${Object.keys(SHARES).join(', ')}, ${items.map(({ name }) => name).join(', ')}`,
    );
  return items.filter((item) => only.includes(item.name) || only.includes(item.kind));
}

export interface RoundOptions {
  readonly worker: string;
  readonly seed: number;
  /** For all, a little more where loading takes longer. */
  readonly seconds: number;
  readonly jobs: number;
  /** Only this case of each. */
  readonly case?: number;
  /** Folder of the failures' files. */
  readonly out: string;
  onCase?(row: Row, rows: readonly Row[]): void;
}

/** Each item's part of the time of its kind, which is shared among the kinds that are there. */
function weights(items: readonly Item[]): Map<Item, number> {
  const kinds = new Set(items.map(({ kind }) => kind));
  const all = [...kinds].reduce((sum, kind) => sum + SHARES[kind], 0);
  return new Map(
    items.map((item) => {
      const alike = items.filter(({ kind }) => kind === item.kind).length;
      return [item, SHARES[item.kind] / all / alike];
    }),
  );
}

/** The row of what could not be made ready. */
function notTried(name: string, error: Error): Row {
  const message = (error.stack ?? error.message).split('\n').slice(0, 3).join(' ');
  const again = `npm run torture -- --only ${name} --minutes 0`;
  return { ...emptyRow(name), failed: 1, failures: [{ kind: 'not ready', message, again }] };
}

/** Tries each item in its part of the time, some at once. */
export async function torture(items: readonly Item[], options: RoundOptions): Promise<Row[]> {
  const { seed, seconds, jobs, out, worker, onCase = () => {} } = options;
  const end = performance.now() + 1000 * seconds;
  const parts = weights(items);
  const waiting = [...items];
  let left = 1;
  const rows = new Map<Item, Row>();
  const done = () => [...rows.values()];
  const lane = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      const part = parts.get(item)!;
      // Of the time that is left in fact.
      const own = Math.max((jobs * (end - performance.now()) * part) / left / 1000, 0);
      left -= part;
      const trial = { worker, seed, seconds: own, only: options.case, out };
      const of = item;
      const row = await item
        .try({
          ...trial,
          onCase: (now) =>
            onCase(
              now,
              done().filter((row) => row !== now),
            ),
        })
        .catch((error: Error) => notTried(of.name, error));
      rows.set(of, row);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, lane));
  return items.map((item) => rows.get(item)!);
}
