import {
  compileInference,
  type Engine,
  evaluate,
  extractFeatures,
  type Features,
  float32,
  Generator,
  imageBatches,
  type LoadedModel,
  rows,
  toFeatures,
} from '@kcr/core';
import { measureInformation, poolImages, sampleSize } from '@kcr/ib-bound';
import { type BoundPoint, type ComplexityReport, complexity, kcrBounds } from '@kcr/nystrom';
import { measureLatency } from '@kcr/onnx';
import type { HeadEntropy } from './pictures.ts';
import type { Recipe } from './recipe.ts';
import type { RecipeData } from './sources.ts';

/** One model of a run, measured. */
export interface Summary {
  top1: number;
  params: number;
  /** Multiply-accumulates for one image, attention included. */
  macs: number;
  /** Median time for one image on the CPU, weights built in. */
  latencyMs: number;
  trace: number;
  tnn: number;
  kc: number;
  /** Information between the clusters of features and inputs, and of features and classes; in nats. */
  iXtX: number;
  iXtY: number;
  ib: number;
}

/** What the report draws of one model. */
export interface Analysis {
  summary: Summary;
  spectrum: number[];
  bounds: BoundPoint[];
  /** Of the last attention layer's rows, by head; none without attention weights. */
  entropy: HeadEntropy[];
}

/** The information bottleneck of training images' features, with clusters of their own. */
async function bottleneck(
  all: Features,
  { train }: RecipeData,
  { seed }: Recipe,
  batchSize: number,
) {
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

/**
 * Measures a trained model: accuracy on the test images, complexity and information of the training images'
 * features. The engine has its weights afterwards.
 */
export async function analyse(
  { model, weights }: LoadedModel,
  data: RecipeData,
  recipe: Recipe,
  engine: Engine,
): Promise<Omit<Analysis, 'entropy'>> {
  engine.set(weights);
  const inference = compileInference(engine, model);
  const { batchSize } = recipe.retrain;
  const { top1 } = await evaluate(inference, data.test, batchSize);
  const features = toFeatures(await extractFeatures(inference, data.train, batchSize));
  const { rank, landmarks } = recipe.complexity;
  const generator = new Generator(recipe.seed).fork('complexity');
  const report: ComplexityReport = complexity(features, { rank, landmarks, generator });
  const classes = data.train.classes.length;
  const oneHot = float32([features.n, classes]);
  data.train.labels.forEach((label, i) => {
    oneHot.data[i * classes + label] = 1;
  });
  const latencyMs = await measureLatency(model, weights, { runs: 200 });
  return {
    summary: {
      top1,
      params: model.parameterCount,
      macs: model.macs.total,
      latencyMs,
      trace: report.trace,
      tnn: report.tnn,
      kc: report.kc.value,
      ...(await bottleneck(features, data, recipe, batchSize)),
    },
    spectrum: [...report.spectrum],
    bounds: kcrBounds(features, toFeatures(oneHot), report.akc.value, BOUND_STEPS),
  };
}
