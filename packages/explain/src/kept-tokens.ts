import { type Engine, float32, type Model, type NdArray, type Tensor } from '@kcr/core';
import { applyWithTaps } from './taps.ts';

/**
 * Which tokens of images are left after the last selection, for models that take tokens out.
 *
 * @param engine its state has the model's weights
 * @param image [n, height, width, channels], normalised
 * @returns [n, rows, columns], 1 where a token is left, else 0; undefined for models that take none out
 */
export async function keptTokens(
  engine: Engine,
  model: Model,
  image: NdArray,
): Promise<NdArray | undefined> {
  const last = model.taps.filter((tap) => tap.role === 'kept').at(-1);
  if (!last) return undefined;
  await using step = engine.compile('kept-tokens', (context) => {
    const outputs: Record<string, Tensor> = {};
    applyWithTaps(model, context, new Set([last.name]), (value) => (outputs.kept = value));
    return { outputs };
  });
  const { kept } = await step({ image });
  return float32(kept!.shape.slice(0, 3), Float32Array.from(kept!.data));
}
