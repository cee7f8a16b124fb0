import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { KcrError, messageOf } from '@kcr/core';
import { makeFolder, unwritable } from '@kcr/core/internal';
import { RangeIgnored } from './hub-fetch.ts';

/** A file as the hub lists it. */
export interface ListedFile {
  readonly size: number;
  /** SHA-256 of files in large-file storage, git's SHA-1 of others. Names the blob. */
  readonly checksum: string;
}

export interface Download extends ListedFile {
  /** What messages call it. */
  readonly where: string;
  /** Where it is put once it is whole. */
  readonly path: string;
  /** Its bytes from one on. */
  read(start: number): AsyncIterable<Uint8Array>;
  /** Hears of bytes that are there. */
  progress?(done: number): void;
}

/** Milliseconds before what broke off is asked for again. */
const PAUSE = 200;

/**
 * Downloads a file. Its bytes go to a file beside the path, which takes the name when its size and its checksum are right. What breaks
 * off is asked for again as long as something comes; after that, another call goes on behind the last byte. Two processes that download
 * one file write the same bytes to the same places.
 *
 * @throws KcrError `HUB_DOWNLOAD` where it breaks off or has another size or checksum, `OUT_WRITE`, and those of `read`
 */
export async function download(file: Download): Promise<void> {
  const { path } = file;
  const partial = `${path}.kcr.incomplete`;
  await makeFolder(dirname(path)).catch((cause) => {
    throw unwritable(path, cause);
  });
  const begun = (await bytesOf(partial)) > 0;
  if (await fetchWhole(file, partial)) return;
  // What an earlier call has left may not have been what it took it for.
  if (begun && (await fetchWhole(file, partial))) return;
  throw broken(
    file.where,
    `${file.size} bytes with another checksum than ${file.checksum}, which the hub lists`,
    DAMAGED,
  );
}

const DAMAGED = 'Download again; if it stays so, the file on the hub is damaged';

const broken = (where: string, found: string, fix: string, cause?: unknown) =>
  new KcrError('HUB_DOWNLOAD', { where, found, fix, cause });

const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Fetches what is missing, and gives it its name if it has its checksum; else nothing of it stays. */
async function fetchWhole(file: Download, partial: string): Promise<boolean> {
  await fetchRest(file, partial);
  // Another process may have been quicker.
  if (existsSync(file.path)) {
    await rm(partial, { force: true });
    return true;
  }
  const found = await checksumOf(partial, file).catch((cause) => {
    if (!existsSync(file.path)) throw unwritable(partial, cause);
  });
  const isRight = found === undefined || found === file.checksum;
  if (isRight)
    await rename(partial, file.path).catch((cause) => {
      if (!existsSync(file.path)) throw unwritable(file.path, cause);
    });
  else await rm(partial, { force: true });
  return isRight;
}

/** Fetches what is missing. @throws KcrError as {@link download} */
async function fetchRest(file: Download, partial: string): Promise<void> {
  if ((await bytesOf(partial)) > file.size) await rm(partial, { force: true });
  let restarted = false;
  while (!existsSync(file.path)) {
    const before = await bytesOf(partial);
    if (before === file.size && existsSync(partial)) return;
    const cause = await append(file, partial, before);
    const after = await bytesOf(partial);
    if (cause instanceof RangeIgnored && !restarted) {
      restarted = true;
      await rm(partial, { force: true });
    } else if (after === file.size || existsSync(file.path)) return;
    else if (cause instanceof KcrError && cause.code !== 'HUB_REACH') {
      if (cause.code === 'HUB_DOWNLOAD') await rm(partial, { force: true });
      throw cause;
    } else if (after > before) await setTimeout(PAUSE);
    else throw endedEarly(file, after, cause);
  }
}

function endedEarly({ where, size }: Download, done: number, cause: unknown): KcrError {
  const said = cause instanceof KcrError ? cause.found : messageOf(cause);
  return broken(
    where,
    `${done} of ${size} bytes, then ${cause === undefined ? 'nothing more came' : said}`,
    'Run the same command again: it goes on where this one broke off',
    cause,
  );
}

/** Writes what comes behind the bytes that are there. @returns why it ended, if something says so */
async function append(file: Download, partial: string, before: number): Promise<unknown> {
  const opened = await open(partial, constants.O_WRONLY | constants.O_CREAT).catch((cause) => {
    throw unwritable(partial, cause);
  });
  let done = before;
  try {
    file.progress?.(done);
    for await (const chunk of file.read(before)) {
      if (done + chunk.length > file.size) throw tooMany(file);
      await writeAt(opened, chunk, done).catch((cause) => {
        throw unwritable(partial, cause);
      });
      done += chunk.length;
      file.progress?.(done);
    }
    return undefined;
  } catch (cause) {
    return cause;
  } finally {
    await opened.sync().catch(() => {});
    await opened.close();
  }
}

const tooMany = ({ where, size }: Download) =>
  broken(where, `more than the ${size} bytes that the hub lists`, DAMAGED);

/** Writes all of a chunk: one call may write a part. */
async function writeAt(file: FileHandle, chunk: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, start + done);
    done += bytesWritten;
  }
}

/** The checksum of a file, of the kind that is wanted. */
async function checksumOf(path: string, { checksum, size }: ListedFile): Promise<string> {
  const isGit = checksum.length === 40;
  const hash = createHash(isGit ? 'sha1' : 'sha256');
  if (isGit) hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
