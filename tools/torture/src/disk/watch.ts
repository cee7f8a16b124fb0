import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Operation } from './model.ts';

/** How a disk refuses. */
export const refusals = ['ENOSPC', 'EIO', 'EROFS', 'EACCES', 'EDQUOT'] as const;

/** An operation that is refused. */
export interface Fault {
  /** Number of the operation, from 0. */
  readonly at: number;
  readonly code: (typeof refusals)[number];
  /** Whether all later ones of its kind are refused too. */
  readonly lasting: boolean;
  /** Share of its bytes that a refused `write` has written. */
  readonly share: number;
}

/** What was done within a folder while it was watched. */
export interface Watched {
  readonly operations: readonly Operation[];
  /** With those that were refused. */
  readonly tried: number;
  /** Paths that were refused. */
  readonly refused: readonly string[];
}

type Replaceable = Record<string, (...args: never[]) => unknown>;

/** Functions that change a disk and that no product code uses within a run: they would be missed. */
const OTHERS = {
  promises: ['appendFile', 'copyFile', 'cp', 'mkdtemp', 'symlink', 'truncate', 'unlink', 'utimes'],
  direct:
    'appendFile appendFileSync copyFile copyFileSync cp cpSync createWriteStream link linkSync mkdir mkdirSync mkdtemp mkdtempSync rename renameSync rm rmdir rmdirSync symlink symlinkSync truncate truncateSync unlink unlinkSync writeFile writeFileSync'.split(
      ' ',
    ),
};

/** No room is needed to take something away. */
const NEEDS_NO_ROOM: readonly string[] = ['remove'];

/** Within an operation that is recorded: Node makes some of others. */
const within = new AsyncLocalStorage<true>();

class Watch {
  readonly operations: Operation[] = [];
  readonly refused: string[] = [];
  tried = 0;
  #handles = 0;
  #stopped = false;
  readonly #undo: (() => void)[] = [];

  constructor(
    private readonly root: string,
    private readonly fault: Fault | undefined,
  ) {}

