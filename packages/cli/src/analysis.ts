import {
  classification,
  compileFeatures,
  compileInference,
  type Dataset,
  type Engine,
  extractFeatures,
  float32,
  Generator,
  imageBatches,
  type LoadedModel,
  taskOf,
} from '@kcr/core';
import { type Features, rows, toFeatures } from '@kcr/features';
import { measureInformation, poolImages, sampleSize } from '@kcr/ib-bound';
import { type BoundPoint, type ComplexityReport, complexity, kcrBounds } from '@kcr/nystrom';
import { measureLatency } from '@kcr/onnx';
import type { HeadEntropy } from './pictures.ts';
import type { Recipe } from './recipe.ts';
import { labelled, type RecipeData } from './sources.ts';

/** One model of a run, measured: the metrics of its task, and what follows. */
export interface Summary extends Record<string, number> {
  params: number;
  /** Multiply-accumulates for one image, attention included. */
  macs: number;
  /** Median time for one image on the CPU, weights built in. */
  latencyMs: number;
  trace: number;
  tnn: number;
  kc: number;
}

/** What the report draws of one model. */
export interface Analysis {
  summary: Summary;
  spectrum: number[];
  /** Of classifiers. */
  bounds: BoundPoint[];
  /** Of the last attention layer's rows, by head; none without attention weights. */
  entropy: HeadEntropy[];
}

/**
 * Information between the clusters of training images' features and inputs, and of features and classes, in nats, with
 * clusters of their own.
 */
async function bottleneck(all: Features, train: Dataset, { seed }: Recipe, batchSize: number) {
  const classes = train.classes.length;
  const generator = new Generator(seed).fork('bottleneck');
  const sample = generator.permutation(train.length).slice(0, sampleSize(train.length, classes));
  const { iXtX, iXtY, ib } = measureInformation({
    features: rows(all, sample),
    inputs: await poolImages(imageBatches(train, batchSize, sample)),
    labels: sample.map((i) => train.labels[i]!),
    classes,
    generator,
  });
  return { iXtX, iXtY, ib };
}

const BOUND_STEPS = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** The bounds of a classifier's loss, by the complexity of its features. */
function lossBounds(features: Features, train: Dataset, complexity: number): BoundPoint[] {
  const classes = train.classes.length;
  const oneHot = float32([features.n, classes]);
  train.labels.forEach((label, i) => {
    oneHot.data[i * classes + label] = 1;
  });
  return kcrBounds(features, toFeatures(oneHot), complexity, BOUND_STEPS);
}

/**
 * Measures a trained model: its task's metrics on the test images, and the complexity (of classifiers also the
 * information) of the training images' features. The engine has its weights afterwards.
 */
export async function analyse(
  { model, weights }: LoadedModel,
  { train, test }: RecipeData,
  recipe: Recipe,
  engine: Engine,
): Promise<Omit<Analysis, 'entropy'>> {
  engine.set(weights);
  const { batchSize } = recipe.retrain;
  const task = taskOf(model);
  const result = await task.evaluate(compileInference(engine, model), test, batchSize);
  const metrics = Object.keys(task.metrics).flatMap((key) =>
    result[key] === undefined ? [] : [[key, result[key]] as const],
  );
  const reading = compileFeatures(engine, model);
  const features = toFeatures(await extractFeatures(reading, train, batchSize));
  const { rank, landmarks } = recipe.complexity;
  const generator = new Generator(recipe.seed).fork('complexity');
  const report: ComplexityReport = complexity(features, { rank, landmarks, generator });
  const classified = task === classification ? labelled(train, task) : undefined;
  return {
    summary: {
      ...Object.fromEntries(metrics),
      params: model.parameterCount,
      macs: model.macs.total,
      latencyMs: await measureLatency(model, weights, { runs: 200 }),
      trace: report.trace,
      tnn: report.tnn,
      kc: report.kc.value,
      ...(classified ? await bottleneck(features, classified, recipe, batchSize) : {}),
    },
    spectrum: [...report.spectrum],
    bounds: classified ? lossBounds(features, classified, report.akc.value) : [],
  };
}
