import type { Generator } from '@kcr/core';
import { chance, oneOf } from '../mutate-bytes.ts';

/** What a process does to a disk. Paths are relative to the folder that is watched. */
export type Operation =
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly handle: number;
      readonly truncate: boolean;
    }
  | {
      readonly kind: 'write';
      readonly handle: number;
      readonly at: number;
      readonly data: Buffer;
    }
  | { readonly kind: 'sync'; readonly handle: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'mkdir'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string };

/** Files and folders (`undefined`) by path. */
export type Tree = ReadonlyMap<string, Buffer | undefined>;

interface Inode {
  data: Buffer;
  /** Whether all of its data are on the disk for good. */
  synced: boolean;
}

const NONE = Buffer.alloc(0);

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0));

/** A disk as operations leave it, which knows what of it would be lost without power. */
export class DiskModel {
  readonly #names = new Map<string, Inode | undefined>();
  readonly #handles = new Map<number, Inode>();

  /** @param tree what is there for good */
  constructor(tree: Tree) {
    for (const [path, data] of tree) this.#names.set(path, data && { data, synced: true });
  }

  /** Does what can be done: what an operation needs may have been lost. */
  apply(operation: Operation): void {
    if (operation.kind === 'open') this.#open(operation);
    else if (operation.kind === 'write') this.#write(operation);
    else if (operation.kind === 'sync') this.#sync(operation.handle);
    else if (operation.kind === 'mkdir') this.#mkdir(operation.path);
    else if (operation.kind === 'rename') this.#name(operation.path, operation.to, true);
    else if (operation.kind === 'link') this.#name(operation.path, operation.to, false);
    else this.#remove(operation.path);
  }

  /** What stands on the disk. */
  tree(): Tree {
    return new Map(Array.from(this.#names, ([path, file]) => [path, file?.data]));
  }

  /** What stands there once the power is back: of data that were not synced a prefix, all or nothing. */
  afterPowerLoss(generator: Generator): Tree {
    return new Map(
      Array.from(this.#names, ([path, file]) => [
        path,
        !file || file.synced
          ? file?.data
          : file.data.subarray(0, oneOf(generator, this.#cuts(file, generator))),
      ]),
    );
  }

  #cuts({ data }: Inode, generator: Generator): number[] {
    return [0, generator.integer(data.length + 1), data.length];
  }

  #hasFolder(path: string): boolean {
    const folder = folderOf(path);
    return folder === '' || (this.#names.has(folder) && this.#names.get(folder) === undefined);
  }

  #open({ path, handle, truncate }: Operation & { kind: 'open' }): void {
    if (!this.#hasFolder(path)) return;
    let file = this.#names.get(path);
    if (!file) {
      file = { data: NONE, synced: false };
      this.#names.set(path, file);
    } else if (truncate) {
      file.data = NONE;
      file.synced = false;
    }
    this.#handles.set(handle, file);
  }

  #write({ handle, at, data }: Operation & { kind: 'write' }): void {
    const file = this.#handles.get(handle);
    if (!file) return;
    const whole = Buffer.alloc(Math.max(file.data.length, at + data.length));
    file.data.copy(whole);
    data.copy(whole, at);
    file.data = whole;
    file.synced = false;
  }

  #sync(handle: number): void {
    const file = this.#handles.get(handle);
    if (file) file.synced = true;
  }

  #mkdir(path: string): void {
    if (this.#hasFolder(path)) this.#names.set(path, undefined);
  }

  #remove(path: string): void {
    for (const name of [...this.#names.keys()])
      if (name === path || name.startsWith(`${path}/`)) this.#names.delete(name);
  }

  #name(path: string, to: string, moves: boolean): void {
    const file = this.#names.get(path);
    if (!file) return;
    this.#names.set(to, file);
    if (moves) this.#names.delete(path);
  }
}

/** The folder whose entries an operation changes, if it changes any. */
function changedFolder(operation: Operation): string | undefined {
  return 'path' in operation ? folderOf(operation.path) : undefined;
}

/** How a power loss goes. */
export interface PowerLoss {
  /** So many operations were done. */
  readonly after: number;
  /** Folders whose last entries are lost too, as file systems may do that keep no order between folders. */
  readonly reorders: boolean;
}

/**
 * The disk after a power loss: what was not synced is lost in part. Where the file system keeps no order between folders,
 * some of them have lost their last changes of names.
 */
export function afterPowerLoss(
  before: Tree,
  operations: readonly Operation[],
  { after, reorders }: PowerLoss,
  generator: Generator,
): Tree {
  const disk = new DiskModel(before);
  const done = operations.slice(0, after);
  const ends = new Map<string, number>();
  for (const folder of new Set(done.map(changedFolder)))
    if (folder !== undefined && reorders && chance(generator, 0.5))
      ends.set(folder, generator.integer(after + 1));
  done.forEach((operation, i) => {
    const folder = changedFolder(operation);
    if (folder === undefined || i < (ends.get(folder) ?? after)) disk.apply(operation);
  });
  return disk.afterPowerLoss(generator);
}
