import {
  type AnalysisContext,
  type AnalysisResult,
  batches,
  batchOrder,
  defineAnalysis,
  type Model,
  type Tensor,
} from '@kcr/core';
import { OpenShareMeter, type OpenShares } from './open-shares.ts';
import { noiseScale, type QkMaskOptions, qkMask } from './qk-mask.ts';
import { temperature } from './temperature.ts';

export interface QkMaskAnalysisOptions {
  /** Training images that are looked at, drawn at random. Default 128. */
  images?: number;
  /** Epochs that the model was trained: training's masks are those of the last. Default: of the coldest. */
  epochs?: number;
}

/** So many epochs that every temperature is at its floor or its end. */
const COLDEST = 1e6;

/** The options of a model's mask of q and k, if it has one. */
export function maskOptions(model: Model): QkMaskOptions | undefined {
  const { name, module } = qkMask({});
  return model.adapters.find((other) => other.name === name && other.module === module)?.options;
}

/** Values of theta by tap, over some training images without augmentation. */
async function gather(context: AnalysisContext, count: number) {
  const { model, engine, train, batchSize, generator } = context;
  const meters = new Map(
    model.taps
      .filter(({ role }) => role === 'theta')
      .map(({ name }) => [name, new OpenShareMeter()]),
  );
  await using step = engine.compile('qk-mask', ({ inputs, state }) => {
    const outputs: Record<string, Tensor> = {};
    const tap = (value: Tensor, { name }: { name: string }) => {
      if (meters.has(name)) outputs[name] = value;
      return value;
    };
    model.apply(inputs.image!, { state, tap });
    return { outputs };
  });
  const some = generator.permutation(train.length).slice(0, count);
  const size = Math.min(batchSize, some.length);
  for await (const { batch } of batches(train, batchOrder(some, size)))
    for (const [name, { data }] of Object.entries(await step({ image: batch.image })))
      meters.get(name)?.add(data);
  return meters;
}

const mean = (shares: readonly OpenShares[], key: keyof OpenShares) =>
  shares.reduce((sum, share) => sum + share[key], 0) / shares.length;

/**
 * Which share of the entries of the masks of q and k is open, in training (binary and relaxed, expected over the noise)
 * and in evaluation: over all masks as `qkOpenTraining`, `qkOpenSoft` and `qkOpenEvaluation`, and mask by mask as a
 * chart. Nothing for models without {@link qkMask}.
 */
export const qkMaskAnalysis = defineAnalysis({
  name: 'qk-mask',
  about: 'what the q-k masks shut',
  contract: 1,
  columns: [
    { number: 'qkOpenTraining', title: 'q/k open in training', percent: true, digits: 1 },
    { number: 'qkOpenEvaluation', title: 'q/k open in evaluation', percent: true, digits: 1 },
  ],
  measure:
    ({ images = 128, epochs = COLDEST }: QkMaskAnalysisOptions) =>
    async (context: AnalysisContext): Promise<AnalysisResult> => {
      const options = maskOptions(context.model);
      if (!options) return { numbers: {} };
      const last = { epoch: epochs - 1, epochs };
      const noise = {
        tau: temperature(last, options.temperature),
        scale: noiseScale(last, options),
      };
      const shares = [...(await gather(context, images)).values()].map((meter) =>
        meter.shares(noise),
      );
      const line = (name: string, key: keyof OpenShares) => ({
        name: `${context.name}, ${name}`,
        points: shares.map((share, i): [number, number] => [i + 1, share[key]]),
      });
      return {
        numbers: {
          qkOpenTraining: mean(shares, 'training'),
          qkOpenSoft: mean(shares, 'soft'),
          qkOpenEvaluation: mean(shares, 'evaluation'),
        },
        charts: [
          {
            title: 'Open entries of the masks of q and k',
            x: 'mask, from the input on',
            y: 'share',
            lines: [
              line('evaluation', 'evaluation'),
              { ...line('training', 'training'), dashed: true },
              { ...line('training, relaxed', 'soft'), dashed: true },
            ],
          },
        ],
      };
    },
});
