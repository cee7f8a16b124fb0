import { existsSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, posix, relative, resolve, sep } from 'node:path';
import { KcrError } from '@kcr/core';
import {
  makeFolder,
  removeLeftovers,
  temporaryOf,
  unwritable,
  writeAtomic,
} from '@kcr/core/internal';
import { classFolders, listImages } from '../class-folders.ts';
import { readExtent } from '../extent.ts';
import { type InvalidPolicy, Refusals } from '../invalid.ts';
import { CLASSES_FILE, tarPaths } from './shard-files.ts';
import { shardIndex } from './shard-index.ts';
import { padded, writeHeader } from './tar-header.ts';

export interface WriteShardsOptions {
  /** Bytes after which a tar file ends; an image is never divided. Default 256 MB, 256 * 10^6. */
  size?: number;
  /** What lies in the folder and is no image that can be used. Default `error`. */
  invalid?: InvalidPolicy;
  /** Called after each image. */
  onImage?(done: number, images: number): void;
}

/** What {@link writeShards} wrote. */
export interface WrittenShards {
  readonly images: number;
  readonly classes: number;
  readonly shards: number;
  readonly bytes: number;
  readonly skipped: Readonly<Record<string, number>>;
}

/** Two blocks of zeros. */
const END = Buffer.alloc(1024);

/** Keys of images by their paths: the path without its ending, and with it where another image has the same. */
function keysOf(root: string, paths: readonly string[]): string[] {
  const used = new Set<string>();
  return paths.map((path) => {
    const name = relative(root, path).split(sep).join('/');
    const { dir, base } = posix.parse(name);
    // WebDataset's keys end at the first point.
    const escaped = (text: string) =>
      posix.join(dir, text.replaceAll('%', '%25').replaceAll('.', '%2E'));
    const short = escaped(base.slice(0, base.length - extname(base).length));
    const key = used.has(short) ? escaped(base) : short;
    used.add(key);
    return key;
  });
}

/** Tar files that are written one after another. */
class ShardWriter implements AsyncDisposable {
  bytes = 0;
  shards = 0;
  #file?: FileHandle;
  #length = 0;

  constructor(
    private readonly folder: string,
    private readonly size: number,
  ) {}

  [Symbol.asyncDispose] = async () => this.#file?.close();

  /** Adds files that stand together. @throws Error of the system */
  async add(files: readonly (readonly [name: string, content: Uint8Array])[]): Promise<void> {
    const blocks = files.flatMap(([name, content]) => [
      writeHeader(name, content.length),
      padded(content),
    ]);
    const sample = Buffer.concat(blocks);
    if (this.#length > 0 && this.#length + sample.length + END.length > this.size) await this.end();
    const name = `${String(this.shards).padStart(6, '0')}.tar`;
    this.#file ??= await open(join(this.folder, name), 'wx');
    await this.#write(sample);
  }

  /** Ends the file that is written. */
  async end(): Promise<void> {
    if (!this.#file) return;
    await this.#write(END);
    await this.#file.sync();
    await this.#file.close();
    this.#file = undefined;
    this.#length = 0;
    this.shards++;
  }

  async #write(content: Uint8Array): Promise<void> {
    await this.#file!.writeFile(content);
    this.#length += content.length;
    this.bytes += content.length;
  }
}

/** Checks that a folder is absent or empty. @throws KcrError `OUT_EXISTS`, `OUT_WRITE` */
async function requireFree(out: string): Promise<void> {
  if (!existsSync(out)) return;
  const found = await readdir(out).catch((cause) => {
    throw unwritable(out, cause);
  });
  if (found.length > 0)
    throw new KcrError('OUT_EXISTS', {
      where: out,
      found: `a folder with ${found.length} entries`,
      fix: 'Choose another output folder',
    });
}

/** Writes what cannot take part of an error's code by itself. @throws KcrError `OUT_WRITE` */
const written = async <T>(out: string, write: () => Promise<T>): Promise<T> =>
  write().catch((cause) => {
    throw cause instanceof KcrError ? cause : unwritable(out, cause);
  });

/**
 * Writes class folders as tar files of WebDataset's layout: `000000.tar`, ... with `KEY.jpg`, `KEY.cls` (the class number) and
 * `KEY.json` where one lies beside the image, in the order of the folder; the names of the classes and the index of the tar files
 * beside them. The same folder gives the same tar files. The output folder appears when all of it is written; what a process that was
 * killed had written for it is removed.
 *
 * @param root one folder of images per class
 * @param out a folder that is absent or empty
 * @throws KcrError `OUT_EXISTS`, `OUT_WRITE`, `FOLDER_READ`, `FOLDER_CLASSES`, `IMAGE_READ`
 */
export async function writeShards(
  root: string,
  out: string,
  { size = 256e6, invalid = 'error', onImage }: WriteShardsOptions = {},
): Promise<WrittenShards> {
  await requireFree(out);
  const classes = await classFolders(root);
  const refusals = new Refusals(invalid);
  const { paths, labels } = await listImages(root, classes, classes, refusals);
  const keys = keysOf(root, paths);
  const folder = resolve(out);
  const draft = temporaryOf(folder);
  try {
    await removeLeftovers(dirname(folder), basename(folder)).catch(() => {});
    await written(out, () => makeFolder(draft));
    await using writer = new ShardWriter(draft, size);
    for (const [i, path] of paths.entries()) {
      const image = await readExtent({ path });
      const beside = await readFile(`${path.slice(0, -extname(path).length)}.json`).catch(
        () => undefined,
      );
      const key = keys[i]!;
      await written(out, () =>
        writer.add([
          [`${key}${extname(path).toLowerCase()}`, image],
          [`${key}.cls`, Buffer.from(String(labels[i]))],
          ...(beside ? [[`${key}.json`, beside] as const] : []),
        ]),
      );
      onImage?.(i + 1, paths.length);
    }
    await written(out, () => writer.end());
    await writeAtomic(join(draft, CLASSES_FILE), `${JSON.stringify(classes)}\n`);
    await shardIndex(draft, await tarPaths(draft), 'error');
    await written(out, () => rename(draft, out));
    const { shards, bytes } = writer;
    const { skipped } = refusals;
    return { images: paths.length, classes: classes.length, shards, bytes, skipped };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
