import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomic } from '../ground/atomic.ts';
import { KcrError, textOf } from '../ground/error.ts';
import { checkFields, type JsonRefusal, readJson } from '../ground/json.ts';
import { readSafetensors, writeSafetensors } from '../ground/safetensors.ts';
import { type Adapter, describeAdapter } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import { keptFields } from './kept-fields.ts';
import { Model } from './model.ts';
import { type Preprocessing, plainPreprocessing } from './preprocessing.ts';
import { normalizationFields, preprocessingFields } from './preprocessing-fields.ts';
import { mapState, type StateDict } from './state-dict.ts';

/** What a saved model says besides its structure. */
export interface ModelInfo {
  /** Class names in the order of the logits. */
  classes: readonly string[];
  /** How an image becomes the model's input. */
  input: Preprocessing;
}

const name = z.string().min(1);
const named = z.strictObject({ module: name, name });
const options = z.record(z.string(), z.unknown());

/**
 * What both versions of the format have. Further fields beside these are left alone: a newer minor version may write more.
 * Within them they are wrong, since a model without them would be another one.
 */
const commonFields = z.looseObject({
  format: z.literal('kcr-model'),
  /** With the backbone that it stands on, where it is a head for dense prediction. */
  architecture: named.extend({ backbone: named.optional() }),
  config: options,
  kept: keptFields,
  /** Absent where there are none. */
  adapters: z.array(named.extend({ options })).optional(),
  /** None of a model that gives features alone. */
  classes: z.array(name).superRefine((names, context) => {
    const twice = names.find((one, i) => names.indexOf(one) < i);
    if (twice !== undefined)
      context.addIssue({ code: 'custom', message: `${JSON.stringify(twice)} twice` });
  }),
});

const fileFields = z.discriminatedUnion('version', [
  commonFields.extend({ version: z.literal(1), normalization: normalizationFields }),
  commonFields.extend({ version: z.literal(2), input: preprocessingFields }),
]);

type ModelFile = z.output<typeof fileFields>;

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

const nameOf = ({ module, name }: Pick<Architecture, 'module' | 'name'>) => ({
  module,
  name,
});

/**
 * Writes `model.json` and `model.safetensors` into a folder, each atomically, once the weights are found to be the model's.
 *
 * @throws KcrError `STATE_DICT`, `STATE_FINITE`, and `CHECKPOINT_FORMAT` where classes or input are not the model's; nothing
 *   is written then
 */
export async function saveModel(
  directory: string,
  model: Model,
  weights: StateDict,
  info: ModelInfo,
): Promise<void> {
  const { architecture, config, kept } = model;
  const adapters = model.adapters.map(describeAdapter);
  const file = {
    format: 'kcr-model',
    version: 2,
    architecture: {
      ...nameOf(architecture),
      ...(architecture.backbone ? { backbone: nameOf(architecture.backbone) } : {}),
    },
    config,
    kept,
    ...(adapters.length > 0 ? { adapters } : {}),
    ...info,
  };
  const path = join(directory, 'model.json');
  checkInfo(model, info, path);
  await saveWeights(model, weights, join(directory, 'model.safetensors'));
  await writeAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
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
 * Reads a checkpoint folder. Its model.json is checked before anything that it names is looked for.
 *
 * @throws KcrError `CHECKPOINT_READ`, `CHECKPOINT_FORMAT`, `CHECKPOINT_HEAD`, `MODEL_CONFIG`, `STATE_DICT`, `STATE_FINITE` and
 *   those of safetensors
 */
export async function loadModel(directory: string, parts: ModelParts): Promise<LoadedModel> {
  const path = join(directory, 'model.json');
  const file = await readModelFile(path);
  const found = await findNamed(file.architecture, parts);
  const adapters: Adapter[] = [];
  for (const { module, name, options } of file.adapters ?? []) {
    const make = await parts.adapter(module, name);
    adapters.push(ofFile(`${path}, options of adapter `, () => make(options), name));
  }
  const config = ofFile(`${path}, config of `, () => found.configure(file.config), found.name);
  const model = ofFile(`${path}: `, () => new Model(found, config, file.kept, adapters), 'model');
  const info = { classes: file.classes, input: inputOf(model, file) };
  checkInfo(model, info, path);
  const weights = await loadWeights(model, join(directory, 'model.safetensors'));
  return { model, weights, info };
}

/**
 * What is made of what a file says; an error names the file too.
 *
 * @param what is made: an adapter that does not check all of its options fails in its own way
 * @throws KcrError what `make` throws; `CHECKPOINT_FORMAT` for anything else that it throws
 */
function ofFile<T>(file: string, make: () => T, what: string): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof KcrError)) throw wrongFile(file + what, textOf(cause), cause);
    const { code, where, found, fix } = cause;
    throw new KcrError(code, { where: file + where, found, fix, cause });
  }
}

