import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Generator } from '@kcr/core';
import type { Row } from './rows.ts';
import { type StageName, writeInputs } from './stages.ts';

/** The runs that are killed, and what each shows. */
export const killed: readonly StageName[] = ['compress', 'cascade'];

/** Milliseconds after which a run hangs. */
const HANG = 300_000;

interface Ended {
  /** Nothing where it came to its end. */
  readonly why?: string;
  /** Milliseconds after its start, without loading. */
  readonly after: number;
}

/** Runs a stage in a process of its own. @param kill milliseconds after its start, if it is killed */
async function run(stage: StageName, inputs: string, out: string, kill?: number): Promise<Ended> {
  const child = fork(fileURLToPath(new URL('kill-run.ts', import.meta.url)), [stage, inputs, out], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  let start = performance.now();
  child.stderr?.on('data', (text: Buffer) => {
    errors = (errors + text.toString()).slice(-600);
  });
  let timer = setTimeout(() => child.kill('SIGKILL'), HANG);
  child.once('message', () => {
    start = performance.now();
    if (kill === undefined) return;
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), kill);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  const after = performance.now() - start;
  return { after, why: code === 0 ? undefined : (signal ?? `exit code ${code}: ${errors}`) };
}

/** SHA-256 of each checkpoint's files, by path. */
async function digests(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of (await readdir(folder, { recursive: true })).toSorted())
    if (['model.safetensors', 'model.json', 'selection.json'].includes(basename(path)))
      found[path] = createHash('sha256')
        .update(await readFile(join(folder, path)))
        .digest('hex');
  return found;
}

export interface KillOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Most kills of one run. Default 4. */
  readonly most?: number;
  readonly out: string;
  onCase(row: Row): void;
}

/**
 * Runs a stage again and again, kills it at random moments, lets it come to its end and compares all checkpoints with those
 * of a run that nobody stopped. It counts kills; at least one run is tried.
 */
export async function tortureByKills(stage: StageName, options: KillOptions): Promise<Row> {
  const { seed, seconds, most = 4, out, onCase } = options;
  const name = `kill-${stage}`;
  const row: Row = { name, tried: 0, failed: 0, refused: 0, failures: [] };
  const root = await mkdtemp(join(tmpdir(), 'kcr-torture-'));
  const inputs = join(root, 'inputs');
  const end = performance.now() + 1000 * seconds;
  try {
    await writeInputs(inputs);
    const whole = await run(stage, inputs, join(root, 'whole'));
    if (whole.why) throw new Error(`${name}: an undisturbed run ends by ${whole.why}`);
    const want = await digests(join(root, 'whole'));
    for (let i = 0; i === 0 || performance.now() < end; i++) {
      const folder = join(root, String(i));
      const message = await disturbed(i, folder, whole.after, want);
      if (message) {
        row.failed++;
        const files = join(out, `${name}-${i}`);
        await mkdir(out, { recursive: true });
        await cp(folder, files, { recursive: true }).catch(() => {});
        const again = `npm run torture -- --only ${name} --seed ${seed}`;
        row.failures.push({ kind: 'kill', message, again, files });
      }
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return row;

  /** Kills one run once or more often and lets it end; what is wrong then, if anything. */
  async function disturbed(
    i: number,
    folder: string,
    length: number,
    want: Record<string, string>,
  ): Promise<string | undefined> {
    const generator = new Generator(seed).fork(name).fork(String(i));
    const moments: number[] = [];
    for (let left = 1 + generator.integer(most); left > 0; left--) {
      // What is done already is not done again: later kills come sooner.
      const moment = Math.round((generator.uniform() * length) / (1 + moments.length));
      moments.push(moment);
      const { why } = await run(stage, inputs, folder, moment);
      if (!why) break;
      row.tried++;
      onCase(row);
      if (why !== 'SIGKILL') return `killed after ${moments} ms: ${why}`;
    }
    const { why } = await run(stage, inputs, folder);
    if (why) return `killed after ${moments} ms, then: ${why}`;
    const found = await digests(folder);
    const other = Object.keys({ ...want, ...found }).filter((path) => found[path] !== want[path]);
    return other.length > 0 ? `killed after ${moments} ms: other ${other}` : undefined;
  }
}
