import { readdir, rm, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './processes.ts';

let names = 0;

/** A new name beside a path, for what takes the path's place when it is whole: `PATH.N.PID.tmp`. */
export const temporaryOf = (path: string): string => `${path}.${names++}.${process.pid}.tmp`;

/** A {@link temporaryOf}, what it is for, and whose. */
const TEMPORARY = /^(.*)\.\d+\.(\d+)\.tmp$/s;

/**
 * Removes what processes of this machine were writing when they ended. What cannot be removed does no harm.
 *
 * @param of the only entry of the folder to look for. Default: all, in the folders within too
 * @throws Error of the system where the folder cannot be read
 */
export async function removeLeftovers(folder: string, of?: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: of === undefined })) {
    const [, whole, pid] = TEMPORARY.exec(name) ?? [];
    const path = join(folder, name);
    if (pid && (of ?? whole) === whole && (await isLeftBy(Number(pid), path)))
      await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/**
 * Whether the process that wrote something has ended. Ids are given again, above all in containers and after a start of the
 * machine: what is older than these is nobody's, whoever has the id.
 */
async function isLeftBy(pid: number, path: string): Promise<boolean> {
  if (!isAlive(pid)) return true;
  const since = pid === process.pid ? performance.timeOrigin : Date.now() - 1000 * uptime();
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && written.mtimeMs < since;
}
