import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { KcrError } from '@kcr/core';
import { BLOCK, paxRecords, readHeader, type TarHeader } from './tar-header.ts';

/** Bytes that are read at once where headers are looked for: what they lie between is passed over. */
const WINDOW = 2 ** 14;
/** Most bytes of a long name or of a pax header. */
const MOST_HEADER = 2 ** 20;
/** Most zeros after the end that are looked through. */
const MOST_REST = 2 ** 20;

/** A file in a tar file. */
export interface TarEntry {
  readonly name: string;
  /** Where its content begins, in blocks of 512 bytes. */
  readonly block: number;
  /** In bytes. */
  readonly size: number;
  /** The type flag; `0` for a file. */
  readonly type: string;
}

/** The error for a file that is no whole tar file. */
export const tarError = (where: string, found: string): KcrError =>
  new KcrError('TAR_FORMAT', {
    where,
    found,
    fix: 'Get the tar file again, or write it anew (`kcr shard`)',
  });

/** A name without `./`. @throws Error where it leads out of where it would be unpacked */
function checkedName(name: string): string {
  if (/^[^./\0][^/\0]*(\/[^./\0][^/\0]*)*$/.test(name)) return name;
  const parts = name.split('/').filter((part, i) => part !== '.' && (part !== '' || i === 0));
  if (parts.length === 0 || parts[0] === '' || parts.includes('..') || name.includes('\0'))
    throw new Error(`the name ${JSON.stringify(name)}, which leads out of the archive`);
  return parts.join('/');
}

/** A tar file that is read here and there. Nothing of it is unpacked to the disk. */
export class TarFile implements Disposable {
  readonly size: number;
  readonly #file: number;
  #window = Buffer.alloc(0);
  #start = 0;

  /** @throws KcrError `TAR_FORMAT` where it cannot be opened */
  constructor(readonly path: string) {
    try {
      this.#file = openSync(path, 'r');
      this.size = fstatSync(this.#file).size;
    } catch (cause) {
      throw tarError(path, (cause as Error).message);
    }
  }

  [Symbol.dispose] = () => closeSync(this.#file);

  /** Some bytes, which are good until the next call. @throws KcrError `TAR_FORMAT` where the file ends before them */
  read(offset: number, length: number): Buffer {
    const from = offset - this.#start;
    if (from >= 0 && from + length <= this.#window.length)
      return this.#window.subarray(from, from + length);
    if (offset + length > this.size)
      throw tarError(this.path, `it ends after ${this.size} bytes, before byte ${offset + length}`);
    const window = Buffer.allocUnsafe(Math.min(Math.max(length, WINDOW), this.size - offset));
    let done = 0;
    while (done < window.length) {
      const n = readSync(this.#file, window, done, window.length - done, offset + done);
      if (n === 0) throw tarError(this.path, 'it became shorter while it was read');
      done += n;
    }
    this.#window = window;
    this.#start = offset;
    return window.subarray(0, length);
  }

  /**
   * Its entries in their order: ustar, with pax headers and GNU's long names.
   *
   * @throws KcrError `TAR_FORMAT` for a file that is cut off or damaged, an entry beyond the end, a name that leads out of it
   */
  *entries(): Generator<TarEntry> {
    for (let at = 0; ; ) {
      if (at >= this.size) throw tarError(this.path, 'it is cut off: it has no end');
      const { entry, next } = this.#entryAt(at);
      if (!entry) return this.#checkRest(at);
      yield entry;
      at = next;
    }
  }

  /** The entry whose headers begin at a byte, and where the next one does. */
  #entryAt(start: number): { entry?: TarEntry; next: number } {
    let [name, size]: [string | undefined, number | undefined] = [undefined, undefined];
    for (let at = start; ; ) {
      const header = this.#guarded(at, () => readHeader(this.read(at, BLOCK)));
      if (!header && at > start) throw tarError(this.path, `byte ${at}: a header of nothing`);
      if (!header) return { next: at };
      const block = at / BLOCK + 1;
      const own = 'xgLK'.includes(header.type) ? header.size : (size ?? header.size);
      const next = (block + Math.ceil(own / BLOCK)) * BLOCK;
      if (next > this.size)
        throw tarError(this.path, `byte ${at}: an entry of ${own} bytes, beyond the end`);
      if (!'xgLK'.includes(header.type)) {
        const given = name ?? header.name;
        const checked = this.#guarded(at, () => checkedName(given));
        return { entry: { name: checked, block, size: own, type: header.type }, next };
      }
      const more = this.#guarded(at, () => this.#extension(header, block * BLOCK));
      name = more.name ?? name;
      size = more.size ?? size;
      at = next;
    }
  }

  /** What a header that stands before another one says of it. */
  #extension({ type, size }: TarHeader, offset: number): { name?: string; size?: number } {
    if (size > MOST_HEADER) throw new Error(`a header of ${size} bytes`);
    const content = this.read(offset, size);
    if (type === 'L') return { name: content.toString('utf8').split('\0')[0] };
    if (type !== 'x') return {};
    const records = paxRecords(content);
    const given = records.get('size');
    if (given !== undefined && !/^\d{1,15}$/.test(given)) throw new Error(`the size ${given}`);
    return { name: records.get('path'), size: given === undefined ? undefined : Number(given) };
  }

  /** Checks that zeros alone follow the end: what stood there would be lost without a word. */
  #checkRest(at: number): void {
    const rest = this.size - at;
    if (rest > MOST_REST || this.read(at, rest).some((byte) => byte !== 0))
      throw tarError(this.path, `byte ${at}: more after the end, as of two files in one`);
  }

  #guarded<T>(at: number, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof KcrError) throw error;
      throw tarError(this.path, `byte ${at}: ${(error as Error).message}`);
    }
  }
}
