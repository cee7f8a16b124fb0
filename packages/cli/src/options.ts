import { isRecord } from '@kcr/core/internal';
import {
  type EvaluationData,
  engineMaker,
  engineNames,
  type MakeEngine,
  type RunOptions,
  recipes,
} from '@kcr/pipeline';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Digits, and for numbers that need not be whole a point and an exponent: not all that JavaScript reads (`0x10`, ``). */
const WHOLE = /^\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads numbers of a form and a range. @param what is said to be needed in place of another */
const numberOf =
  (form: RegExp, fits: (value: number) => boolean, what: string) =>
  (text: string): number => {
    const value = form.test(text) ? Number(text) : Number.NaN;
    if (Number.isFinite(value) && fits(value)) return value;
    throw new InvalidArgumentError(`${what} is needed`);
  };

/** A whole number from 0. */
export const whole = numberOf(WHOLE, Number.isSafeInteger, 'a whole number from 0');

/** How many, at least one. */
export const count = numberOf(
  WHOLE,
  (value) => value >= 1 && Number.isSafeInteger(value),
  'a whole number from 1',
);

/** A number above 0. */
export const positive = numberOf(DECIMAL, (value) => value > 0, 'a number above 0');

/** Images at most, or as many as there is memory for. */
export const microBatch = (text: string): number | 'auto' => (text === 'auto' ? text : count(text));

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** A time in seconds, minutes or hours, in seconds. */
export function duration(text: string): number {
  const [, amount = '', unit = ''] = /^(.*?)([smh])$/.exec(text) ?? [];
  const seconds = DECIMAL.test(amount) ? Number(amount) * SECONDS[unit]! : Number.NaN;
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new InvalidArgumentError('a time such as 90s, 10m or 2h is needed');
}

/** A share of a whole. */
export const share = numberOf(DECIMAL, (value) => value >= 0 && value <= 1, 'a number from 0 to 1');

/** A share of a whole, and more than nothing. */
export const positiveShare = numberOf(
  DECIMAL,
  (value) => value > 0 && value <= 1,
  'a number above 0, at most 1',
);

/** Percentage points. */
export const points = numberOf(
  DECIMAL,
  (value) => value > 0 && value <= 100,
  'a number above 0, at most 100',
);

/** Most that an image is enlarged beyond what a model allows: each step of it is as many canvases. */
const MOST_SCALE = 16;

const scale = numberOf(
  DECIMAL,
  (value) => value > 0 && value <= MOST_SCALE,
  `a number above 0, at most ${MOST_SCALE},`,
);

/** Collects the factors of an option. */
export const scales = (text: string, before: number[] = []): number[] => [...before, scale(text)];

/** Bytes by the ends of sizes. */
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9 };

/** A size in bytes: `256MB`, `1.5G`, `100000`. */
export function bytes(text: string): number {
  const found = /^(\d+(?:\.\d+)?) ?([KMG]?)B?$/i.exec(text);
  const size = found ? Math.round(Number(found[1]) * UNITS[found[2]!.toUpperCase()]!) : 0;
  if (size >= 1 && Number.isSafeInteger(size)) return size;
  throw new InvalidArgumentError('a size such as 256MB is needed');
}

/** Collects numbers of an option that takes several. */
export const counts = (text: string, before: number[] | true | undefined): number[] => [
  ...(Array.isArray(before) ? before : []),
  count(text),
];

/** An object as JSON. */
export function json(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  if (isRecord(value)) return value;
  throw new InvalidArgumentError('an object is needed');
}

/** Collects texts of an option that may be given several times. */
const texts = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

/** Adds `--trust`, of commands that read a checkpoint. */
export const withTrust = (command: Command): Command =>
  command.option(
    '--trust <module>',
    'a module whose code a checkpoint may run, exactly as its model.json names it; may be repeated',
    texts,
  );

/** What a checkpoint is read as. */
export interface CheckpointOptions {
  model?: string;
  config?: Record<string, unknown>;
  trust?: readonly string[];
}

const PLACES =
  'a checkpoint folder, a timm folder, either on the hub (hf://OWNER/NAME[@REVISION]), or a safetensors file';

/** What a checkpoint argument may be. */
export const CHECKPOINT = `${PLACES} (with the name of its model)`;

/** Adds `--config`, `--trust` and the option that names a bare file's model, of commands that read a checkpoint. */
export const withCheckpoint = (command: Command, name = '--model'): Command =>
  withTrust(
    command
      .option(`${name} <name>`, 'the model of a bare safetensors file, by timm name or MODULE#NAME')
      .option('--config <json>', "options of the model that differ from the checkpoint's", json),
  );

