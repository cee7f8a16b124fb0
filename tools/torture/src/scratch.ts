import { accessSync, constants } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, where there is one: `fsync` takes no time there. */
const MEMORY = '/dev/shm';

function place(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    return MEMORY;
  } catch {
    return tmpdir();
  }
}

/** Makes a folder for files that are soon gone. */
export const scratchFolder = (): Promise<string> => mkdtemp(join(place(), 'kcr-torture-'));
