import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { publishedTag } from '@kcr/backbones';
import { KcrError, type Model } from '@kcr/core';
import { labelledImages } from '@kcr/data';
import { modelOf } from './find-model.ts';
import { findModelEntry } from './find-model-entry.ts';
import { literal } from './literal.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import type { FineTuning, FineTuningMethod } from './recipes/fine-tuning.ts';
import { fineTuning } from './recipes/fine-tuning.ts';
import type { RecipeInput } from './recipes/recipe.ts';

export interface InitOptions {
  /** A model by timm name. Default `deit_tiny_patch16_224`. */
  readonly model?: string;
  /** Its published weights: a checkpoint of any kind. Default: timm's, from the hub. */
  readonly weights?: string;
  /** How many times fewer MACs there should be. Default 2. */
  readonly goal?: number;
  /** How the model is made smaller. Default `prune`. */
  readonly method?: FineTuningMethod;
}

/** A recipe for a folder of images, and what was found there. */
export interface InitResult {
  readonly recipe: RecipeInput;
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** Images to train on, and to test on; of one folder all are counted as the former. */
  readonly train: number;
  readonly test: number;
  /** Fewest and most images of a class. */
  readonly perClass: readonly [number, number];
  /** The recipe as a module with comments. */
  readonly text: string;
}

/** Names of the parts of a data set, the first that is there is taken. */
const TRAIN = ['train', 'training'];
const TEST = ['test', 'val', 'valid', 'validation'];

/** Share of the images that is kept for testing where a folder has no split. */
const TEST_SHARE = 0.2;

/** The paths of the parts of a folder of images. */
async function partsOf(data: string): Promise<Required<NonNullable<FineTuning['data']>>> {
  const names = await readdir(data).catch((cause) => {
    throw new KcrError('DATA_ROOT', {
      where: data,
      found: 'no folder that can be read',
      fix: 'Pass a folder of images: train and test, or one folder for each class',
      cause,
    });
  });
  const plain = (name: string) => name.replace(/\.(csv|tsv|tar|parquet)$/i, '');
  const first = (wanted: readonly string[]) =>
    wanted.map((one) => names.find((name) => plain(name) === one)).find((found) => found);
  const [train, test] = [first(TRAIN), first(TEST)];
  if (train !== undefined && test !== undefined) return { train, test };
  return { train: train ?? '.', test: { share: TEST_SHARE } };
}

/** timm's weights of a model on the hub, where there are any: those of the name's tag, or of timm's default. */
function publishedWeights(name: string): string | undefined {
  const [plain = '', own] = name.split('.', 2);
  const tag = own ?? publishedTag(plain);
  return tag === undefined || name.includes('#') ? undefined : `hf://timm/${plain}.${tag}`;
}

/** Fewest updates of a training that has any effect, and most epochs for them. */
const UPDATES = 400;
const MOST_EPOCHS = 100;

/** Batches and epochs for a number of images: the fewer there are, the more often they are shown. */
function planFor(images: number): Pick<FineTuning, 'batchSize' | 'epochs'> {
  const batchSize = Math.min(64, Math.max(2, Math.floor(images / 8)));
  const updates = Math.max(Math.floor(images / batchSize), 1);
  return { batchSize, epochs: Math.min(Math.max(Math.ceil(UPDATES / updates), 10), MOST_EPOCHS) };
}

/** Side that images are read at to be counted. */
const SIDE = 8;

/**
 * Looks at a folder of images and writes a recipe for them, which fine-tunes a published model and makes it smaller.
 *
 * @param data with train and test (or val), or one folder for each class; tar, CSV and Parquet files as recipes have them
 * @throws KcrError `DATA_ROOT`, `OPTION` for a goal that is none, `MODEL_UNKNOWN`, and those of reading images and weights
 */
export async function init(data: string, options: InitOptions = {}): Promise<InitResult> {
  const { model: name = 'deit_tiny_patch16_224', goal = 2, method = 'prune' } = options;
  if (!(goal > 1 && goal <= 20))
    throw new KcrError('OPTION', {
      where: 'init, goal',
      found: String(goal),
      fix: 'Say how many times fewer MACs there should be: above 1, at most 20',
    });
  const parts = await partsOf(data);
  const read = (path: string) => labelledImages(join(data, path), { size: SIDE, invalid: 'skip' });
  const train = await read(parts.train);
  const test = typeof parts.test === 'string' ? await read(parts.test) : undefined;
  const counts = train.classes.map((_, k) => train.labels.filter((label) => label === k).length);
  const pretrained = options.weights ?? publishedWeights(name);
  const model = options.weights
    ? (await loadCheckpoint(options.weights, { architecture: name })).model
    : modelOf(await findModelEntry(name));
  const recipe = fineTuning(basename(resolve(data)), {
    method,
    model: { name, ...(pretrained ? { pretrained } : {}) },
    budget: 1 / goal,
    classes: train.classes.length,
    data: parts,
    ...planFor(train.labels.length),
  });
  const found = {
    recipe,
    classes: train.classes,
    train: train.labels.length,
    test: test?.labels.length ?? 0,
    perClass: [Math.min(...counts), Math.max(...counts)] as const,
  };
  return { ...found, text: textOf(data, found, { goal, model }) };
}

const COMMENTS: Readonly<Record<string, string>> = {
  data: 'Where the images are, within --data, and how those to train on are changed.',
  dense: 'First the whole model learns these classes.',
  prune: 'Then it is made smaller:',
  search: 'Then it is searched for the channels that matter, its weights as they are.',
  retrain: 'Then what is left is trained on, with the whole model as teacher.',
};

/** What is said of the model: at another size it takes another time. */
function aboutModel({ inputShape: [height, width], config }: Model): string[] {
  const named =
    'The model, by timm name, and whose weights it starts from (--weights takes others).';
  if (!Object.hasOwn(config, 'img_size')) return [named];
  const half = Math.round(Math.min(height, width) / 64) * 32;
  return [
    named,
    `It sees images at ${height} x ${width} px; config: { img_size: ${half} } is faster, and enough for small images.`,
  ];
}

/** The recipe as a module. */
function textOf(
  data: string,
  found: Omit<InitResult, 'text'>,
  { goal, model }: { goal: number; model: Model },
): string {
  const { recipe, classes, train, test, perClass } = found;
  const [fewest, most] = perClass;
  const split =
    test > 0
      ? `${train} images to train on and ${test} to test on`
      : `${train} images without a split: ${100 * TEST_SHARE} % of each class are kept for testing`;
  const fields = Object.entries(recipe).flatMap(([key, value]) => {
    const comments = key === 'model' ? aboutModel(model) : [COMMENTS[key] ?? []].flat();
    return [...comments.map((comment) => `  // ${comment}`), `  ${key}: ${literal(value, '  ')},`];
  });
  return `// ${classes.length} classes, ${split}; ${fewest === most ? fewest : `${fewest} to ${most}`} a class${test > 0 ? ' to train on' : ''}.
// Goal: ${goal} times fewer multiply-accumulates. docs/recipes.md has all fields.
//
//   npx kcr compress ${recipe.name}.mjs --data ${data} --out runs/${recipe.name}
export default {
${fields.join('\n')}
};
`;
}
