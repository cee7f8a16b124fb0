import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join, relative } from 'node:path';
import type { Tree } from './model.ts';

/** Reads all files and folders within a folder; none where it is not there. */
export async function readTree(root: string): Promise<Tree> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const tree = new Map<string, Buffer | undefined>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    tree.set(relative(root, path), entry.isDirectory() ? undefined : await readFile(path));
  }
  return tree;
}

/** Writes files and folders into one that is new. */
export async function writeTree(root: string, tree: Tree): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [path, data] of [...tree].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (data) await writeFile(join(root, path), data);
    else await mkdir(join(root, path), { recursive: true });
}

/** Gives all files in a folder a time before this machine, and with it this process, started. */
export async function makeOld(root: string): Promise<void> {
  const time = Date.now() / 1000 - uptime() - 3600;
  for (const [path, data] of await readTree(root))
    if (data) await utimes(join(root, path), time, time);
}
