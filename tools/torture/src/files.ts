import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Failure, Row } from './rows.ts';
import type { Order, Reply } from './worker.ts';

/** Milliseconds without an answer after which a process is ended: of a case, and of making ready. */
const HANG = 10_000;
const START = 120_000;
/** Milliseconds for the cases, however long making ready takes. */
const LEAST = 500;
/** MiB of a process's heap. */
const HEAP = 1500;

/** A process that reads files, or is asked for one more answer than it gives. */
class Reader {
  readonly #child: ChildProcess;
  #errors = '';

  constructor() {
    this.#child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx', `--max-old-space-size=${HEAP}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-600);
    });
  }

  /** What it answers, or why it did not: it is no more then. */
  async ask(order: Order, milliseconds: number): Promise<Reply | { died: string }> {
    const done = new AbortController();
    const { signal } = done;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), milliseconds);
    const start = performance.now();
    try {
      this.#child.send(order);
      const answered = once(this.#child, 'message', { signal });
      const ended = once(this.#child, 'exit', { signal });
      const first = await Promise.race([
        answered.then(([found]) => found as Reply),
        ended.then(([code, how]) => {
          const late = performance.now() - start >= milliseconds;
          return {
            died: late
              ? `no answer in ${milliseconds / 1000} s`
              : `ended (${code ?? how}) ${this.#errors}`,
          };
        }),
      ]);
      // What lost the race is given up.
      answered.catch(() => {});
      ended.catch(() => {});
      return first;
    } finally {
      clearTimeout(timer);
      done.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

export interface FilesOptions {
  readonly seed: number;
  /** With making ready; {@link LEAST} are left for the cases at least. */
  readonly seconds: number;
  /** Only this case. */
  readonly only?: number;
  /** Where the files of failures are copied to. */
  readonly out: string;
  onCase(row: Row): void;
}

/** Gives a target damaged files until the time is over. */
export async function tortureFiles(target: string, options: FilesOptions): Promise<Row> {
  const { seed, seconds, only, out, onCase } = options;
  const row: Row = { name: target, tried: 0, failed: 0, refused: 0, failures: [] };
  const root = await mkdtemp(join(tmpdir(), 'kcr-torture-'));
  const start = performance.now();
  let next = only ?? 0;
  let end = Number.POSITIVE_INFINITY;
  try {
    for (let round = 0; next >= 0; round++) {
      const order = { target, seed, folder: join(root, String(round)) };
      await using reader = new Reader();
      const ready = await reader.ask(order, START);
      if ('died' in ready || ready.outcome !== 'ready')
        throw new Error(`${target}: ${'died' in ready ? ready.died : ready.message}`);
      if (round === 0) end = Math.max(start + 1000 * seconds, performance.now() + LEAST);
      next = await readFrom(next, reader, order);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return row;

  /** Reads case after case; the next case where a process must begin anew, else -1. */
  async function readFrom(from: number, reader: Reader, order: Order): Promise<number> {
    for (let i = from; performance.now() < end; i++) {
      const found = await reader.ask({ ...order, case: i }, HANG);
      row.tried++;
      if (!('died' in found) && found.outcome === 'refused') row.refused++;
      const failure = failureOf(found, i);
      if (failure) {
        await add(failure, order.folder);
        onCase(row);
        // The memory's peak is the process's.
        if ('died' in found || found.outcome === 'memory') return only === undefined ? i + 1 : -1;
      } else onCase(row);
      if (only !== undefined) return -1;
    }
    return -1;
  }

  function failureOf(found: Reply | { died: string }, i: number): Failure | undefined {
    const again = `npm run torture -- --only ${target} --seed ${seed} --case ${i}`;
    if ('died' in found) return { kind: 'died', message: found.died, again };
    const { outcome, message } = found;
    if (outcome === 'read' || outcome === 'refused' || outcome === 'ready') return undefined;
    return { kind: outcome, message, again };
  }

  async function add(failure: Failure, folder: string): Promise<void> {
    row.failed++;
    const alike = ({ kind, message }: Failure) => `${kind} ${message.replace(/[\d.]+/g, '')}`;
    if (row.failures.some((known) => alike(known) === alike(failure))) return;
    const copy = join(out, `${target}-${row.failures.length}`);
    await mkdir(out, { recursive: true });
    await cp(folder, copy, { recursive: true, force: true }).catch(() => {});
    row.failures.push({ ...failure, files: copy });
  }
}
