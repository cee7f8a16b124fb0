import { createHash } from 'node:crypto';
import { createReadStream, type Stats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { KcrError } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';

/** Files read at once. */
const AT_ONCE = 16;
/** Bytes above which a file is read piece by piece. */
const LARGE = 2 ** 26;
/** Files, and bytes, that are read again each time: what took less is not worth a file in the user's cache. */
const FEW = { files: 1000, bytes: 2 ** 28 };
/** A file that was written so few milliseconds before it was read may be written again without another time. */
const RECENT = 2000;
/** Letters of a digest that are kept: 128 bits. */
const LETTERS = 32;

const shortDigest = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex').slice(0, LETTERS);

/** What a digest was made of, as `stat` says it. */
const stampOf = ({ size, mtimeMs, ctimeMs }: Stats): string => `${size}\t${mtimeMs}\t${ctimeMs}`;

/** Where digests are kept between runs: `$XDG_CACHE_HOME/kcr/digests`, one file for each folder. */
const cachePath = (root: string): string =>
  join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'kcr',
    'digests',
    shortDigest(resolve(root)),
  );

/** The lines of a cache, if they are as they were written: its first line is the digest of all others. */
async function cachedLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const end = text.indexOf('\n');
  const lines = text.slice(end + 1);
  return text.slice(0, end) === shortDigest(lines) ? lines.split('\n') : [];
}

/**
 * Digests by name, each with the stamp of the file that it is of; none where there are none, or they cannot be read. A
 * digest that is not as it was written would let a file that has changed pass, or one that has not be refused.
 */
async function readCache(path: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const line of await cachedLines(path)) {
    const found = /^([0-9a-f]{32}\t\d+\t[\d.]+\t[\d.]+)\t(.+)$/.exec(line);
    if (found) known.set(found[2]!, found[1]!);
  }
  return known;
}

const readError = (where: string, cause: unknown) =>
  new KcrError('IMAGE_READ', {
    where,
    found: (cause as Error).message,
    fix: 'Replace the file or take it out of the folder',
    cause,
  });

async function contentDigest(path: string, size: number): Promise<string> {
  if (size <= LARGE) return shortDigest(await readFile(path));
  const digest = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), digest);
  return digest.digest('hex').slice(0, LETTERS);
}

/**
 * SHA-256 of the names, sizes and contents of files, in their order. A file whose content was read before is read again
 * only if its size or one of its times is another; what was read is kept in the user's cache folder, where it is much.
 *
 * @param root folder that the names are relative to, so that a folder that is moved keeps its digest
 * @throws KcrError `IMAGE_READ` for a file that cannot be read
 */
export async function filesDigest(root: string, paths: readonly string[]): Promise<string> {
  const cache = cachePath(root);
  const known = await readCache(cache);
  const digests: string[] = new Array(paths.length);
  const names = paths.map((path) => relative(root, path));
  const read = { files: 0, bytes: 0 };
  const started = Date.now();

  const digestOf = async (i: number): Promise<void> => {
    const [path, name] = [paths[i]!, names[i]!];
    try {
      const stats = statSync(path);
      const stamp = stampOf(stats);
      const before = known.get(name);
      if (before?.endsWith(`\t${stamp}`)) {
        digests[i] = before.slice(0, LETTERS);
        return;
      }
      digests[i] = await contentDigest(path, stats.size);
      read.files++;
      read.bytes += stats.size;
      if (started - Math.max(stats.mtimeMs, stats.ctimeMs) > RECENT && !name.includes('\n'))
        known.set(name, `${digests[i]}\t${stamp}`);
    } catch (cause) {
      throw readError(path, cause);
    }
  };
  let next = 0;
  const worker = async () => {
    while (next < paths.length) {
      const i = next++;
      await digestOf(i);
      // Files that are known take no turn of the event loop, and others wait for one.
      if (i % 1024 === 0) await setImmediate();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (read.files > FEW.files || read.bytes > FEW.bytes) await writeCache(cache, known);
  const all = createHash('sha256');
  digests.forEach((digest, i) => {
    all.update(`${names[i]}\0${digest}\0`);
  });
  return all.digest('hex');
}

/** Keeps digests; where that is not possible, files are read again the next time. */
async function writeCache(path: string, known: ReadonlyMap<string, string>): Promise<void> {
  const lines = Array.from(known, ([name, entry]) => `${entry}\t${name}\n`).join('');
  await writeAtomic(path, `${shortDigest(lines)}\n${lines}`).catch(() => {});
}
