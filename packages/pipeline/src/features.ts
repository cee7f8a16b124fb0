import {
  compileFeatures,
  type Engine,
  float32,
  type ImageSet,
  imageBatches,
  int32,
  type LoadedModel,
  type NdArray,
  writeSafetensors,
} from '@kcr/core';
import { poolImages } from '@kcr/ib-bound';
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
  /** Makes the engine. Default: {@link engineMaker}'s. */
  readonly engine?: MakeEngine;
  readonly on?: OnEvent;
}

/** What a file of features has. */
export interface FeaturesReport {
  /** Images. */
  readonly n: number;
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
 * `labels` [n].
 *
 * @param checkpoint of any kind, see `loadCheckpoint`
 * @throws KcrError `CHECKPOINT_*`, `OPTION` for what the task does not know, `OUT_WRITE`, `OUTPUT_FINITE`, and those of
 *   reading the data
 */
export async function writeFeatures(
  checkpoint: string,
  { out, batchSize = 64, engine: makeEngine = engineMaker(), ...options }: FeaturesOptions,
): Promise<FeaturesReport> {
  const { trust: _, architecture: __, config: ___, on = () => {}, ...request } = options;
  const loaded = await loadCheckpoint(checkpoint, options);
  await requireWritableFile(out);
  const kit = await findTaskKit(loaded.model);
  const data = await kit.evaluationData(loaded, { cacheBytes: 0, ...request }, on);
  await using engine = await makeEngine();
  const { features, inputs } = await readImages(loaded, data, { batchSize, on, engine });
  const labels = isLabelled(data) ? int32([data.length], data.labels) : undefined;
  await writeSafetensors(out, {
    tensors: { features, inputs, ...(labels ? { labels } : {}) },
    metadata: { classes: JSON.stringify(loaded.info.classes) },
  });
  const [n, d] = features.shape as [number, number];
  return { n, d, inputs: inputs.shape[1]!, labels: labels !== undefined, file: out };
}

/** The features of all images and their pooled pixels, in one pass over them. */
async function readImages(
  { model, weights }: LoadedModel,
  data: ImageSet,
  { batchSize, on, engine }: { batchSize: number; on: OnEvent; engine: Engine },
): Promise<{ features: NdArray; inputs: NdArray }> {
  engine.set(weights);
  await using reading = compileFeatures(engine, model);
  const features = float32([data.length, model.featureSize]);
  let done = 0;
  async function* images() {
    for await (const image of imageBatches(data, batchSize)) {
      features.data.set((await reading({ image })).features!.data, done * model.featureSize);
      done += image.shape[0]!;
      on({ type: 'features', done, images: data.length });
      yield image;
    }
  }
  const { n, d, data: pixels } = await poolImages(images());
  return { features, inputs: float32([n, d], pixels) };
}
