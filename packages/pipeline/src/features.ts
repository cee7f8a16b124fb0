import {
  compileFeatures,
  type Engine,
  float32,
  Generator,
  type ImageSet,
  imageBatches,
  int32,
  KcrError,
  type LoadedModel,
  type NdArray,
  range,
  writeSafetensors,
} from '@kcr/core';
import { poolPixels } from '@kcr/ib-bound';
import { isLabelled } from './data/labelled.ts';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { loadCheckpoint, type ReadAs } from './load-checkpoint.ts';
import { requireWritableFile } from './out/writable.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';
import type { EvaluationData } from './tasks/task-kit.ts';

export interface FeaturesOptions extends EvaluationData, ReadAs {
  /** The safetensors file to write. */
  readonly out: string;
  /** Images at once. Default 64. */
  readonly batchSize?: number;
  /** Images that are read, drawn at random, the same each time. Default: all, but at most 50,000. */
  readonly images?: number;
  /** Makes the engine. Default: {@link engineMaker}'s. */
  readonly engine?: MakeEngine;
  readonly on?: OnEvent;
}

/** What a file of features has. */
export interface FeaturesReport {
  /** Images. */
  readonly n: number;
  /** Images that there are, where not all of them were read. */
  readonly of?: number;
  /** Features of an image. */
  readonly d: number;
  /** Pooled pixels of an image. */
  readonly inputs: number;
  /** Whether each image has a class. */
  readonly labels: boolean;
  readonly file: string;
}

/**
 * Writes what `kcr complexity` and `kcr ib` read of a checkpoint, images as in evaluation: `features` [n, d], the classifier's
 * inputs; `inputs` [n, p], the images' pixels averaged over a grid of 16 x 16; and where images have a class each,
 * `labels` [n]. In memory is what is written, 4 (d + p) bytes for an image.
 *
 * @param checkpoint of any kind, see `loadCheckpoint`
 * @throws KcrError `CHECKPOINT_*`, `OPTION` for what the task does not know and for more `images` than there are, `OUT_WRITE`, `OUTPUT_FINITE`, and those of
 *   reading the data
 */
export async function writeFeatures(
  checkpoint: string,
  { out, batchSize = 64, images, engine: makeEngine = engineMaker(), ...options }: FeaturesOptions,
): Promise<FeaturesReport> {
  const { trust: _, architecture: __, config: ___, on = () => {}, ...request } = options;
  const loaded = await loadCheckpoint(checkpoint, options);
  await requireWritableFile(out);
  const kit = await findTaskKit(loaded.model);
  const data = await kit.evaluationData(loaded, { cacheBytes: 0, ...request }, on);
  const indices = chosen(data.length, images);
  await using engine = await makeEngine();
  const { features, inputs } = await readImages(loaded, data, { indices, batchSize, on, engine });
  const own = isLabelled(data) ? indices.map((i) => data.labels[i]!) : undefined;
  const labels = own && int32([own.length], own);
  await writeSafetensors(out, {
    tensors: { features, inputs, ...(labels ? { labels } : {}) },
    metadata: { classes: JSON.stringify(loaded.info.classes) },
  });
  const [n, d] = features.shape as [number, number];
  const of = n < data.length ? { of: data.length } : {};
  return { n, ...of, d, inputs: inputs.shape[1]!, labels: labels !== undefined, file: out };
}

/** Images where no number is given: a file of more would be some GB, and what it is read for hardly changes. */
const IMAGES = 50_000;

/** Indices of the images that are read. @throws KcrError `OPTION` */
function chosen(length: number, images = Math.min(length, IMAGES)): Int32Array {
  if (!Number.isInteger(images) || images < 1 || images > length)
    throw new KcrError('OPTION', {
      where: 'features, images',
      found: `${images} of ${length} images`,
      fix: `Choose a whole number from 1 to ${length}`,
    });
  if (images === length) return range(length);
  return new Generator(0).permutation(length).slice(0, images).sort();
}

/** The features of images and their pooled pixels, in one pass over them. */
async function readImages(
  { model, weights }: LoadedModel,
  data: ImageSet,
  {
    indices,
    batchSize,
    on,
    engine,
  }: { indices: Int32Array; batchSize: number; on: OnEvent; engine: Engine },
): Promise<{ features: NdArray; inputs: NdArray }> {
  engine.set(weights);
  await using reading = compileFeatures(engine, model);
  const count = indices.length;
  const features = float32([count, model.featureSize]);
  let inputs: NdArray | undefined;
  let done = 0;
  for await (const image of imageBatches(data, batchSize, indices)) {
    features.data.set((await reading({ image })).features!.data, done * model.featureSize);
    const { d, data: pixels } = poolPixels(image);
    inputs ??= float32([count, d]);
    inputs.data.set(pixels, done * d);
    done += image.shape[0]!;
    on({ type: 'features', done, images: count });
  }
  return { features, inputs: inputs ?? float32([0, 0]) };
}
