import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** Something whose runs are timed. */
export interface Contestant {
  readonly name: string;
  /** One run. @returns its milliseconds */
  run(): Promise<number>;
  end(): Promise<unknown>;
}

/** Whose runs are another process's. */
export interface OtherProcess extends Contestant {
  /** @returns what it says last */
  end(): Promise<string | undefined>;
}

/**
 * PyTorch asks for memory in each operation and gives it back. glibc hands large parts back to the system every time unless told to keep
 * them, and where a system takes long to hand them out again that is up to half of PyTorch's time: with these variables it is measured at its best.
 */
export const MEMORY_KEPT = {
  MALLOC_MMAP_THRESHOLD_: '4000000000',
  MALLOC_TRIM_THRESHOLD_: '8000000000',
};

/**
 * A process that says `ready`, answers each line with the milliseconds of one run, and where there are no more lines says what else it has to say: so
 * that processes can take turns.
 */
export async function processOf(
  name: string,
  [command, ...args]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): Promise<OtherProcess> {
  const env = { ...process.env, ...environment };
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value } = await lines.next();
  if (value !== 'ready') throw new Error(`${command} ${args.join(' ')} gave ${value}`);
  return {
    name,
    async run() {
      child.stdin.write('\n');
      return Number((await lines.next()).value);
    },
    async end() {
      child.stdin.end();
      const last = await lines.next();
      if (child.exitCode === null) await once(child, 'exit');
      return last.value;
    },
  };
}

/**
 * Times all contestants in turn, so that a drift of the machine falls on all.
 *
 * @param pause milliseconds before each run: threads of the process before go on waiting for work for a while, and take a core for it
 * @returns each one's runs
 */
export async function inTurn(
  contestants: readonly Contestant[],
  { runs, warmUp, pause }: { runs: number; warmUp: number; pause: number },
): Promise<number[][]> {
  const times: number[][] = contestants.map(() => []);
  for (let run = 0; run < runs + warmUp; run++)
    for (const [i, contestant] of contestants.entries()) {
      await setTimeout(pause);
      const ms = await contestant.run();
      if (run >= warmUp) times[i]!.push(ms);
    }
  return times;
}
