import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, link, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, unwritable } from '../ground/atomic.ts';
import { temporaryOf } from '../ground/temporary.ts';
import type { ImageSet } from '../model/batch.ts';
import { trainingFile } from './resume.ts';
import type { RunIdentity } from './run-identity.ts';

/**
 * Trainings that have ended, which others of the same identity take instead of training the same again. Each is the state that it ended
 * with, in a file that is named by a digest of what it was: so nobody has to say which trainings are alike, and one that differs in
 * anything is another file.
 */
export class TrainingCache {
  readonly #path: string;

  private constructor(folder: string, identity: RunIdentity) {
    const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
    this.#path = join(folder, `${digest}.safetensors`);
  }

  /**
   * @param sets the images that are trained on, or evaluated
   * @returns nothing where images do not say which they are: others would look the same
   */
  static of(
    folder: string,
    identity: RunIdentity,
    sets: readonly (ImageSet | undefined)[],
  ): TrainingCache | undefined {
    return sets.every((set) => !set || set.identity)
      ? new TrainingCache(folder, identity)
      : undefined;
  }

  /** Puts the state of a training that has ended where a run goes on from it, if there is one and the run has not begun. */
  async take(directory: string): Promise<void> {
    const path = trainingFile(directory);
    if (existsSync(this.#path) && !existsSync(path)) await placed(this.#path, path);
  }

  /** Keeps the state of a training that has ended. */
  async give(directory: string): Promise<void> {
    if (!existsSync(this.#path)) await placed(trainingFile(directory), this.#path);
  }
}

/** Gives a file a second name; a copy where the file system has no links. States are replaced and never changed, so neither name sees the other's. */
async function placed(from: string, to: string): Promise<void> {
  const temporary = temporaryOf(to);
  try {
    await makeFolder(dirname(to));
    await link(from, temporary).catch(() => copyFile(from, temporary));
    await rename(temporary, to);
  } catch (error) {
    throw unwritable(to, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
