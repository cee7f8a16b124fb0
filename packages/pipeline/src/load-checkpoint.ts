import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Generator,
  type ImportReport,
  importText,
  KcrError,
  type LoadedModel,
  type ModelParts,
} from '@kcr/core';
import {
  loadPretrained,
  type Pretrained,
  readSource,
  type Source,
  sourceKinds,
} from '@kcr/pretrained';
import type { OnEvent } from './events.ts';
import { findModelEntry } from './find-model-entry.ts';
import { findAdapter, findArchitecture, findHead, isBundled } from './modules.ts';

/** Whose code a checkpoint may run. */
export interface Trust {
  /**
   * Modules that are imported where a checkpoint names them, written exactly as in its model.json. Those that come along
   * with the pipeline need no trust. Default: none.
   */
  readonly trust?: readonly string[];
}

/** Which model a checkpoint is read as. */
export interface ReadAs extends Trust {
  /** The model, by timm name or MODULE#NAME. Default: the one that the checkpoint says; a bare safetensors file says none. */
  readonly architecture?: string;
  /** Options of the model that differ from the checkpoint's: `img_size`, `num_classes`, `in_chans`, ... */
  readonly config?: object;
}

/** What a checkpoint is read as. */
export interface CheckpointOptions extends ReadAs {
  /** Names of the classes that it is used for, in their order, see `loadPretrained`. Default: the checkpoint's. */
  readonly classes?: readonly string[];
  /** Of what is drawn, such as a classifier of other classes. Default 0. */
  readonly seed?: number;
  /** Hears of downloads, and what an import drew, resized and left. */
  readonly on?: OnEvent;
  /** URL of the file that names of modules are resolved from. Default: a file in the process's folder. */
  readonly from?: string;
}

/** A checkpoint, and how its arrays became the model's. */
export interface Checkpoint extends LoadedModel, Pick<Pretrained, 'report' | 'saysInput'> {}

/** Whether a path is a checkpoint folder of the toolkit. */
export const isCheckpoint = (path: string): boolean => existsSync(join(path, 'model.json'));

/** Whether a text names a place that weights are in, and not a model by its name. */
export async function isSource(text: string): Promise<boolean> {
  for (const { fits } of sourceKinds) if (await fits(text)) return true;
  return false;
}

/**
 * Loads a checkpoint: a folder of the toolkit or of timm, a name on the hub, or a safetensors file beside a model's name. Its
 * architecture, head and adapters are those of modules that come along, and of modules that the caller trusts; no other code
 * is imported.
 *
 * @param source such a place, or what `openSource` found there
 * @throws KcrError `CHECKPOINT_TRUST`, `MODULE_LOAD`, `ARCHITECTURE_UNKNOWN`, `HEAD_UNKNOWN`, `ADAPTER_UNKNOWN`, and those
 *   of `loadPretrained`
 */
export async function loadCheckpoint(
  source: string | Source,
  { trust = [], architecture, config, classes, seed = 0, on, from }: CheckpointOptions = {},
): Promise<Checkpoint> {
  const where = typeof source === 'string' ? source : source.where;
  const found = await loadPretrained(source, {
    model: architecture === undefined ? undefined : await findModelEntry(architecture, from),
    config,
    classes,
    generator: new Generator(seed).fork('weights'),
    parts: trustedParts(where, trust, from),
    on,
  });
  if (isWorthSaying(found.report))
    on?.({ type: 'imported', where, text: importText(found.report, found.model) });
  return found;
}

/**
 * What a place has: its weights under their names in the file, and what it says of their model.
 *
 * @throws KcrError those of `loadCheckpoint`
 */
export const openSource = (
  source: string,
  { trust = [], on, from }: Pick<CheckpointOptions, 'trust' | 'on' | 'from'> = {},
): Promise<Source> => readSource(source, { parts: trustedParts(source, trust, from), on });

/** Finds what a checkpoint names, among modules that come along and those that are trusted. */
function trustedParts(source: string, trust: readonly string[], from?: string): ModelParts {
  const ofTrusted =
    <T>(find: (module: string, name: string, from?: string) => Promise<T>) =>
    async (module: string, name: string): Promise<T> => {
      if (isBundled(module) || trust.includes(module)) return find(module, name, from);
      throw new KcrError('CHECKPOINT_TRUST', {
        where: existsSync(source) ? join(source, 'model.json') : `${source}, model.json`,
        found: `"${name}" of ${JSON.stringify(module)}, a module whose code would run`,
        fix: `If you know this module and trust whom the checkpoint is from, name it: --trust ${module}, or \`trust\` of the function`,
      });
    };
  return {
    architecture: ofTrusted(findArchitecture),
    head: ofTrusted(findHead),
    adapter: ofTrusted(findAdapter),
  };
}

/** What hears of all but what an import did: for weights that are read a second time, or that their reader speaks of. */
export const downloadsOf =
  (on?: OnEvent): OnEvent =>
  (event) => {
    if (event.type !== 'imported') on?.(event);
  };

/** Whether an import did more than take arrays as they are. */
export const isWorthSaying = ({ drawn, resized, left, choices }: ImportReport): boolean =>
  [drawn, resized, left, choices].some(({ length }) => length > 0);
