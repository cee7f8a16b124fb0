import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures } from '@kcr/backbones';
import {
  type Architecture,
  crossEntropy,
  type Engine,
  KcrError,
  Model,
  type NdArray,
  oneHot,
  readSafetensors,
  shapeText,
  tf,
  valueAndGradients,
} from '@kcr/core';

/** A reference case: a model of timm with its weights, an input and what PyTorch makes of it. */
export interface ReferenceCase {
  name: string;
  model: Model;
  tensors: Record<string, NdArray>;
}

/** timm's class names, and the architecture here. */
const CLASSES: Readonly<Record<string, string>> = { VisionTransformer: 'vit' };

/** The cases of a folder whose model is here, by `cases.json`. @throws KcrError `CASES_READ` */
export async function readCases(directory: string): Promise<ReferenceCase[]> {
  let entries: Record<string, { model: string; config: Record<string, unknown> }>;
  try {
    entries = JSON.parse(await readFile(join(directory, 'cases.json'), 'utf8'));
  } catch (cause) {
    throw new KcrError('CASES_READ', {
      where: directory,
      found: (cause as Error).message,
      fix: 'Pass a folder with cases.json and NAME.safetensors',
      cause,
    });
  }
  const cases: ReferenceCase[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const architecture: Architecture | undefined = architectures[CLASSES[entry.model] ?? ''];
    if (!architecture) continue;
    const model = new Model(architecture, architecture.configure(entry.config));
    cases.push({
      name,
      model,
      tensors: (await readSafetensors(join(directory, `${name}.safetensors`))).tensors,
    });
  }
  return cases;
}

/** Largest |a - b| relative to the largest |b|. @throws KcrError `SHAPE_MISMATCH` */
export function relativeError(actual: NdArray, expected: NdArray, where: string): number {
  if (actual.data.length !== expected.data.length)
    throw new KcrError('SHAPE_MISMATCH', {
      where,
      found: `${shapeText(actual.shape)} instead of ${shapeText(expected.shape)}`,
      fix: 'Compare the model with the case',
    });
  let [difference, scale] = [0, 0];
  expected.data.forEach((value, i) => {
    const error = Math.abs(actual.data[i]! - value);
    difference = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(difference, error);
    scale = Math.max(scale, Math.abs(value));
  });
  return scale === 0 ? difference : difference / scale;
}

/** Largest relative error of a case on an engine, per kind of tensor. */
export async function runCase({ model, tensors, name }: ReferenceCase, engine: Engine) {
  const state = Object.fromEntries(model.params.map((p) => [p.name, tensors[p.name]!]));
  const missing = model.params.filter((p) => !tensors[p.name]);
  if (missing.length === 0) model.checkState(state, name);
  else model.checkState({}, name);
  engine.set(state);
  const trained = model.params.filter((p) => p.trainable).map((p) => p.name);
  const step = engine.compile(name, (context) => {
    const image = tf.transpose(context.inputs.image!, [0, 2, 3, 1]);
    const { loss, aux, gradients } = valueAndGradients(() => {
      const out = model.apply(image, { state: context.state });
      const targets = oneHot(context.inputs.labels!, model.classes);
      return { loss: crossEntropy(out.logits, targets), aux: { ...out } };
    }, trained.map(context.state));
    const named = trained.map((parameter, i) => [`grad.${parameter}`, gradients[i]!]);
    return { outputs: { loss, ...aux, ...Object.fromEntries(named) } };
  });
  const out = await step({ image: tensors['case.input']!, labels: tensors['case.labels']! });
  await step.dispose();
  const error = (ours: string, theirs: string) =>
    relativeError(out[ours]!, tensors[theirs]!, `${name}: ${theirs}`);
  return {
    logits: error('logits', 'case.logits'),
    features: error('tokens', 'case.features'),
    penultimate: error('features', 'case.penultimate'),
    loss: error('loss', 'case.loss'),
    gradients: Math.max(
      ...trained.map((parameter) => error(`grad.${parameter}`, `grad.${parameter}`)),
    ),
  };
}
