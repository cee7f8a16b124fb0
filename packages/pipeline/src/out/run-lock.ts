import { rmSync } from 'node:fs';
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { isAlive, startOf, temporaryOf, unwritable } from '@kcr/core/internal';

/** The file of a run's folder that says which process works there. */
const FILE = 'run.lock';

/** Times that a lock may be there when it is made, and gone when it is read. */
const MOST = 100;

const isCode = (error: unknown, code: string): boolean =>
  (error as NodeJS.ErrnoException).code === code;

/** Who holds a lock. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Of the process, where the system says it. */
  readonly start?: string;
  /** Since when, in ISO 8601. */
  readonly since: string;
  /** The job of Slurm that the process is part of, if it is of one. */
  readonly job?: Job;
}

/** A job of Slurm, which may be put back and start again on other machines. */
interface Job {
  readonly cluster: string;
  readonly id: string;
  /** Times that it has been put back. */
  readonly restarts: number;
}

/** The job that this process is part of. */
function ownJob(): Job | undefined {
  const { SLURM_CLUSTER_NAME, SLURM_JOB_ID, SLURM_RESTART_COUNT } = process.env;
  if (!SLURM_JOB_ID) return undefined;
  const restarts = Number(SLURM_RESTART_COUNT ?? 0);
  return { cluster: SLURM_CLUSTER_NAME ?? '', id: SLURM_JOB_ID, restarts };
}

/**
 * Takes a folder for this process alone until it is disposed of, or the process exits.
 *
 * @throws KcrError `OUT_LOCKED`, `OUT_WRITE`
 */
export async function lockRun(directory: string): Promise<AsyncDisposable> {
  const path = join(directory, FILE);
  const holder: Holder = {
    host: hostname(),
    pid: process.pid,
    start: startOf(process.pid),
    since: new Date().toISOString(),
    job: ownJob(),
  };
  const text = `${JSON.stringify(holder)}\n`;
  try {
    for (let left = MOST; !(await created(path, text)); left--) {
      // Something else than a lock has its name, such as a link to nothing.
      if (left === 0) throw locked(path, undefined);
      await takeOver(path);
    }
  } catch (cause) {
    throw cause instanceof KcrError ? cause : unwritable(path, cause);
  }
  const release = () => {
    try {
      rmSync(path, { force: true });
      process.off('exit', release);
    } catch {
      // A lock that cannot be taken away does no harm once its process has ended.
    }
  };
  process.once('exit', release);
  return {
    async [Symbol.asyncDispose]() {
      release();
    },
  };
}

/** Writes a lock, whole or not at all, unless there is one. */
async function created(path: string, text: string): Promise<boolean> {
  const own = temporaryOf(path);
  try {
    // It must not lose its content where the power is lost: nobody could take over a lock that says nothing.
    await writeFile(own, text, { flush: true });
    await link(own, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    return await createdWithoutLinks(path, text);
  } finally {
    // If it stays, a later run removes it.
    await rm(own, { force: true }).catch(() => {});
  }
}

/** The same where the file system has no links. */
async function createdWithoutLinks(path: string, text: string): Promise<boolean> {
  const file = await open(path, 'wx').catch((error) => {
    if (isCode(error, 'EEXIST')) return undefined;
    throw error;
  });
  if (!file) return false;
  try {
    await file.writeFile(text);
    await file.sync();
    return true;
  } catch (error) {
    await rm(path, { force: true }).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

/** Takes a lock away whose process is gone. @throws KcrError `OUT_LOCKED` where it is not known to be */
async function takeOver(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text === undefined) return;
  const holder = holderOf(text);
  if (!holder || !isGone(holder)) throw locked(path, holder);
  const aside = temporaryOf(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  // Another process may have taken over in between: its lock is given back.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true }).catch(() => {});
}

function holderOf(text: string): Holder | undefined {
  try {
    const { host, pid, start, since, job } = JSON.parse(text);
    if (typeof host === 'string' && Number.isSafeInteger(pid) && pid > 0)
      return { host, pid, start, since: String(since), job };
  } catch {
    // No lock that was written here.
  }
  return undefined;
}

/**
 * Whether a process is known to run no more: of this machine, and not there, or there as a later one; or of this job before Slurm
 * put it back, which ends all of its processes first.
 */
function isGone({ host, pid, start, job }: Holder): boolean {
  const own = ownJob();
  if (own && job?.cluster === own.cluster && job.id === own.id && job.restarts < own.restarts)
    return true;
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
