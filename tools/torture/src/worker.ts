// A process that tries cases of one target, or runs a stage, as `worker-process.ts` tells it.
import { mkdir } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { tryCase } from './case.ts';
import { lineOf } from './run-under-watch.ts';
import { writeInputs } from './stage-inputs.ts';
import { stageOf, stages } from './stages.ts';
import type { Answer, ReadyRun, ReadyTarget } from './target.ts';
import { canMount, fullDisks } from './targets/full-disk.ts';
import { readers, targets } from './targets/index.ts';

/** Cases to try, in order, until one fails. */
export interface CasesOrder {
  readonly do: 'cases';
  readonly target: string;
  readonly seed: number;
  readonly folder: string;
  readonly from: number;
  /** None: only make ready. */
  readonly most: number;
  readonly milliseconds: number;
}

/** A stage to run from inputs into a folder, or with no stage inputs to write. */
export interface RunOrder {
  readonly do: 'run';
  readonly stage?: string;
  readonly inputs: string;
  readonly out: string;
}

/** Names of all that is tried case by case, and of all stages. */
export interface NamesOrder {
  readonly do: 'names';
}

export type Order = CasesOrder | RunOrder | NamesOrder;

export interface CasesReply {
  readonly tried: number;
  readonly refused: number;
  /** Of the last case, if it failed. */
  readonly failure?: Answer;
}

export interface RunReply {
  /** Absent where the run came to its end. */
  readonly code?: string;
  readonly message?: string;
}

export interface NamesReply {
  readonly readers: readonly string[];
  readonly stages: readonly string[];
  /** Disks that are full, where file systems may be mounted. */
  readonly disks: readonly string[];
}

/** What has nothing to do with the order: a fault of this tool. */
export interface Failed {
  readonly failed: string;
}

let ready: ReadyTarget | ReadyRun | undefined;

async function makeReady({ target, folder }: CasesOrder): Promise<ReadyTarget | ReadyRun> {
  const found = targets.find(({ name }) => name === target);
  if (!found) throw new Error(`no target ${target}`);
  await mkdir(folder, { recursive: true });
  return found.ready(folder);
}

async function cases(order: CasesOrder): Promise<CasesReply> {
  ready ??= await makeReady(order);
  const end = performance.now() + order.milliseconds;
  const { from, most } = order;
  let refused = 0;
  for (let i = from; i < from + most; i++) {
    const answer = await tryCase(ready, { ...order, case: i }, order.folder);
    const tried = i + 1 - from;
    if (answer.outcome === 'refused') refused++;
    else if (answer.outcome !== 'read') return { tried, refused, failure: answer };
    if (performance.now() > end) return { tried, refused };
  }
  return { tried: most, refused };
}

async function run({ stage, inputs, out }: RunOrder): Promise<RunReply> {
  if (stage === undefined) {
    await writeInputs(inputs);
    return {};
  }
  try {
    await stageOf(stage).run(inputs, out);
    return {};
  } catch (error) {
    return { code: error instanceof KcrError ? error.code : 'uncaught', message: lineOf(error) };
  }
}

const allNames = async (): Promise<NamesReply> => ({
  readers: readers.map(({ name }) => name),
  stages: [...stages.keys()],
  disks: (await canMount()) ? fullDisks.map(({ name }) => name) : [],
});

function reply(order: Order): Promise<CasesReply | RunReply | NamesReply> {
  if (order.do === 'cases') return cases(order);
  return order.do === 'run' ? run(order) : allNames();
}

process.on('message', async (order: Order) => {
  try {
    process.send?.(await reply(order));
  } catch (error) {
    process.send?.({ failed: String((error as Error).stack) } satisfies Failed);
  }
});
process.send?.({});
