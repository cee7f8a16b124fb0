import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Generator, KcrError } from '@kcr/core';
import { DiskModel } from '../disk/model.ts';
import { writeTree } from '../disk/tree.ts';
import { type Fault, refusals } from '../disk/watch.ts';
import { chance, oneOf } from '../mutate-bytes.ts';
import { ending, lineOf, runUnderWatch, type Whole, wholeRun } from '../run-under-watch.ts';
import { writeInputs } from '../stage-inputs.ts';
import { type Stage, stages } from '../stages.ts';
import type { Answer, ReadyRun, Target } from '../target.ts';
import { spread } from './crashes.ts';

/** What is wrong with the error of a run whose disk refused something; nothing where it names a file of the run. */
export function wrongRefusal(error: unknown, out: string): string | undefined {
  if (error instanceof KcrError && error.code === 'OUT_WRITE' && error.where.startsWith(out))
    return undefined;
  return `the run ends by ${lineOf(error)}`;
}

/** A file that is no run's. */
const FOREIGN = 'notes.txt';
const TEXT = 'somebody’s own';

/** A stage whose disk is full, or fails, from one of its operations on. */
class RefusedRun implements ReadyRun {
  constructor(
    private readonly stage: Stage,
    private readonly folder: string,
    private readonly whole: Whole,
  ) {}

  /** Case i refuses an operation of a run that is new, in all rounds after the first often of one that goes on. */
  async disturb(generator: Generator, i: number): Promise<Answer> {
    const { operations } = this.whole;
    const out = join(this.folder, 'out');
    const inputs = `${this.folder}-inputs`;
    const fault: Fault = {
      at: spread(i, operations.length),
      code: oneOf(generator, refusals),
      lasting: chance(generator, 0.5),
      share: oneOf(generator, [0, 0.5, 1]),
    };
    const goesOn = i >= operations.length && chance(generator, 0.5);
    const before = goesOn ? generator.integer(operations.length) : 0;
    await this.#begin(out, before);
    const { error, watched } = await runUnderWatch(this.stage, inputs, out, fault);
    const { code, lasting } = fault;
    const message = `${code}${lasting ? ' from' : ' at'} operation ${fault.at} of ${watched.tried} on (${watched.refused[0] ?? 'none'})${
      goesOn ? `, of a run that was at ${before}` : ''
    }`;
    const wrong =
      (error ? wrongRefusal(error, out) : undefined) ??
      ((await readFile(join(out, FOREIGN), 'utf8')) === TEXT ? undefined : `${FOREIGN} is other`) ??
      (await this.#wrongEnd(inputs, out));
    if (wrong) return { outcome: 'wrong', message: `${message}: ${wrong}` };
    return { outcome: error ? 'refused' : 'read', message };
  }

  /** A folder with somebody's file, and what the first operations of a run leave in it. */
  async #begin(out: string, done: number): Promise<void> {
    await rm(out, { recursive: true, force: true });
    const disk = new DiskModel(new Map());
    for (const operation of this.whole.operations.slice(0, done)) disk.apply(operation);
    await mkdir(out, { recursive: true });
    await writeTree(out, disk.tree());
    await writeFile(join(out, FOREIGN), TEXT);
  }

  async #wrongEnd(inputs: string, out: string): Promise<string | undefined> {
    await rm(join(out, FOREIGN));
    return (await ending(this.stage, inputs, out, this.whole)).wrong;
  }
}

/** All stages, each with a disk that refuses one of its operations. */
export const refused: readonly Target<ReadyRun>[] = Array.from(stages, ([name, stage]) => ({
  name: `refuse-${name}`,
  async ready(folder) {
    const inputs = `${folder}-inputs`;
    await writeInputs(inputs);
    const whole = await wholeRun(stage, inputs, join(folder, 'whole'));
    return new RefusedRun(stage, folder, whole);
  },
}));
