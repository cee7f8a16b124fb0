import { type ModelEntry, models } from '@kcr/backbones';
import {
  classification,
  type Dim,
  KcrError,
  type LoadedModel,
  type Model,
  type Preprocessing,
  taskOf,
} from '@kcr/core';
import { SAID_BY_FIELDS } from './timm-fields.ts';

const refuse = (where: string, found: string, prune = ''): never => {
  throw new KcrError('EXPORT_FORM', {
    where,
    found,
    fix: `Write an ONNX file, which holds any model (kcr export --out FILE.onnx)${prune}`,
  });
};

const EQUAL_MLPS =
  ', or prune the hidden channels of the MLPs alone, equally in all blocks (kcr prune --dims hidden --allocator uniform)';

/** Whether a dimension is the hidden layer of a transformer block's MLP. */
const isMlpHidden = ({ name }: Dim) => /(^|\.)mlp\.hidden$/.test(name);

/** What timm's layers have not, said of a dimension that was pruned. */
function prunedText({ size, full, of, groups, fullGroups }: Dim): string {
  if (of) return `${size} of ${full} channels, taken by index, and timm's layers read all`;
  const channels = `${size} of ${full} channels`;
  if (fullGroups > 1)
    return `${channels} in ${groups} of ${fullGroups} heads, and timm's heads are as wide as tokens divided by heads`;
  return `${channels}, and timm has no argument for that`;
}

/**
 * The `mlp_ratio` that gives each MLP the width that it has.
 *
 * @throws KcrError `EXPORT_FORM` where no number does
 */
function mlpRatio({ dims, config }: Model): number {
  const { mlp_ratio: own } = config as { mlp_ratio: number };
  const mlps = [...dims.values()].filter(isMlpHidden).map((hidden) => {
    const { full } = dims.get(hidden.name.replace(/hidden$/, 'io')) as Dim;
    return { hidden, width: full };
  });
  const gives = (ratio: number) =>
    mlps.filter(({ hidden, width }) => Math.floor(width * ratio) !== hidden.size);
  // Between two counts, so that no rounding decides.
  const ratios = mlps.flatMap(({ hidden: { size }, width }) => [
    size / width,
    (size + 0.5) / width,
  ]);
  const ratio = [own, ...ratios].find((one) => gives(one).length === 0);
  if (ratio !== undefined) return ratio;
  const [first, other] = [mlps[0]!, gives((mlps[0]!.hidden.size + 0.5) / mlps[0]!.width)[0]!];
  const said = ({ hidden, width }: (typeof mlps)[number]) =>
    `${hidden.size} for ${width} channels (${hidden.name})`;
  return refuse(
    other.hidden.name,
    `MLPs of ${said(other)} and ${said(first)}, and timm has one mlp_ratio for all blocks`,
    EQUAL_MLPS,
  );
}

/** The options of the model that timm builds. @throws KcrError `EXPORT_FORM` for a model with parts that timm has not */
function wholeConfig(model: Model): Readonly<Record<string, unknown>> {
  const { architecture, adapters, dims, config } = model;
  const { name: task } = taskOf(model);
  if (task !== classification.name)
    refuse(architecture.name, `a model of ${task}, timm's are of classes`);
  const [adapter] = adapters;
  if (adapter)
    refuse(`adapter ${adapter.name}`, 'layers that were added to the model, which timm has not');
  const pruned = [...dims.values()].filter(({ size, full }) => size < full);
  const outside = pruned.find((dim) => !isMlpHidden(dim));
  if (outside) refuse(outside.name, prunedText(outside), EQUAL_MLPS);
  return pruned.length > 0 ? { ...config, mlp_ratio: mlpRatio(model) } : { ...config };
}

/** What of an entry's options differs from a model's. */
function differing(
  { architecture, config }: ModelEntry,
  wanted: Readonly<Record<string, unknown>>,
) {
  const named = Object.entries(architecture.configure(config));
  return Object.fromEntries(
    named.flatMap(([key, value]) =>
      JSON.stringify(value) === JSON.stringify(wanted[key]) ? [] : [[key, wanted[key]]],
    ),
  );
}

/** What timm makes a model from. */
export interface TimmModel {
  /** Its name, without a tag. */
  readonly architecture: string;
  /** Arguments beside what the name, `num_classes` and `input_size` say. */
  readonly model_args: Readonly<Record<string, unknown>>;
  /** Whether timm makes it for one size of images. */
  readonly fixed_input_size: boolean;
}

/**
 * Timm's name and arguments of a model: of the names that can be given what differs, the one with the least of it.
 *
 * @throws KcrError `EXPORT_FORM` for a model that timm cannot build
 */
export function timmModel({ model, info }: Pick<LoadedModel, 'model' | 'info'>): TimmModel {
  const { architecture } = model;
  const { timm } = architecture;
  const config = wholeConfig(model);
  // By name: the model may be of another copy of the backbones than this package has.
  const family = Object.entries(models).filter(
    ([, entry]) =>
      entry.architecture.module === architecture.module &&
      entry.architecture.name === architecture.name,
  );
  if (family.length === 0 || !timm)
    return refuse(`${architecture.module}#${architecture.name}`, 'a model that timm has not');
  const lacking = timm.cannot?.(model.config);
  if (lacking) refuse(architecture.name, lacking);
  const isSaid = (key: string) => Object.hasOwn(SAID_BY_FIELDS, key);
  const candidates = family.map(([name, entry]) => {
    const different = Object.entries(differing(entry, config)).filter(([key]) => !isSaid(key));
    const foreign = different.filter(([key]) => !timm.args.includes(key));
    // Of models that are built alike, the one whose published weights were shown such images.
    const strange = Number(!isShownAlike(entry, info.input));
    return { name, different, foreign, strange };
  });
  const [best] = candidates.sort(
    (a, b) =>
      a.foreign.length - b.foreign.length ||
      a.different.length - b.different.length ||
      a.strange - b.strange,
  );
  const { name, different, foreign } = best!;
  const [[key, value] = []] = foreign;
  if (key)
    refuse(
      `config, ${key}`,
      `${JSON.stringify(value)}, and timm's ${name} has no argument for that`,
    );
  return {
    architecture: name,
    model_args: Object.fromEntries(different),
    fixed_input_size: timm.args.includes('img_size'),
  };
}

const isShownAlike = ({ normalization }: ModelEntry, { mean, std }: Preprocessing) =>
  JSON.stringify([normalization.mean, normalization.std]) === JSON.stringify([mean, std]);
