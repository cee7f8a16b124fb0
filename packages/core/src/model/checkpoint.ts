import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../ground/atomic.ts';
import { KcrError } from '../ground/error.ts';
import { readSafetensors, writeSafetensors } from '../ground/safetensors.ts';
import { type Adapter, describeAdapter } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import type { Kept } from './dim.ts';
import { Model } from './model.ts';
import { type Normalization, type Preprocessing, plainPreprocessing } from './preprocessing.ts';
import type { StateDict } from './state-dict.ts';

/** What a saved model says besides its structure. */
export interface ModelInfo {
  /** Class names in the order of the logits. */
  classes: readonly string[];
  /** How an image becomes the model's input. */
  input: Preprocessing;
}

interface Named {
  module: string;
  name: string;
}

/** What version 1 of the format had instead of `input`. */
interface Version1 {
  normalization?: Normalization;
}

interface ModelFile extends ModelInfo, Version1 {
  format: 'kcr-model';
  version: 1 | 2;
  /** With the backbone that it stands on, where it is a head for dense prediction. */
  architecture: Named & { backbone?: Named };
  config: object;
  kept: Kept;
  /** Absent where there are none. */
  adapters?: ReturnType<typeof describeAdapter>[];
}

/** A model read from a checkpoint. */
export interface LoadedModel {
  model: Model;
  weights: StateDict;
  info: ModelInfo;
}

/** Finds what a saved model names. */
export interface ModelParts {
  architecture(module: string, name: string): Promise<Architecture> | Architecture;
  /** What makes an architecture of a backbone; needed for models with a head. */
  head?(module: string, name: string): Promise<MakeHead> | MakeHead;
  /** What makes an adapter from its options. */
  adapter(module: string, name: string): Promise<MakeAdapter> | MakeAdapter;
}

/** Makes the architecture of a head on a backbone. */
export type MakeHead<C extends object = object> = (backbone: Architecture) => Architecture<C>;

export type MakeAdapter = (options: object) => Adapter;

const named = ({ module, name }: Pick<Architecture, 'module' | 'name'>): Named => ({
  module,
  name,
});

/**
 * Writes `model.json` and `model.safetensors` into a folder, each atomically, once the weights are found to be the model's.
 *
 * @throws KcrError `STATE_DICT`, `STATE_FINITE`; nothing is written then
 */
export async function saveModel(
  directory: string,
  model: Model,
  weights: StateDict,
  info: ModelInfo,
): Promise<void> {
  const { architecture, config, kept } = model;
  const adapters = model.adapters.map(describeAdapter);
  const file: ModelFile = {
    format: 'kcr-model',
    version: 2,
    architecture: {
      ...named(architecture),
      ...(architecture.backbone ? { backbone: named(architecture.backbone) } : {}),
    },
    config,
    kept,
    ...(adapters.length > 0 ? { adapters } : {}),
    ...info,
  };
  await saveWeights(model, weights, join(directory, 'model.safetensors'));
  await writeAtomic(join(directory, 'model.json'), `${JSON.stringify(file, null, 1)}\n`);
}

/**
 * Writes a model's weights as timm does: the same names, and counters as 64-bit integers.
 *
 * @throws KcrError `STATE_DICT`, `STATE_FINITE`; nothing is written then
 */
export async function saveWeights(model: Model, weights: StateDict, path: string): Promise<void> {
  model.checkState(weights, path);
  const counters = model.params.filter((p) => p.dtype === 'int32').map((p) => p.name);
  const types = Object.fromEntries(counters.map((name) => [name, 'I64' as const]));
  await writeSafetensors(path, { tensors: weights, metadata: { format: 'pt' } }, types);
}

/**
 * Reads a checkpoint folder.
 *
 * @throws KcrError `CHECKPOINT_READ`, `CHECKPOINT_FORMAT`, `STATE_DICT`, `STATE_FINITE` and those of safetensors
 */
export async function loadModel(directory: string, parts: ModelParts): Promise<LoadedModel> {
  const path = join(directory, 'model.json');
  const { architecture, config, kept, classes, ...file } = await readModelFile(path);
  const found = await findNamed(architecture, parts);
  const adapters: Adapter[] = [];
  for (const { module, name, options } of file.adapters ?? [])
    adapters.push((await parts.adapter(module, name))(options));
  const model = new Model(found, found.configure(config), kept, adapters);
  const weights = await loadWeights(model, join(directory, 'model.safetensors'));
  return { model, weights, info: { classes, input: file.input ?? version1Input(model, file) } };
}

/** What models of version 1 were shown: classifiers the whole image's centre, others all of it. */
function version1Input(model: Model, { normalization }: Version1): Preprocessing {
  const plain = { ...plainPreprocessing(model.inputShape), ...normalization };
  return model.architecture.backbone
    ? { ...plain, interpolation: 'bilinear', crop_mode: 'corner' }
    : plain;
}

/**
 * Reads a model's weights from a safetensors file with its parameter names, such as timm's, or with names
 * that one of its architecture's mappings knows.
 *
 * @throws KcrError `STATE_DICT` with all missing, unexpected and misshapen names, `STATE_FINITE`, and those of safetensors
 */
export async function loadWeights(model: Model, path: string): Promise<StateDict> {
  const { tensors } = await readSafetensors(path);
  const mapping = model.architecture.mappings?.find(({ fits }) => fits(tensors));
  const state = mapping ? mapping.map(tensors) : tensors;
  model.checkState(state, mapping ? `${path} (${mapping.name})` : path);
  return state;
}

async function findNamed(
  { module, name, backbone }: ModelFile['architecture'],
  parts: ModelParts,
): Promise<Architecture> {
  if (!backbone) return parts.architecture(module, name);
  const head = await parts.head?.(module, name);
  if (!head)
    throw new KcrError('CHECKPOINT_HEAD', {
      where: `${module}, ${name}`,
      found: 'a head for dense prediction, and no way to find it',
      fix: 'Give loadModel a `head`, such as the `heads` of @kcr/detect',
    });
  return head(await parts.architecture(backbone.module, backbone.name));
}

async function readModelFile(path: string): Promise<ModelFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new KcrError('CHECKPOINT_READ', {
      where: path,
      found: (cause as Error).message,
      fix: 'Pass a folder with model.json and model.safetensors',
      cause,
    });
  }
  const wrong = (found: string, cause?: unknown) =>
    new KcrError('CHECKPOINT_FORMAT', {
      where: path,
      found,
      fix: 'Use a checkpoint that kcr wrote, of a version not newer than this one',
      cause,
    });
  let file: Partial<ModelFile>;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
  if (file?.format !== 'kcr-model') throw wrong(`format ${JSON.stringify(file?.format)}`);
  if (file.version !== 1 && file.version !== 2)
    throw wrong(`version ${JSON.stringify(file.version)}`);
  const described = file.version === 1 ? 'normalization' : 'input';
  const missing = ['architecture', 'config', 'kept', 'classes', described].filter(
    (key) => !(key in file),
  );
  if (missing.length > 0) throw wrong(`no ${missing.join(', ')}`);
  return file as ModelFile;
}
