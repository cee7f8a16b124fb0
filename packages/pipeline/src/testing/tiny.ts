import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createEagerEngine,
  type Dataset,
  type Engine,
  float32,
  Generator,
  int32,
  type LoadedModel,
  type Model,
  plainPreprocessing,
  saveModel,
} from '@kcr/core';
import { alone } from '@kcr/core/internal';
import sharp from 'sharp';
import { findModel } from '../find-model.ts';
import { GivenWeights } from '../given-weights.ts';
import { parseRecipe } from '../recipes/parse-recipe.ts';
import type { RecipeInput } from '../recipes/recipe.ts';
import type { StageContext } from '../stages/stage.ts';

/** The smallest ViT that has something of everything: 8 px, four tokens, one block of two heads. */
export const tinyVit = {
  name: 'vit_tiny_patch16_224',
  config: {
    img_size: 8,
    patch_size: 4,
    embed_dim: 8,
    depth: 1,
    num_heads: 2,
    num_classes: 2,
  },
};

/** The smallest Swin that has two stages, 32 px. */
export const tinySwin = {
  name: 'swin_tiny_patch4_window7_224',
  config: { img_size: 32, window_size: 4, embed_dim: 8, depths: [1, 1], num_heads: [1, 2] },
};

/** @param config what differs from {@link tinyVit} */
export const tinyModel = (config: object = {}): Promise<Model> =>
  findModel(tinyVit.name, { ...tinyVit.config, ...config });

/** Brightness of an image, 0..1: dark ones are of class 0, light ones of class 1. */
const brightness = (i: number) => (i % 2 === 0 ? 0.2 : 0.7) + 0.02 * i;

/** Images of 8 px of one brightness each, of the classes dark and light in turn. */
export function tinyImages(length = 4): Dataset {
  const shape = [8, 8, 3] as const;
  const size = 8 * 8 * 3;
  const labels = Int32Array.from({ length }, (_, i) => i % 2);
  return {
    length,
    shape,
    labels,
    classes: ['dark', 'light'],
    input: plainPreprocessing(shape),
    async batch(indices) {
      const image = float32([indices.length, ...shape]);
      for (const [n, i] of indices.entries())
        image.data.fill(brightness(i), n * size, (n + 1) * size);
      const own = indices.map((i) => labels[i]!);
      return { image, label: int32([indices.length], own) };
    },
  };
}

/** A recipe for {@link tinyVit} that trains one epoch in two steps. */
export const tinyRecipe = {
  name: 'tiny',
  model: tinyVit,
  data: { root: '.' },
  retrain: { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } },
} satisfies RecipeInput;

/** What a stage of a run of {@link tinyRecipe} is given, with its images in memory. */
export const tinyContext = async (
  directory: string,
  recipe: Partial<RecipeInput> = {},
  { weights, ...more }: Omit<Partial<StageContext>, 'weights'> & { weights?: string } = {},
): Promise<StageContext> => ({
  recipe: await parseRecipe({ ...tinyRecipe, ...recipe }, 'tiny'),
  data: { train: tinyImages(4), test: tinyImages(2) },
  engine: eagerEngine,
  directory,
  trust: [],
  seed: 0,
  communicator: alone,
  on: () => {},
  weights: weights === undefined ? undefined : new GivenWeights(weights, more),
  ...more,
});

/** A checkpoint of a model with drawn weights. */
export async function tinyCheckpoint(directory: string, model?: Model): Promise<LoadedModel> {
  const saved = model ?? (await tinyModel());
  const weights = saved.initialize(new Generator(0));
  const { classes: own } = tinyImages(1);
  const classes = Array.from({ length: saved.classes }, (_, i) => own[i] ?? `class ${i}`);
  const info = { classes, input: plainPreprocessing(saved.inputShape) };
  await saveModel(directory, saved, weights, info);
  return { model: saved, weights, info };
}

/** Writes a grey image. @param grey 0..255 */
export const writeGrey = (path: string, grey: number, [height, width] = [8, 8]) => {
  const background = { r: grey, g: grey, b: grey };
  return sharp({ create: { height: height!, width: width!, channels: 3, background } }).toFile(
    path,
  );
};

/** Writes a label map. @param labels rows of labels, 0..255 */
const writeLabels = (path: string, labels: readonly (readonly number[])[]) => {
  const [height, width] = [labels.length, labels[0]!.length];
  const raw = { height, width, channels: 1 as const };
  return sharp(Uint8Array.from(labels.flat()), { raw }).toColourspace('b-w').png().toFile(path);
};

/** Writes images of 8 px with label maps of their names into `images` and `labels`. */
export async function writeLabelledFolders(
  root: string,
  labels: Readonly<Record<string, readonly (readonly number[])[]>>,
): Promise<void> {
  for (const folder of ['images', 'labels']) await mkdir(join(root, folder), { recursive: true });
  for (const [name, map] of Object.entries(labels)) {
    const size: [number, number] = [map.length, map[0]!.length];
    await writeGrey(join(root, 'images', `${name}.png`), 100, size);
    await writeLabels(join(root, 'labels', `${name}.png`), map);
  }
}

/** Writes two images of each of the classes dark and light, in folders of their names. */
export async function writeClassFolders(root: string): Promise<void> {
  for (const [label, base] of [
    ['dark', 30],
    ['light', 200],
  ] as const) {
    await mkdir(join(root, label), { recursive: true });
    for (const i of [0, 1]) await writeGrey(join(root, label, `${i}.png`), base + 10 * i);
  }
}

/** A folder for one test, which is gone at the end of the scope of an `await using`. */
export async function temporaryFolder(): Promise<{
  root: string;
  at(...parts: string[]): string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const root = await mkdtemp(join(tmpdir(), 'kcr-pipeline-'));
  return {
    root,
    at: (...parts) => join(root, ...parts),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

/** The engine that needs no compilation, which is the quickest for a few images. */
export const eagerEngine = (): Promise<Engine> => createEagerEngine({ backend: 'cpu' });

/** Makes engines, and knows those that have not been freed. */
export function countedEngines() {
  const open = new Set<Engine>();
  let made = 0;
  const make = async (): Promise<Engine> => {
    const engine = await eagerEngine();
    const dispose = engine.dispose.bind(engine);
    engine.dispose = async () => {
      open.delete(engine);
      await dispose();
    };
    open.add(engine);
    made++;
    return engine;
  };
  return {
    make,
    get made() {
      return made;
    },
    get open() {
      return open.size;
    },
  };
}
