import type { CompiledStep, Engine, StepResult } from '../engine/engine.ts';
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

/** Compiles a model in evaluation mode: input `image`, and of its output what `read` gives. */
const compileReading = (
  engine: Engine,
  model: Model,
  { prefix = '', tap }: InferenceOptions,
  { name, read }: Reading,
): CompiledStep =>
  engine.compile(name, ({ inputs, state }) => ({
    outputs: read(model.apply(inputs.image!, { state: (param) => state(prefix + param), tap })),
  }));

/** Compiles what a model's classifier reads: input `image`, output `features`. */
export const compileFeatures = (
  engine: Engine,
  model: Model,
  options: InferenceOptions = {},
): CompiledStep =>
  compileReading(engine, model, options, {
    name: 'features',
    read: ({ features }) => ({ features }),
  });

/** Compiles a model's evaluation: input `image`, outputs `features` and those of its task (`logits`). */
export const compileInference = (
  engine: Engine,
  model: Model,
  options: InferenceOptions = {},
): CompiledStep =>
  compileReading(engine, model, options, {
    name: 'inference',
    read: (out) => ({ ...taskOf(model).outputs(out), features: out.features }),
  });