  /** The path within the folder, if it lies there. */
  #within(path: unknown): string | undefined {
    if (typeof path !== 'string') return undefined;
    const found = relative(this.root, resolve(path));
    return found.startsWith('..') || isAbsolute(found) ? undefined : found;
  }

  #isRefused(kind: Operation['kind']): boolean {
    const number = this.tried++;
    const { fault } = this;
    if (!fault || number < fault.at || (number > fault.at && !fault.lasting)) return false;
    const ofRoom = fault.code === 'ENOSPC' || fault.code === 'EDQUOT';
    return !(ofRoom && NEEDS_NO_ROOM.includes(kind));
  }

  #refusal(path: string, kind: string): Error {
    this.refused.push(path);
    const { code } = this.fault!;
    const text = `${code}: simulated, ${kind} '${path}'`;
    return Object.assign(new Error(text), { code, syscall: kind, path });
  }

  #perform(operation: Operation, where: string): void {
    if (this.#isRefused(operation.kind)) throw this.#refusal(where, operation.kind);
  }

  #replace(
    of: object,
    name: string,
    make: (own: (...args: unknown[]) => unknown) => unknown,
  ): void {
    const table = of as Replaceable;
    const own = table[name]!;
    const inside = (...args: unknown[]) => within.run(true, () => own.apply(of, args as never[]));
    table[name] = make(inside) as Replaceable[string];
    this.#undo.push(() => {
      table[name] = own;
    });
  }

  start(): void {
    const { promises } = fs;
    for (const kind of ['rename', 'link'] as const)
      this.#named(kind, (path, to) => ({ kind, path, to: this.#within(to)! }));
    this.#named('mkdir', (path) => ({ kind: 'mkdir', path }));
    for (const name of ['rm', 'rmdir']) this.#named(name, (path) => ({ kind: 'remove', path }));
    this.#replace(fs, 'rmSync', (own) => (path: string, ...rest: unknown[]) => {
      const at = this.#within(path);
      if (at === undefined) return own(path, ...rest);
      const operation: Operation = { kind: 'remove', path: at };
      this.#perform(operation, path);
      own(path, ...rest);
      this.operations.push(operation);
    });
    this.#replace(promises, 'open', (own) => this.#openBy(own as typeof promises.open));
    this.#replace(promises, 'writeFile', (own) =>
      this.#writeFileBy(own as typeof promises.writeFile),
    );
    for (const [of, names] of [
      [promises, OTHERS.promises],
      [fs, OTHERS.direct],
    ] as const)
      for (const name of names)
        this.#replace(of, name, (own) => (...args: unknown[]) => {
          const counts = !this.#stopped && !within.getStore();
          if (counts && args.some((arg) => this.#within(arg) !== undefined))
            throw new TypeError(`fs.${name} is not watched`);
          return own(...args);
        });
    syncBuiltinESMExports();
  }

  stop(): void {
    // Node keeps some that it has loaded meanwhile.
    this.#stopped = true;
    for (const undo of this.#undo.reverse()) undo();
    syncBuiltinESMExports();
  }

  #named(name: string, make: (path: string, to: unknown) => Operation): void {
    this.#replace(fs.promises, name, (own) => async (path: string, ...rest: unknown[]) => {
      const at = this.#within(path);
      if (at === undefined) return own(path, ...rest);
      const operation = make(at, rest[0]);
      this.#perform(operation, path);
      const result = await own(path, ...rest);
      this.operations.push(operation);
      return result;
    });
  }

  #openBy(own: typeof fs.promises.open) {
    return async (path: string, flags: string = 'r', ...rest: []): Promise<FileHandle> => {
      const at = this.#within(path);
      if (at === undefined || flags === 'r') return own(path, flags, ...rest);
      const handle = this.#handles++;
      const truncate = flags.startsWith('w');
      const operation: Operation = { kind: 'open', path: at, handle, truncate };
      this.#perform(operation, path);
      const file = await own(path, flags, ...rest);
      this.operations.push(operation);
      this.#watchFile(file, handle, path);
      return file;
    };
  }

  /** As Node does it: one open, one write, and with `flush` one sync. */
  #writeFileBy(own: typeof fs.promises.writeFile) {
    return async (
      path: string,
      content: string | Uint8Array,
      options: { flag?: string; flush?: boolean } = {},
    ): Promise<void> => {
      if (this.#within(path) === undefined) return own(path, content, options);
      const file = await fs.promises.open(path, options.flag ?? 'w');
      try {
        await file.writeFile(content);
        if (options.flush) await file.sync();
      } finally {
        await file.close();
      }
    };
  }

  #watchFile(file: FileHandle, handle: number, path: string): void {
    let at = 0;
    const ownWrite = file.writeFile.bind(file);
    const write = async (content: string | Uint8Array): Promise<void> => {
      const data = Buffer.from(content as Uint8Array);
      const operation: Operation = { kind: 'write', handle, at, data };
      const refused = this.#isRefused('write');
      const part = refused ? data.subarray(0, Math.floor(data.length * this.fault!.share)) : data;
      await ownWrite(part);
      this.operations.push({ ...operation, data: part });
      at += part.length;
      if (refused) throw this.#refusal(path, 'write');
    };
    const sync = async (): Promise<void> => {
      this.#perform({ kind: 'sync', handle }, path);
      this.operations.push({ kind: 'sync', handle });
    };
    const missed = (name: string) => () => {
      throw new TypeError(`${name} of a file handle is not watched`);
    };
    const others = ['write', 'writev', 'appendFile', 'truncate', 'createWriteStream'];
    Object.assign(file, Object.fromEntries(others.map((name) => [name, missed(name)])));
    Object.assign(file, { writeFile: write, sync, datasync: sync });
  }
}

/**
 * Does something while all changes of files within a folder are recorded, or refused from one on. Changes that are made in a
 * way that is not recorded throw a TypeError, unless they go past Node.
 */
export async function watching<T>(
  root: string,
  body: () => Promise<T>,
  fault?: Fault,
): Promise<{ watched: Watched; result?: T; error?: unknown }> {
  const watch = new Watch(resolve(root), fault);
  watch.start();
  try {
    return { result: await body(), watched: watch };
  } catch (error) {
    return { error, watched: watch };
  } finally {
    watch.stop();
  }
}

const BOOT = '/proc/sys/kernel/random/boot_id';
let lives = 0;
const ownRead = fs.readFileSync;

/**
 * Lets this process be another one of its id from now on, after a start of the machine: for locks, which say when their
 * process began.
 */
export function beginNewLife(): void {
  const boot = `life ${lives++}\n`;
  fs.readFileSync = ((path: string, ...rest: []) =>
    path === BOOT ? boot : ownRead(path, ...rest)) as typeof fs.readFileSync;
  syncBuiltinESMExports();
}
