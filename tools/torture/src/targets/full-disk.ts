import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Generator } from '@kcr/core';
import { readTree } from '../disk/tree.ts';
import { ending, runUnderWatch, type Whole, wholeRun } from '../run-under-watch.ts';
import { writeInputs } from '../stage-inputs.ts';
import { type Stage, stageOf } from '../stages.ts';
import type { Answer, ReadyRun, Target } from '../target.ts';
import { wrongRefusal } from './refused.ts';

const run = promisify(execFile);

/** Bytes that a file takes in memory are a multiple of this. */
const PAGE = 4096;
const ROOMY = '64m';

/** Mounts a file system in memory of a size, or gives a mounted one another. */
const mount = (folder: string, size: string, how = ''): Promise<unknown> =>
  run('mount', ['-t', 'tmpfs', '-o', `${how}size=${size}`, 'kcr-torture', folder]);

/** Whether this process may mount file systems. */
export async function canMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-torture-mount-'));
  try {
    await mount(folder, ROOMY);
    await run('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(folder);
  }
}

/** A stage whose disk is as large as a part of what it writes; then there is room. */
class FullDiskRun implements ReadyRun {
  constructor(
    private readonly stage: Stage,
    private readonly folder: string,
    private readonly whole: Whole,
    /** Bytes that a whole run takes. */
    private readonly size: number,
  ) {}

  async disturb(generator: Generator): Promise<Answer> {
    const disk = join(this.folder, 'disk');
    const [out, inputs] = [join(disk, 'out'), `${this.folder}-inputs`];
    const pages = 1 + generator.integer(Math.ceil(this.size / PAGE) + 40);
    await mkdir(disk, { recursive: true });
    await mount(disk, String(pages * PAGE));
    try {
      const { error } = await runUnderWatch(this.stage, inputs, out);
      await mount(disk, ROOMY, 'remount,');
      const wrong =
        (error ? wrongRefusal(error, out) : undefined) ??
        (await ending(this.stage, inputs, out, this.whole)).wrong;
      if (wrong) return { outcome: 'wrong', message: `a disk of ${pages} pages: ${wrong}` };
      return { outcome: error ? 'refused' : 'read', message: '' };
    } finally {
      await run('umount', [disk]);
    }
  }
}

/** Stages on disks that are too small. */
export const fullDisks: readonly Target<ReadyRun>[] = ['compress', 'cascade'].map((name) => ({
  name: `full-${name}`,
  async ready(folder) {
    const [stage, inputs] = [stageOf(name), `${folder}-inputs`];
    await writeInputs(inputs);
    const whole = await wholeRun(stage, inputs, join(folder, 'whole'));
    const files = [...(await readTree(join(folder, 'whole'))).values()];
    const size = files.reduce((sum, data) => sum + PAGE * Math.ceil((data?.length ?? 0) / PAGE), 0);
    return new FullDiskRun(stage, folder, whole, size);
  },
}));
