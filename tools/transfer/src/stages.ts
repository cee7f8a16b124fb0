import { join } from 'node:path';
import { type Dataset, type Engine, subset } from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import {
  denseStage,
  loadCheckpoint,
  type OnEvent,
  pruneStage,
  type RecipeInput,
  retrainStage,
  stageContext,
} from '@kcr/pipeline';
import { rightImages } from '../../experiments/src/right-images.ts';

/** What a recipe is run on, and where. */
export interface RunPlace {
  /** Folder of the images. */
  readonly data: string;
  readonly out: string;
  readonly seed: number;
  readonly on?: OnEvent;
}

/** A model that a run has made, measured on all images that the recipe tests on. */
export interface Measured {
  readonly right: string;
  readonly macs: number;
  readonly params: number;
}

/** What a run has made. */
export interface RunResult {
  /** Images to test on; `dense` and `compact` are measured on all of them. */
  readonly test: Dataset;
  readonly dense: Measured;
  readonly compact?: Measured;
}

/** One thread: models as small as these gain nothing by more. */
const makeEngine = async (): Promise<Engine> => createOnnxEngine({ threads: 1 });

/** Images that are looked at after each epoch: nothing is decided by them. */
const WATCHED = 50;

/** Some of the test images, of all classes alike, since they are in the order of these. */
function watched(test: Dataset): Dataset {
  const step = Math.ceil(test.length / WATCHED);
  return subset(
    test,
    Int32Array.from({ length: Math.ceil(test.length / step) }, (_, i) => i * step),
  );
}

/** Measures a checkpoint. */
export async function measured(checkpoint: string, images: Dataset): Promise<Measured> {
  const candidate = await loadCheckpoint(checkpoint);
  await using engine = await makeEngine();
  const right = await rightImages(engine, candidate, images);
  return { right, macs: candidate.model.macs.total, params: candidate.model.parameterCount };
}

/**
 * Runs the stages of a recipe as `kcr compress` does, but looks at few test images after each epoch and makes no report.
 *
 * @param upTo `dense`: the whole model alone is trained
 */
export async function runStages(
  recipe: RecipeInput,
  { data, out, seed, on }: RunPlace,
  upTo: 'dense' | 'compact',
): Promise<RunResult> {
  await using whole = await stageContext(recipe, { data, out, seed, engine: makeEngine, on });
  const { train, test } = whole.data as { train: Dataset; test: Dataset };
  const context = { ...whole, data: { train, test: watched(test) } };
  const dense = await denseStage.run(undefined, context);
  const directory = (name: string) => join(out, name);
  const result = { test, dense: await measured(directory('dense'), test) };
  if (upTo === 'dense') return result;
  const compact = await pruneStage.run({ dense, settings: whole.recipe.prune! }, context);
  await retrainStage.run({ compact }, context);
  return { ...result, compact: await measured(directory('compact'), test) };
}