/** The checkpoint's part of a command's options, as the pipeline takes it. */
export const checkpointOf = ({ model, config, trust }: CheckpointOptions) => ({
  architecture: model,
  config,
  trust,
});

/** Where steps run. */
export interface EngineOptions {
  engine: (typeof engineNames)[number];
  device: 'cpu' | 'webgpu' | 'cuda';
}

/** Adds `--engine` and `--device`. */
export const withEngine = (command: Command): Command =>
  command
    .addOption(new Option('--engine <name>', 'how steps run').choices(engineNames).default('onnx'))
    .addOption(
      new Option('--device <name>', 'where the onnx engine runs')
        .choices(['cpu', 'webgpu', 'cuda'])
        .default('cpu'),
    );

export const engineOf = ({ engine, device }: EngineOptions): MakeEngine =>
  engineMaker(engine, { device });

/** Adds `--scales` and `--flip`. */
export const withViews = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--scales <n...>',
        'of class maps: sizes to look at, 1 as large as the model allows',
      ).argParser(scales),
    )
    .option('--flip', 'of class maps: look at mirrored images too');

/** Adds what says how images and what is in them are read, of commands that measure. */
export const withMeasuring = (command: Command): Command =>
  withViews(command)
    .option('--annotations <file>', 'of detectors: a COCO file of instances')
    .option('--instance-ids', 'of class maps: labels number objects of the second class')
    .option('--reduce-zero-label', 'of class maps: 0 is no class, as in ADE20K')
    .option(
      '--crop-ratio <share>',
      "size of the centre crop, as a share of the resized image (default: the checkpoint's)",
      positiveShare,
    )
    .option('--batch-size <n>', 'images at once', count, 64)
    .addOption(invalidOption());

export const invalidOption = (): Option =>
  new Option('--invalid <what>', 'entries that cannot be used: an error, or left out and counted')
    .choices(['error', 'skip'])
    .default('error');

/** The options of {@link overRecipe}. */
export type RecipeOptions = Omit<RunOptions, 'engine' | 'on'> & EngineOptions & { json?: boolean };

/** Adds the argument and the options that all commands over a recipe share. */
export const overRecipe = (command: Command): Command =>
  withEngine(
    withTrust(command)
      .argument('<recipe>', `a recipe file, or one of ${Object.keys(recipes).join(', ')}`)
      .option(
        '--data <folder>',
        "the recipe's images: train and test, one folder per class in each",
      )
      .requiredOption(
        '--out <folder>',
        'the run: checkpoints, metrics, results; an interrupted run goes on',
      )
      .option('--seed <n>', "instead of the recipe's seed", whole)
      .option('--weights <path>', `weights to start from: ${PLACES}`)
      .option(
        '--backbone <checkpoint>',
        "of models with a head: the compact model's backbone with its weights, pruned or not, instead of a search",
      )
      .option(
        '--eval-every <n>',
        'epochs of a training from one evaluation to the next, instead of 1; after the last one there is one',
        count,
      )
      .option(
        '--eval-images <n>',
        'test images that are evaluated before the last epoch of a training, drawn by the seed, instead of all',
        count,
      )
      .option(
        '--batch-size <n>',
        "images of a batch of all trainings, instead of the recipe's",
        count,
      )
      .option(
        '--micro-batch <n>',
        'images that are trained at once, at most, or `auto` for as many as fit into memory: a batch is trained in as many pieces as that takes, for one update',
        microBatch,
      )
      .option(
        '--checkpoint-every <time>',
        'save trainings within an epoch, too, where the last checkpoint is older, such as 90s, 10m (unless said otherwise) or 2h',
        duration,
      )
      .option(
        '--recompute',
        'compute values of the forward pass again for the gradients, instead of keeping them: less memory, more time',
      )
      .option(
        '--sync-batch-norm',
        'of several processes: batch norms normalise by the images of all of them, instead of those of each',
      )
      .option('--teacher <path>', 'learn from it: a checkpoint, a file of logits, or `dense`'),
  ).option('--json', 'print the result as JSON');

/** What says how images are read, without what says which checkpoint. */
export function imagesOf({
  annotations,
  instanceIds,
  reduceZeroLabel,
  scales,
  flip,
  cropRatio,
  invalid,
}: Omit<EvaluationData, 'data'>) {
  return { annotations, instanceIds, reduceZeroLabel, scales, flip, cropRatio, invalid };
}
