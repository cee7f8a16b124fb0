import { rmSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { isAlive, startOf } from './processes.ts';

/** The file of a run's folder that says which process works there. */
const FILE = 'run.lock';

/** Who holds a lock. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Of the process, where the system says it. */
  readonly start?: string;
  /** Since when, in ISO 8601. */
  readonly since: string;
}

/** Takes a folder for this process alone until it is disposed of, or the process exits. @throws KcrError `OUT_LOCKED` */
export async function lockRun(directory: string): Promise<AsyncDisposable> {
  const path = join(directory, FILE);
  const holder: Holder = {
    host: hostname(),
    pid: process.pid,
    start: startOf(process.pid),
    since: new Date().toISOString(),
  };
  const text = `${JSON.stringify(holder)}\n`;
  while (!(await created(path, text))) await takeOver(path);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  return {
    async [Symbol.asyncDispose]() {
      process.off('exit', release);
      release();
    },
  };
}

/** Writes a lock, whole or not at all, unless there is one. */
async function created(path: string, text: string): Promise<boolean> {
  const own = `${path}.${process.pid}.tmp`;
  await writeFile(own, text);
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    return await createdWithoutLinks(path, text);
  } finally {
    await rm(own, { force: true });
  }
}

/** The same where the file system has no links. */
async function createdWithoutLinks(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a lock away whose process is gone. @throws KcrError `OUT_LOCKED` where it is not known to be */
async function takeOver(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const holder = holderOf(text);
  if (!holder || !isGone(holder)) throw locked(path, holder);
  const aside = `${path}.${process.pid}.tmp`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  // Another process may have taken over in between: its lock is given back.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function holderOf(text: string): Holder | undefined {
  try {
    const { host, pid, start, since } = JSON.parse(text);
    if (typeof host === 'string' && Number.isSafeInteger(pid) && pid > 0)
      return { host, pid, start, since: String(since) };
  } catch {
    // No lock that was written here.
  }
  return undefined;
}

/** Whether a process is known to run no more: of this machine, and not there, or there as a later one. */
function isGone({ host, pid, start }: Holder): boolean {
  if (host !== hostname()) return false;
  if (!isAlive(pid)) return true;
  const now = startOf(pid);
  return start !== undefined && now !== undefined && start !== now;
}

const locked = (path: string, holder: Holder | undefined) =>
  new KcrError('OUT_LOCKED', {
    where: path,
    found: holder
      ? `a run of process ${holder.pid} on ${holder.host} since ${holder.since}`
      : 'a lock that does not say whose it is',
    fix: 'Wait for it, or choose another output folder; if that process runs no more, delete the file',
  });
