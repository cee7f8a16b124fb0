import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { KcrError } from '@kcr/core';
import { ownCommand } from './own-command.ts';

/** The variable by which a process knows that others work on its sweep too, and how many they are. */
const WORKERS = 'KCR_SWEEP_WORKERS';

/** How many processes this is one of; nothing where it was started by itself. */
export function workersBeside(): number | undefined {
  const text = process.env[WORKERS];
  return text === undefined ? undefined : Number(text);
}

/** What the environment says of threads that read images, where nobody has said it: the processes share the cores. */
const readersOf = (workers: number): string =>
  process.env.KCR_WORKERS ?? String(Math.max(Math.floor(availableParallelism() / workers) - 1, 0));

/**
 * Runs this command several times at once, and waits until all have ended. What they say on standard error is said here, each line with
 * its process's number.
 *
 * @param args of the command
 * @throws KcrError `SWEEP_WORKER` where one was killed, or ended with an error
 */
export async function runWorkers(workers: number, args: readonly string[]): Promise<void> {
  const [node, ...own] = ownCommand as [string, ...string[]];
  const children = Array.from({ length: workers }, () =>
    spawn(node, [...own, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, KCR_WORKERS: readersOf(workers), [WORKERS]: String(workers) },
    }),
  );
  const kill = () => {
    for (const child of children) child.kill();
  };
  process.once('exit', kill);
  const ends = await Promise.all(
    children.map(async (child, i) => {
      const lines = createInterface(child.stderr);
      lines.on('line', (line) => process.stderr.write(`[${i + 1}] ${line}\n`));
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      return code === 0 ? [] : [`process ${i + 1} of ${workers}: ${signal ?? `exit code ${code}`}`];
    }),
  );
  process.off('exit', kill);
  const wrong = ends.flat();
  if (wrong.length > 0)
    throw new KcrError('SWEEP_WORKER', {
      where: `sweep --parallel ${workers}`,
      found: wrong.join('; '),
      fix: 'See what it said before; the same command goes on from what was saved. A process that is killed may need more memory: use fewer',
    });
}
