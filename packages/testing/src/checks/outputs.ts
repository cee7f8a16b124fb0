import {
  type ApplyOptions,
  compileInference,
  type Engine,
  type Model,
  type NdArray,
  type StateDict,
} from '@kcr/core';
import { eagerEngine } from '../engines.ts';

/** What a model's evaluation gives, on an engine of its own. */
export async function outputsOf(
  model: Model,
  weights: StateDict,
  image: NdArray,
  {
    tap,
    engine: make = eagerEngine,
  }: { tap?: ApplyOptions['tap']; engine?: () => Promise<Engine> } = {},
): Promise<Record<string, NdArray>> {
  await using engine = await make();
  engine.set(weights);
  await using inference = compileInference(engine, model, { tap });
  return await inference({ image });
}
