import { existsSync } from 'node:fs';
import { copyFile, link, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { makeFolder, temporaryOf, unwritable } from '@kcr/core/internal';

/** The full name of a commit. */
export const COMMIT = /^[0-9a-f]{40}$/;

/**
 * A repository's folder in the hub's cache, as Python's huggingface_hub has it: `blobs` by their checksums, `snapshots/COMMIT` with
 * links to them under their names, and `refs` with the commit of each branch.
 */
export class HubCache {
  /** @param folder of the repository */
  constructor(private readonly folder: string) {}

  /** The folder of a state of the repository. */
  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** Whether a file is there, whole. */
  has(commit: string, file: string): boolean {
    return existsSync(join(this.snapshot(commit), file));
  }

  /** Where a file's bytes are, by its checksum. */
  blob(checksum: string): string {
    return join(this.folder, 'blobs', checksum);
  }

  /** The commit that a branch or tag was when it was last read. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (COMMIT.test(revision)) return revision;
    const text = await readFile(join(this.folder, 'refs', revision), 'utf8').catch(() => '');
    return COMMIT.test(text.trim()) ? text.trim() : undefined;
  }

  /** @throws KcrError `OUT_WRITE` */
  async remember(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return;
    await place(join(this.folder, 'refs', revision), (temporary) => writeFile(temporary, commit));
  }

  /** Gives a blob its name in a snapshot. @throws KcrError `OUT_WRITE` */
  async point(commit: string, file: string, checksum: string): Promise<void> {
    const [path, blob] = [join(this.snapshot(commit), file), this.blob(checksum)];
    await place(path, (temporary) =>
      symlink(relative(dirname(path), blob), temporary)
        // Windows lets few users make symbolic links.
        .catch(() => link(blob, temporary))
        .catch(() => copyFile(blob, temporary)),
    );
  }
}

/** Makes a file beside its place, and then gives it the place. @throws KcrError `OUT_WRITE` */
async function place(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await makeFolder(dirname(path));
    // An earlier process of this id, as containers have them, may have left it.
    await rm(temporary, { force: true });
    await make(temporary);
    await rename(temporary, path);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}
