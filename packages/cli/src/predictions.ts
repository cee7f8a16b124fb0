import {
  type CompiledStep,
  classification,
  compileInference,
  type Engine,
  KcrError,
  type LoadedModel,
  type ModelInfo,
  type NdArray,
  taskOf,
} from '@kcr/core';
import {
  type ClassMap,
  fillOf,
  fitted,
  normalised,
  type Pixels,
  type TestViewOptions,
  viewImage,
} from '@kcr/data';
import {
  type FoundObject,
  foundObjects,
  instanceDetection,
  segmentImage,
  semanticSegmentation,
} from '@kcr/detect';
import { drawClassMap, drawObjects, drawPlain } from './report/draw.ts';

/** What a model says of an image. */
export type Prediction =
  | { readonly kind: 'classes'; readonly top: readonly { label: number; probability: number }[] }
  | { readonly kind: 'map'; readonly map: ClassMap }
  | { readonly kind: 'objects'; readonly objects: readonly FoundObject[] };

/** Predicts images at their own size. */
export type Predictor = (image: Pixels, options?: TestViewOptions) => Promise<Prediction>;

const TOP = 5;

/** The most probable classes. */
function topClasses({ data }: NdArray): { label: number; probability: number }[] {
  const most = Math.max(...data);
  const exps = Array.from(data, (x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b);
  return exps
    .map((x, label) => ({ label, probability: x / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, TOP);
}

/**
 * A model on an engine, ready to predict; the engine has its weights afterwards.
 *
 * @throws KcrError `PREDICT_TASK` for tasks whose results have no picture
 */
export function predictor(
  {
    model,
    weights,
    info: { normalization },
  }: Pick<LoadedModel, 'model' | 'weights'> & {
    info: Pick<ModelInfo, 'normalization'>;
  },
  engine: Engine,
): Predictor {
  engine.set(weights);
  const { inputShape: shape } = model;
  const task = taskOf(model);
  const inference: CompiledStep = compileInference(engine, model);
  if (task === semanticSegmentation)
    return async (image, options) => ({
      kind: 'map',
      map: await segmentImage(inference, image, { ...options, normalization, shape }),
    });
  const onCanvas = async (image: Pixels) => {
    const [height, width] = image.shape;
    const view = fitted({ height, width }, { height: shape[0], width: shape[1] });
    const canvas = await viewImage(image, view, fillOf(normalization));
    return { view, out: await inference({ image: normalised([canvas], normalization) }) };
  };
  if (task === instanceDetection)
    return async (image) => {
      const { view, out } = await onCanvas(image);
      return { kind: 'objects', objects: foundObjects(out, 0, view) };
    };
  if (task === classification)
    return async (image) => {
      const { out } = await onCanvas(image);
      return { kind: 'classes', top: topClasses(out.logits!) };
    };
  throw new KcrError('PREDICT_TASK', {
    where: model.architecture.name,
    found: `the task ${task.name}, whose results have no picture here`,
    fix: 'Read its outputs with compileInference() of @kcr/core',
  });
}

/** Objects that are drawn, at least this sure. */
export const DRAWN_SCORE = 0.3;

/** An image with what was predicted over it. */
export function drawPrediction(
  image: Pixels,
  prediction: Prediction,
  classes: readonly string[],
  options: { size?: number; score?: number } = {},
): Promise<Buffer> {
  if (prediction.kind === 'map')
    return drawClassMap(image, prediction.map, classes.length, options);
  if (prediction.kind === 'classes') return drawPlain(image, options);
  const { score = DRAWN_SCORE } = options;
  const sure = prediction.objects.filter((object) => object.score >= score);
  return drawObjects(image, sure, classes, options);
}
