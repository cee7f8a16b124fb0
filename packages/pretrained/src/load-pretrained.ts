import { architectures, type ModelEntry, modelEntry } from '@kcr/backbones';
import {
  Generator,
  type ImportReport,
  importState,
  KcrError,
  Model,
  type ModelInfo,
  type ModelParts,
  plainPreprocessing,
  type StateDict,
} from '@kcr/core';
import { classesOf, fileOptions, numberedClasses } from '@kcr/core/internal';
import { adaptedInput, entryInput } from './pretrained-input.ts';
import type { Source, SourceEvent, SourceKind, SourceModel } from './source.ts';
import { sourceKinds } from './source-kinds.ts';

export interface PretrainedOptions {
  /** The model, by timm name or entry. Default: the one that the source says that it is of. */
  readonly model?: string | ModelEntry;
  /** Options that differ from the source's: `img_size`, `num_classes`, `in_chans`, ... */
  readonly config?: object;
  /**
   * Class names of the new task, in the order of its labels. A classifier of the same classes is taken, in this order; of a source
   * that names none the classes are taken in order, if they are as many; otherwise it is drawn (`matchClasses`). Default: the
   * source's, where it has as many.
   */
  readonly classes?: readonly string[];
  /** Draws what the source does not have, such as a classifier of other classes. Default: of seed 0. */
  readonly generator?: Generator;
  /** Finds what a checkpoint of the toolkit names. Default: the backbones of `@kcr/backbones`, and no other code. */
  readonly parts?: ModelParts;
  /** Kinds of places that are asked before `sourceKinds`. */
  readonly kinds?: readonly SourceKind[];
  /** Hears of downloads, and of what could not be looked up. */
  readonly on?: (event: SourceEvent) => void;
}

/** A model with the weights of a source. */
export interface Pretrained {
  readonly model: Model;
  readonly weights: StateDict;
  readonly info: ModelInfo;
  /** Whether the source says how it was shown images; otherwise `info.input` is what weights of that name usually are shown. */
  readonly saysInput: boolean;
  readonly report: ImportReport;
}

/** Finds what checkpoints name among the backbones. */
const OWN_PARTS: ModelParts = {
  architecture(module, name) {
    const found = module === '@kcr/backbones' && architectures[name];
    if (found) return found;
    throw unknownPart('ARCHITECTURE_UNKNOWN', module, name);
  },
  adapter(module, name) {
    throw unknownPart('ADAPTER_UNKNOWN', module, name);
  },
};

const unknownPart = (
  code: 'ARCHITECTURE_UNKNOWN' | 'ADAPTER_UNKNOWN',
  module: string,
  name: string,
) =>
  new KcrError(code, {
    where: `${module}, ${name}`,
    found: 'nothing that is found without `parts`',
    fix: 'Give `parts`, which finds it',
  });

/**
 * A model with published weights: of a checkpoint folder of the toolkit, a timm folder (`config.json`, one safetensors file or
 * several with an index), the same on the hub (`hf://OWNER/NAME[@REVISION]`), or a safetensors file beside a model's name. The model may have other classes, another image size,
 * other channels, patches and windows than the weights are of (`importState`).
 *
 * @param source such a place, or what {@link readSource} found there
 * @throws KcrError `CHECKPOINT_READ` where there are no weights, `PRETRAINED_MODEL` where a model's name is missing,
 *   `MODEL_UNKNOWN`, `MODEL_CONFIG`, `OPTION` for classes that are not the model's, `STATE_DICT`, `STATE_FINITE`,
 *   `WEIGHTS_PICKLE`, `WEIGHTS_INDEX`, `TIMM_CONFIG`, those of checkpoints and safetensors, and `HUB_*`
 */
export async function loadPretrained(
  source: string | Source,
  options: PretrainedOptions = {},
): Promise<Pretrained> {
  const found = typeof source === 'string' ? await readSource(source, options) : source;
  const { of, entry } = modelOf(found, options);
  const tensors = await found.tensors();
  const { model, choices } = build(of, tensors, options);
  const image = found.input && ([found.input.input_size[1], found.input.input_size[2]] as const);
  const generator = options.generator ?? new Generator(0);
  const { state, report } = importState(model, tensors, {
    generator,
    where: found.where,
    image,
    classes: options.classes && { own: options.classes, file: found.classes },
  });
  const input = found.input ?? (entry ? entryInput(model, entry) : undefined);
  const info: ModelInfo = {
    classes: classNames(model, found, options),
    input: input ? adaptedInput(model, input) : plainPreprocessing(model.inputShape),
  };
  const said = { ...report, choices: [...choices, ...report.choices] };
  const saysInput = found.input !== undefined;
  return { model, weights: state, info, saysInput, report: said };
}