/** @throws KcrError `CHECKPOINT_FORMAT` where classes or input are not the model's */
function checkInfo(model: Model, { classes, input }: ModelInfo, path: string): void {
  const [height, width, channels] = model.inputShape;
  const { input_size, mean, std } = input;
  const problems = [
    ...(classes.length === model.classes
      ? []
      : [`classes: ${classes.length} names for a model of ${model.classes}`]),
    ...(input_size.join() === [channels, height, width].join()
      ? []
      : [`input.input_size: ${input_size} for a model of ${[channels, height, width]}`]),
    ...Object.entries({ mean, std }).flatMap(([key, { length }]) =>
      length === 1 || length === channels
        ? []
        : [`${key}: ${length} numbers for images of ${channels} channels`],
    ),
  ];
  if (problems.length > 0)
    throw new KcrError('CHECKPOINT_FORMAT', {
      where: path,
      found: problems.join('; '),
      fix: 'Name as many classes as the model tells apart, and an input of its size',
    });
}

/** What the model was shown. Of version 1: classifiers the whole image's centre, others all of it. */
function inputOf(model: Model, file: ModelFile): Preprocessing {
  if (file.version === 2) return file.input;
  const plain = { ...plainPreprocessing(model.inputShape), ...file.normalization };
  return model.architecture.backbone
    ? { ...plain, interpolation: 'bilinear', crop_mode: 'corner' }
    : plain;
}

/**
 * Reads a model's weights from a safetensors file with its parameter names, such as timm's, or with names
 * that one of its architecture's mappings knows.
 *
 * @throws KcrError `STATE_DICT` with the first missing, unexpected and misshapen names, `STATE_FINITE`, and those of safetensors
 */
export async function loadWeights(model: Model, path: string): Promise<StateDict> {
  const { tensors } = await readSafetensors(path);
  const names = new Set(model.params.map((p) => p.name));
  const { state, applied } = mapState(tensors, model.architecture.mappings, names);
  model.checkState(state, [path, ...applied.map(({ name }) => `(${name})`)].join(' '));
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

const fix = 'Use a checkpoint that kcr wrote, of a version not newer than this one';

const refusal: JsonRefusal = { code: 'CHECKPOINT_FORMAT', fix };
const absent: JsonRefusal = {
  code: 'CHECKPOINT_READ',
  fix: 'Pass a folder with model.json and model.safetensors',
};

const wrongFile = (where: string, found: string, cause?: unknown): KcrError =>
  new KcrError('CHECKPOINT_FORMAT', { where, found, fix, cause });

async function readModelFile(path: string): Promise<ModelFile> {
  const file = await readJson(path, refusal, absent);
  const { format, version } = Object(file) as Partial<ModelFile>;
  if (format !== 'kcr-model') throw wrongFile(path, `format ${JSON.stringify(format)}`);
  if (version !== 1 && version !== 2) throw wrongFile(path, `version ${JSON.stringify(version)}`);
  return checkFields(fileFields, file, path, refusal);
}
