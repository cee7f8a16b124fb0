import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KcrError, type LoadedModel, loadModel } from '@kcr/core';
import { findAdapter, findArchitecture, findHead, isBundled } from './modules.ts';

/** Whose code a checkpoint may run. */
export interface Trust {
  /**
   * Modules that are imported where a checkpoint names them, written exactly as in its model.json. Those that come along
   * with the pipeline need no trust. Default: none.
   */
  readonly trust?: readonly string[];
}

/** Whether a path is a checkpoint folder. */
export const isCheckpoint = (path: string): boolean => existsSync(join(path, 'model.json'));

/**
 * Loads a checkpoint folder. Its architecture, head and adapters are those of modules that come along, and of modules that
 * the caller trusts; no other code is imported.
 *
 * @throws KcrError `CHECKPOINT_TRUST`, `MODULE_LOAD`, `ARCHITECTURE_UNKNOWN`, `HEAD_UNKNOWN`, `ADAPTER_UNKNOWN`, and those
 *   of `loadModel`
 */
export function loadCheckpoint(
  directory: string,
  { trust = [] }: Trust = {},
): Promise<LoadedModel> {
  const ofTrusted =
    <T>(find: (module: string, name: string) => Promise<T>) =>
    async (module: string, name: string): Promise<T> => {
      if (isBundled(module) || trust.includes(module)) return find(module, name);
      throw new KcrError('CHECKPOINT_TRUST', {
        where: join(directory, 'model.json'),
        found: `"${name}" of ${JSON.stringify(module)}, a module whose code would run`,
        fix: `If you know this module and trust whom the checkpoint is from, name it: --trust ${module}, or \`trust\` of the function`,
      });
    };
  return loadModel(directory, {
    architecture: ofTrusted(findArchitecture),
    head: ofTrusted(findHead),
    adapter: ofTrusted(findAdapter),
  });
}
