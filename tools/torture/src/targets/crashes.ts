import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generator } from '@kcr/core';
import { afterPowerLoss, type Operation, type Tree } from '../disk/model.ts';
import { readTree, writeTree } from '../disk/tree.ts';
import { chance, oneOf } from '../mutate-bytes.ts';
import { ending, type Whole, wholeRun } from '../run-under-watch.ts';
import { writeInputs } from '../stage-inputs.ts';
import { type Stage, stages } from '../stages.ts';
import type { Answer, ReadyRun, Target } from '../target.ts';
import { requireSameTree } from './same-tree.ts';

const GREATEST_COMMON = (a: number, b: number): number => (b === 0 ? a : GREATEST_COMMON(b, a % b));

/** Number i of an order of 0..n-1 that is far from the one before, so that a few cases lie all over a run. */
export function spread(i: number, n: number): number {
  let step = Math.max(Math.round(n * 0.618), 1);
  while (GREATEST_COMMON(step, n) > 1) step++;
  return (i * step) % n;
}

/**
 * Whose process id a process has after the power was lost: that of the one before (as in containers), of none that runs,
 * or the one before has the id of another that runs.
 */
function withOtherProcess(tree: Tree, generator: Generator): Tree {
  const own = String(process.pid);
  const id = oneOf(generator, [own, '4194999', '1']);
  if (id === own) return tree;
  return new Map(
    Array.from(tree, ([path, data]) => [
      path.replace(`.${own}.tmp`, `.${id}.tmp`),
      path.includes('run.lock') && data
        ? Buffer.from(data.toString().replace(`"pid":${own}`, `"pid":${id}`))
        : data,
    ]),
  );
}

/** A stage whose process loses power after each of its operations. */
class CrashingRun implements ReadyRun {
  constructor(
    private readonly stage: Stage,
    private readonly folder: string,
    private readonly whole: Whole,
  ) {}

  /** Case i loses power after an operation of the run; in all rounds after the first often once more while it goes on. */
  async disturb(generator: Generator, i: number): Promise<Answer> {
    const { operations } = this.whole;
    const again = i > operations.length && chance(generator, 0.3);
    const after = spread(i, operations.length + 1);
    const out = join(this.folder, 'out');
    let message = `power lost after operation ${after} of ${operations.length} (${told(operations[after - 1])})`;
    try {
      const tree = await this.#lose(out, new Map(), { operations, after }, generator);
      let { wrong, watched } = await ending(this.stage, this.inputs, out, this.whole);
      if (!wrong && again && watched.operations.length > 0) {
        const done = { operations: watched.operations, after: 0 };
        done.after = generator.integer(done.operations.length + 1);
        message += `, then after operation ${done.after} (${told(done.operations[done.after - 1])})`;
        await this.#lose(out, tree, done, generator);
        ({ wrong } = await ending(this.stage, this.inputs, out, this.whole));
      }
      if (wrong) return { outcome: 'wrong', message: `${message}: ${wrong}` };
      return { outcome: 'read', message };
    } finally {
      await rm(`${out}-after`, { recursive: true, force: true });
    }
  }

  get inputs(): string {
    return `${this.folder}-inputs`;
  }

  async #lose(
    out: string,
    before: Tree,
    { operations, after }: { operations: readonly Operation[]; after: number },
    generator: Generator,
  ): Promise<Tree> {
    const loss = { after, reorders: chance(generator, 0.3) };
    const left = afterPowerLoss(before, operations, loss, generator);
    const tree = withOtherProcess(left, generator);
    await rm(out, { recursive: true, force: true });
    if (tree.size > 0) await writeTree(out, tree);
    return tree;
  }
}

const told = (operation: Operation | undefined): string =>
  !operation
    ? 'none'
    : 'path' in operation
      ? `${operation.kind} ${operation.path}`
      : operation.kind;

/** Makes a stage ready to lose power: its operations, which must be all that it did. */
async function crashing(stage: Stage, folder: string): Promise<CrashingRun> {
  const inputs = `${folder}-inputs`;
  await writeInputs(inputs);
  const out = join(folder, 'out');
  const whole = await wholeRun(stage, inputs, out);
  requireSameTree(whole.operations, await readTree(out));
  return new CrashingRun(stage, folder, whole);
}

/** All stages, each with a power loss after each of its operations. */
export const crashes: readonly Target<ReadyRun>[] = Array.from(stages, ([name, stage]) => ({
  name: `crash-${name}`,
  ready: (folder) => crashing(stage, folder),
}));
