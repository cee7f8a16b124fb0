import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedModel, loadModel } from '@kcr/core';
import { findAdapter, findArchitecture, findHead } from './modules.ts';

/** Whether a path is a checkpoint folder. */
export const isCheckpoint = (path: string): boolean => existsSync(join(path, 'model.json'));

/**
 * Loads a checkpoint folder, with any architecture, head and adapters that their modules have.
 *
 * @throws KcrError `MODULE_LOAD`, `ARCHITECTURE_UNKNOWN`, `HEAD_UNKNOWN`, `ADAPTER_UNKNOWN`, and those of `loadModel`
 */
export const loadCheckpoint = (directory: string): Promise<LoadedModel> =>
  loadModel(directory, { architecture: findArchitecture, head: findHead, adapter: findAdapter });
