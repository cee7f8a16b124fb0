import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures, models } from '@kcr/backbones';
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
  type Tensor,
  tf,
  valueAndGradients,
} from '@kcr/core';

/** A reference case: a model of timm with its weights, an input and what PyTorch makes of it. */
export interface ReferenceCase {
  name: string;
  model: Model;
  tensors: Record<string, NdArray>;
  channelsFirst: boolean;
}

interface TimmClass {
  architecture: string;
  /** Whether its feature map is [batch, channels, height, width]. */
  channelsFirst?: boolean;
}

/** timm's classes, and what they are here. */
const CLASSES: Readonly<Record<string, TimmClass>> = {
  VisionTransformer: { architecture: 'vit' },
  SwinTransformer: { architecture: 'swin' },
  ByobNet: { architecture: 'mobilevit', channelsFirst: true },
  EfficientVit: { architecture: 'efficientvit', channelsFirst: true },
};

interface CaseEntry {
  model: string;
  config: Record<string, unknown> & { variant?: string };
  image: number;
}

/** timm's arguments as a configuration here; `variant` names one of its own configurations. */
function configOf({ config: { variant, ...config }, image }: CaseEntry): object {
  return { img_size: image, ...(variant ? models[variant]?.config : {}), ...config };
}

/** The cases of a folder whose model is here, by `cases.json`. @throws KcrError `parity/CASES_READ` */
export async function readCases(directory: string): Promise<ReferenceCase[]> {
  let entries: Record<string, CaseEntry>;
  try {
    entries = JSON.parse(await readFile(join(directory, 'cases.json'), 'utf8'));
  } catch (cause) {
    throw new KcrError('parity/CASES_READ', {
      where: directory,
      found: (cause as Error).message,
      fix: 'Pass a folder with cases.json and NAME.safetensors',
      cause,
    });
  }
  const cases: ReferenceCase[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const known = CLASSES[entry.model];
    if (!known) continue;
    const architecture = architectures[known.architecture] as Architecture;
    cases.push({
      name,
      model: new Model(architecture, architecture.configure(configOf(entry))),
      tensors: (await readSafetensors(join(directory, `${name}.safetensors`))).tensors,
      channelsFirst: known.channelsFirst ?? false,
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
export async function runCase(reference: ReferenceCase, engine: Engine) {
  const { model, tensors, name } = reference;
  const own = model.params.filter((p) => tensors[p.name]);
  const state = Object.fromEntries(own.map((p) => [p.name, tensors[p.name]!]));
  model.checkState(state, name);
  engine.set(state);
  if (!tensors['case.train_logits']) return evaluationErrors(reference, engine);
  if (isStateAfter(tensors)) engine.set(await stateBefore(reference, engine));
  return {
    ...(await evaluationErrors(reference, engine)),
    ...(await trainingErrors(reference, engine)),
  };
}

const AFTER = 'after.';

/** Whether a case's running statistics are those after its training pass, and not those before. */
const isStateAfter = (tensors: Record<string, NdArray>) =>
  Object.keys(tensors)
    .filter((name) => name.startsWith(AFTER))
    .every((name) => relativeError(tensors[name.slice(AFTER.length)]!, tensors[name]!, name) === 0);

/**
 * The running statistics before the training pass, which a case's evaluation used, from those after it. The
 * update is s' = (1 - m) s + m b with the batch's b; one more pass over the same batch gives
 * s'' = (1 - m) s' + m b, so s = s' - (s'' - s') / (1 - m).
 */
async function stateBefore(reference: ReferenceCase, engine: Engine) {
  const momentum = 0.1;
  const next = await trainingPass(reference, engine);
  const statistics = Object.entries(reference.tensors).filter(
    ([name]) => AFTER + name in reference.tensors,
  );
  const entries = statistics.map(([name, { dtype, shape, data }]): [string, NdArray] => {
    const later = next[AFTER + name]!.data;
    const before = data.map((value, i) => value - (later[i]! - value) / (1 - momentum));
    return [name, { dtype, shape, data: before }];
  });
  return Object.fromEntries(entries);
}

const errorOf = ({ name, tensors }: ReferenceCase, out: Record<string, NdArray>) => {
  return (ours: string, theirs: string) =>
    relativeError(out[ours]!, tensors[theirs]!, `${name}: ${theirs}`);
};

/** [batch, channels, height, width] as [batch, height, width, channels]. */
const channelsLast = (x: Tensor) => tf.transpose(x, [0, 2, 3, 1]);

/** Outputs and gradients in evaluation mode. */
async function evaluationErrors(reference: ReferenceCase, engine: Engine) {
  const { model, tensors, name, channelsFirst } = reference;
  const trained = model.params.filter((p) => p.trainable).map((p) => p.name);
  const step = engine.compile(name, (context) => {
    const { loss, aux, gradients } = valueAndGradients(() => {
      const out = model.apply(channelsLast(context.inputs.image!), { state: context.state });
      const { logits, features } = out;
      const tokens = channelsFirst ? tf.transpose(out.tokens, [0, 3, 1, 2]) : out.tokens;
      const targets = oneHot(context.inputs.labels!, model.classes);
      return { loss: crossEntropy(logits, targets), aux: { logits, features, tokens } };
    }, trained.map(context.state));
    const named = trained.map((parameter, i) => [`grad.${parameter}`, gradients[i]!]);
    return { outputs: { loss, ...aux, ...Object.fromEntries(named) } };
  });
  const out = await step({ image: tensors['case.input']!, labels: tensors['case.labels']! });
  await step.dispose();
  const error = errorOf(reference, out);
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

/** Outputs and new running statistics, named `after.*`, of one forward pass in training mode. */
async function trainingPass({ model, tensors, name }: ReferenceCase, engine: Engine) {
  const step = engine.compile(`${name}-train`, ({ inputs, state }) => {
    const outputs: Record<string, Tensor> = {};
    const { logits } = model.apply(channelsLast(inputs.image!), {
      state,
      training: true,
      assign: (buffer, value) => {
        outputs[AFTER + buffer] = value;
      },
    });
    return { outputs: { logits, ...outputs } };
  });
  const out = await step({ image: tensors['case.input']! });
  await step.dispose();
  return out;
}

async function trainingErrors(reference: ReferenceCase, engine: Engine) {
  const error = errorOf(reference, await trainingPass(reference, engine));
  const buffers = Object.keys(reference.tensors).filter((tensor) => tensor.startsWith(AFTER));
  return {
    'train logits': error('logits', 'case.train_logits'),
    statistics: Math.max(...buffers.map((buffer) => error(buffer, buffer))),
  };
}
