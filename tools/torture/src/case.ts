import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Generator, KcrError } from '@kcr/core';
import { type Answer, type Files, type ReadyRun, type ReadyTarget, Wrong } from './target.ts';

/** Most that a case may take: seconds of the CPU, and MiB over the most before. */
const SECONDS = 2;
const MIB = 512;

/** What reading, checking and copying a byte may take besides: bytes of memory, and seconds. */
const MEMORY_OF_BYTE = 4;
const SECONDS_OF_BYTE = 1e-8;

/** Which files a target is given: they depend on target, seed and case alone. */
export interface Case {
  readonly target: string;
  readonly seed: number;
  readonly case: number;
}

async function write(folder: string, files: Files): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

async function outcomeOf(target: ReadyTarget, files: Files): Promise<Answer> {
  try {
    await target.read(files);
    return { outcome: 'read', message: '' };
  } catch (error) {
    if (error instanceof KcrError) return { outcome: 'refused', message: error.code };
    if (error instanceof Wrong) return { outcome: 'wrong', message: error.message };
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { outcome: 'uncaught', message: text.split('\n').slice(0, 4).join(' ') };
  }
}

/** Tries a case: damaged files for a reader, or a run that is disturbed. */
export function tryCase(
  target: ReadyTarget | ReadyRun,
  which: Case,
  folder: string,
): Promise<Answer> {
  const generator = new Generator(which.seed).fork(which.target).fork(String(which.case));
  return 'disturb' in target
    ? target.disturb(generator, which.case)
    : tryFiles(target, target.mutate(generator), folder);
}

/** Writes the files of a case into the target's folder, has them read, and judges what came of it. */
async function tryFiles(target: ReadyTarget, files: Files, folder: string): Promise<Answer> {
  await write(folder, files);
  const peak = process.resourceUsage().maxRSS;
  const start = process.cpuUsage();
  const found = await outcomeOf(target, files);
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  const grown = (process.resourceUsage().maxRSS - peak) / 1024;
  if (found.outcome !== 'read' && found.outcome !== 'refused') return found;
  if (seconds <= SECONDS && grown <= MIB) return found;
  const bytes = (await target.claims?.(files)) ?? 0;
  // Memory first: to touch a page for the first time takes time too, on a virtual machine 3 s of a GiB.
  if (grown > MIB + (MEMORY_OF_BYTE * bytes) / 2 ** 20)
    return { outcome: 'memory', message: `${Math.round(grown)} MiB` };
  if (seconds > SECONDS + SECONDS_OF_BYTE * bytes)
    return { outcome: 'slow', message: `${seconds.toFixed(1)} s` };
  return found;
}
