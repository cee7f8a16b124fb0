import type { CompiledStep, Engine, StepResult } from '../engine/engine.ts';
import type { NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { nonFinite } from '../ground/finite.ts';
import type { ApplyOptions, Model } from '../model/model.ts';
import type { ModelOutput } from '../model/model-output.ts';
import { taskOf } from './classification.ts';

export interface InferenceOptions {
  /** Prefix of the parameters' names in the engine. */
  prefix?: string;
  tap?: ApplyOptions['tap'];
}

interface Reading {
  name: string;
  read(out: ModelOutput): StepResult['outputs'];
}

/**
 * Compiles a model in evaluation mode: input `image`, and of its output what `read` gives.
 *
 * @throws KcrError `OUTPUT_FINITE` where the step is called and gives values that are not finite: nothing that is decided
 *   by them would be right
 */
function compileReading(
  engine: Engine,
  model: Model,
  { prefix = '', tap }: InferenceOptions,
  { name, read }: Reading,
): CompiledStep {
  const step = engine.compile(name, ({ inputs, state }) => ({
    outputs: read(model.apply(inputs.image!, { state: (param) => state(prefix + param), tap })),
  }));
  const checked = async (inputs: Readonly<Record<string, NdArray>> = {}) => {
    const outputs = await step(inputs);
    const found = nonFinite(outputs);
    if (found) throw notFinite(model, inputs, found);
    return outputs;
  };
  return Object.assign(checked, {
    dispose: () => step.dispose(),
    [Symbol.asyncDispose]: () => step.dispose(),
  });
}

/** The error of a model that gives `found`, which blames the pixels where they are not finite themselves. */
function notFinite(
  { architecture }: Model,
  inputs: Readonly<Record<string, NdArray>>,
  found: string,
): KcrError {
  const given = nonFinite(inputs);
  return new KcrError('OUTPUT_FINITE', {
    where: `outputs of ${architecture.name}`,
    found: given ? `${found}, from ${given}` : found,
    fix: given
      ? 'Look at how these images are read and normalised'
      : 'The weights are too large for these images: use others, or train again with a lower learning rate',
  });
}

/** Compiles what a model's classifier reads: input `image`, output `features`. Calls throw `OUTPUT_FINITE`. */
export const compileFeatures = (
  engine: Engine,
  model: Model,
  options: InferenceOptions = {},
): CompiledStep =>
  compileReading(engine, model, options, {
    name: 'features',
    read: ({ features }) => ({ features }),
  });

/** Compiles a model's evaluation: input `image`, outputs `features` and those of its task (`logits`). Calls throw `OUTPUT_FINITE`. */
export const compileInference = (
  engine: Engine,
  model: Model,
  options: InferenceOptions = {},
): CompiledStep =>
  compileReading(engine, model, options, {
    name: 'inference',
    read: (out) => ({ ...taskOf(model).outputs(out), features: out.features }),
  });
