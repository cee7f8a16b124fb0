import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type {
  CasesOrder,
  CasesReply,
  Failed,
  NamesOrder,
  NamesReply,
  Order,
  RunOrder,
  RunReply,
} from './worker.ts';

/** MiB of a process's heap. */
const HEAP = 1500;
/** Milliseconds in which a process must have loaded. */
const START = 120_000;

/** Why a process gave no answer. */
export interface Died {
  readonly died: string;
}

/** A process of `worker.mjs`. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  readonly #loaded: Promise<unknown>;
  #errors = '';

  /** @param file the bundled `worker.mjs` */
  constructor(file: string) {
    this.#child = fork(file, [], {
      execArgv: [`--max-old-space-size=${HEAP}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-600);
    });
    this.#ended = new Promise((done) => {
      this.#child.once('close', (code, signal) => done(String(signal ?? `exit code ${code}`)));
    });
    this.#loaded = once(this.#child, 'message', { signal: AbortSignal.timeout(START) }).catch(
      () => {},
    );
  }

  /** Waits until it has loaded. */
  async loaded(): Promise<void> {
    await Promise.race([this.#loaded, this.#ended]);
  }

  ask(order: CasesOrder, milliseconds: number): Promise<CasesReply | Died>;
  ask(order: RunOrder, milliseconds: number): Promise<RunReply | Died>;
  ask(order: NamesOrder, milliseconds: number): Promise<NamesReply | Died>;
  /**
   * What it answers, or how it ended before.
   *
   * @param milliseconds after which it is killed
   * @throws Error where the order could not be tried
   */
  async ask(order: Order, milliseconds: number): Promise<object> {
    await this.loaded();
    if (!this.#child.connected) return { died: `${await this.#ended} ${this.#errors}` };
    const answered = new Promise<object>((done) => this.#child.once('message', done));
    const timer = setTimeout(() => this.kill(), milliseconds);
    try {
      this.#child.send(order, () => {});
      const died = this.#ended.then((how) => ({ died: `${how} ${this.#errors}`.trim() }));
      const found = (await Promise.race([answered, died])) as Partial<Failed>;
      if (found.failed !== undefined) throw new Error(found.failed);
      return found;
    } finally {
      clearTimeout(timer);
      this.#child.removeAllListeners('message');
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#ended;
  }
}

/** Processes that have loaded before they are needed. */
export class WorkerPool implements AsyncDisposable {
  #next: WorkerProcess;

  constructor(private readonly file: string) {
    this.#next = new WorkerProcess(file);
  }

  /** A process that is the caller's from now on; the next one starts to load. */
  async take(): Promise<WorkerProcess> {
    const taken = this.#next;
    await taken.loaded();
    this.#next = new WorkerProcess(this.file);
    return taken;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#next[Symbol.asyncDispose]();
  }
}