/**
 * What a place has: its weights under their names in the file, and what it says of their model.
 *
 * @throws KcrError `CHECKPOINT_READ` where there are no weights, and those of the kind of place
 */
export async function readSource(
  source: string,
  {
    kinds: own = [],
    parts = OWN_PARTS,
    on,
  }: Pick<PretrainedOptions, 'kinds' | 'parts' | 'on'> = {},
): Promise<Source> {
  const kinds = [...own, ...sourceKinds];
  for (const kind of kinds) if (await kind.fits(source)) return kind.read(source, { parts, on });
  throw new KcrError('CHECKPOINT_READ', {
    where: source,
    found: 'no weights',
    fix: `Pass ${kinds.map(({ name }) => name).join(', ')}`,
  });
}

/** What is built: the model that was asked for, or the source's. @throws KcrError `PRETRAINED_MODEL`, `MODEL_UNKNOWN` */
function modelOf({ where, model }: Source, { model: asked }: PretrainedOptions) {
  if (asked !== undefined) {
    const entry = typeof asked === 'string' ? modelEntry(asked) : asked;
    return { of: model ? alike(where, model, entry) : unsaid(entry), entry };
  }
  if (model) return { of: model };
  throw new KcrError('PRETRAINED_MODEL', {
    where,
    found: 'weights that do not say which model they are of',
    fix: 'Give the name of the model too, such as deit_tiny_patch16_224',
  });
}

/** A model of which the source says nothing. */
const unsaid = ({ architecture, config }: ModelEntry): SourceModel => ({
  architecture,
  config: {},
  defaults: config,
});

/** What a source says of a model that was asked for. @throws KcrError `PRETRAINED_MODEL` where it is of another architecture */
function alike(where: string, said: SourceModel, entry: ModelEntry): SourceModel {
  const nameOf = ({ module, name }: ModelEntry['architecture']) => `${module}#${name}`;
  const [found, asked] = [nameOf(said.architecture), nameOf(entry.architecture)];
  if (found === asked) return { ...said, defaults: { ...entry.config, ...said.defaults } };
  throw new KcrError('PRETRAINED_MODEL', {
    where,
    found: `weights of ${found}, and ${asked} was asked for`,
    fix: 'Ask for the model that the weights are of, or leave its name out',
  });
}

/**
 * The model: options that were asked for, then the source's, then what its arrays say, then the name's.
 *
 * @throws KcrError `MODEL_CONFIG`
 */
function build(of: SourceModel, tensors: StateDict, options: PretrainedOptions) {
  const { architecture, config, defaults, kept, adapters } = of;
  const make = (more: object) =>
    new Model(architecture, architecture.configure(more), kept, adapters);
  const base = make({ ...defaults, ...config });
  const has = (key: string) => Object.hasOwn(base.config, key);
  const asked = {
    ...(options.classes && has('num_classes') ? { num_classes: options.classes.length } : {}),
    ...options.config,
  };
  const isOpen = ([key]: readonly [string, unknown]) =>
    !Object.hasOwn(config, key) && !Object.hasOwn(asked, key);
  const said = Object.fromEntries(Object.entries(fileOptions(base, tensors)).filter(isOpen));
  const classes = classesOf(base, tensors);
  const counted = has('num_classes') && isOpen(['num_classes', classes]);
  const all = {
    ...defaults,
    ...said,
    ...(counted ? { num_classes: classes } : {}),
    ...config,
    ...asked,
  };
  const choices =
    Object.keys(said).length > 0 ? [`built with ${JSON.stringify(said)}, as its arrays say`] : [];
  return { model: make(all), choices };
}

/** @throws KcrError `OPTION` where other classes are named than the model tells apart */
function classNames(
  { classes: count }: Model,
  found: Source,
  { classes: asked }: PretrainedOptions,
): readonly string[] {
  if (asked && asked.length !== count)
    throw new KcrError('OPTION', {
      where: 'loadPretrained, classes',
      found: `${asked.length} names for a model of ${count} classes`,
      fix: "Name as many, or leave out the option that says the model's number (num_classes)",
    });
  if (asked) return asked;
  if (found.classes?.length === count) return found.classes;
  return numberedClasses(count);
}
