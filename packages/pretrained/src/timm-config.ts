import { modelEntry } from '@kcr/backbones';
import { INTERPOLATIONS, KcrError, type Preprocessing } from '@kcr/core';
import { checkFields, type JsonRefusal, readJson } from '@kcr/core/internal';
import { z } from 'zod';
import type { SourceModel } from './source.ts';
import { SAID_BY_FIELDS, type TimmFile, timmFields } from './timm-fields.ts';

/** What a timm folder says of its model. */
export interface TimmConfig {
  /** timm's name, with the tag if there is one. */
  readonly name: string;
  readonly model: SourceModel;
  readonly classes?: readonly string[];
  readonly input: Preprocessing;
}

const refusal: JsonRefusal = {
  code: 'TIMM_CONFIG',
  fix: "Use a folder of timm's `save_for_hf` or of its hub",
};

/** Arguments of timm that say how a model is run or first filled, not what it is. */
const HARMLESS = new Set([
  'dynamic_img_size',
  'dynamic_img_pad',
  'strict_img_size',
  'always_partition',
  'weight_init',
  'fix_init',
]);

/**
 * Reads the `config.json` of a timm folder.
 *
 * @throws KcrError `TIMM_CONFIG`, `MODEL_UNKNOWN`, `MODEL_CONFIG`
 */
export async function readTimmConfig(path: string): Promise<TimmConfig> {
  const json = await readJson(path, refusal);
  refuseTransformers(json, path);
  const file = checkFields(timmFields, nested(json), path, refusal);
  const { tag } = file.pretrained_cfg;
  const plain = file.architecture.split('.', 1)[0] ?? '';
  const name = tag ? `${plain}.${tag}` : file.architecture;
  const entry = modelEntry(name);
  const { architecture } = entry;
  const known = architecture.configure(entry.config);
  const config = optionsOf(file, known);
  const own = Object.entries(config).filter(([key]) => Object.hasOwn(known, key));
  const built = architecture.configure({ ...known, ...Object.fromEntries(own) });
  const input = inputOf(file, entry, architecture.input(built).shape);
  const classes = classesOf(file, path);
  return { name, model: { architecture, config, defaults: entry.config }, classes, input };
}

/** What transformers writes under the same name. */
const transformersFields = z.looseObject({
  architecture: z.undefined().optional(),
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
});

/** @throws KcrError `TIMM_CONFIG` for a file of the transformers library, whose arrays have other names */
function refuseTransformers(json: unknown, path: string): void {
  const { data } = transformersFields.safeParse(json);
  const said = data && [data.model_type, ...(data.architectures ?? [])].filter(Boolean);
  if (!said || said.length === 0) return;
  throw new KcrError('TIMM_CONFIG', {
    where: path,
    found: `a configuration of the transformers library (${said.join(', ')}), not timm's`,
    fix: 'Take the weights from timm, where most are published too: its config.json has `architecture` and `pretrained_cfg`',
  });
}

/** Older files have the fields of `pretrained_cfg` beside `architecture`. */
function nested(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || 'pretrained_cfg' in json) return json;
  const { architecture, num_features, model_args, labels, ...rest } = json as Record<
    string,
    unknown
  >;
  const label_names = labels === undefined ? {} : { label_names: labels };
  const pretrained_cfg = { ...rest, ...label_names };
  return { architecture, num_features, model_args, pretrained_cfg };
}

/** The options that a file says, as timm makes a model of it: those that this architecture has. */
function optionsOf(file: TimmFile, known: object): object {
  const args = Object.entries(file.model_args ?? {});
  const fields = Object.entries(SAID_BY_FIELDS).map(([key, read]) => [key, read(file)] as const);
  // `global_pool` is for people: timm makes the model without it.
  const said = [...fields, ['global_pool', file.global_pool] as const];
  return Object.fromEntries([
    ...said.filter(([key, value]) => value !== undefined && Object.hasOwn(known, key)),
    // What an architecture does not know it refuses, unless timm needs it for something else.
    ...args.filter(([key]) => Object.hasOwn(known, key) || !HARMLESS.has(key)),
  ]);
}

/** How images were shown; what the file does not say is as in timm's table of models. */
function inputOf(
  { pretrained_cfg: said }: TimmFile,
  entry: ReturnType<typeof modelEntry>,
  [height, width, channels]: readonly [number, number, number],
): Preprocessing {
  const { mean, std } = entry.normalization;
  const interpolation = INTERPOLATIONS.find((one) => one === said.interpolation);
  return {
    input_size: [channels, height, width],
    // timm's others (`random` of training, `lanczos`) are bicubic here.
    interpolation: interpolation ?? 'bicubic',
    crop_pct: said.crop_pct ?? entry.cropRatio ?? 1,
    crop_mode: said.crop_mode ?? 'center',
    mean: said.mean ?? mean,
    std: said.std ?? std,
  };
}

/** Names of classes, as a list or by their numbers. */
const namesOf = ({ label_names, class_map }: Pick<TimmFile, 'label_names' | 'class_map'>) =>
  label_names ??
  (class_map && Object.fromEntries(Object.entries(class_map).map(([name, i]) => [i, name])));

/** @throws KcrError `TIMM_CONFIG` for names that are not one for each class */
function classesOf(file: TimmFile, path: string): readonly string[] | undefined {
  const { pretrained_cfg: said } = file;
  const own = namesOf(file);
  const names = own ?? namesOf(said);
  if (!names) return undefined;
  const list = Array.isArray(names) ? names : Object.keys(names).flatMap((_, i) => names[i] ?? []);
  const count = file.num_classes ?? said.num_classes ?? list.length;
  if (list.length === count && new Set(list).size === count) return list;
  // Those of `pretrained_cfg` may be of the model that this one was made from.
  if (!own) return undefined;
  throw new KcrError('TIMM_CONFIG', {
    where: path,
    found: `class names: ${new Set(list).size} different names, numbered from 0, for ${count} classes`,
    fix: 'Name each class once, by its number, or leave the names out',
  });
}
