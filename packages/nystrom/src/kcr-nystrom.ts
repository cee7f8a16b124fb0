import {
  definePlugin,
  type PluginHooks,
  type PluginRun,
  type RefreshContext,
  tf,
  weightAfterWarmup,
} from '@kcr/core';
import { type Features, toFeatures } from '@kcr/features';
import { kernelComplexity } from './kernel-complexity.ts';
import { checkLandmarks, type LandmarkSampling, sampleLandmarks } from './landmarks.ts';
import { gramSpectrum } from './spectrum.ts';
import { checkRank, spectrumTails } from './spectrum-tails.ts';
import { projection, sampleSpace } from './tail-forms.ts';

export interface KcrNystromOptions {
  /** Weight of the approximate truncated nuclear norm; with 0 the plugin only measures. */
  eta: number;
  /** r; default ceil(gamma min(n, d)). */
  rank?: number;
  /** Default 0.2. */
  gamma?: number;
  /** Number of landmarks; default four times the feature size, at most all images. */
  landmarks?: number;
  sampling?: LandmarkSampling;
  /** Share of the epochs that train with cross-entropy alone. Default 0.3. */
  warmup?: number;
  /** `projection` (default), `reconstruction`, or `linear`, the paper's literal form. */
  form?: 'projection' | 'reconstruction' | 'linear';
}

/**
 * KCR's regulariser: eta times the approximate truncated nuclear norm of the features' gram matrix, its
 * subspace renewed by the Nystrom method after each epoch, from the end of the warm-up on (KCR 3.2,
 * eq. 3 and 4).
 *
 * Metrics, over the landmark images after the epoch: TNN_r, its share of the trace, KC and its argmin.
 *
 * @throws KcrError `RANK`, `LANDMARKS` when attached, `OPTION` for a warm-up outside 0..1
 */
export const kcrNystrom = definePlugin(
  'kcr-nystrom',
  (options: KcrNystromOptions) =>
    (run: PluginRun): PluginHooks => {
      const { eta, gamma = 0.2, sampling = 'uniform', warmup = 0.3, form = 'projection' } = options;
      const d = run.model.featureSize;
      const rank = options.rank ?? Math.ceil(gamma * Math.min(run.samples, d));
      checkRank(rank, d);
      const count = options.landmarks ?? Math.min(4 * d, run.samples);
      checkLandmarks(count, run.samples);
      const { starts, weight } = weightAfterWarmup(run, 'kcr-nystrom', eta, warmup);
      const chosen = form === 'projection' ? projection(run, rank) : sampleSpace(run, rank, form);
      let measured: Features | undefined;

      return {
        loss: eta === 0 ? undefined : (context) => tf.mul(weight.value, chosen.loss(context)),

        async refresh(context) {
          const landmarks = await chooseLandmarks(context, run, sampling, count);
          measured = toFeatures(await context.features(landmarks));
          if (eta !== 0 && context.epoch >= starts)
            await chosen.refresh(context, landmarks, measured);
        },

        async metrics(): Promise<Record<string, number>> {
          if (!measured) return {};
          const spectrum = gramSpectrum(measured);
          const tails = spectrumTails(spectrum);
          const { value, argmin } = kernelComplexity(tails, measured.n);
          return {
            tnn: tails[rank]!,
            tnnRatio: tails[rank]! / tails[0]!,
            kc: value,
            kcArgmin: argmin,
          };
        },
      };
    },
  {
    tnnRatio: { title: 'Truncated nuclear norm, share of the trace', y: 'TNN / trace' },
    kc: { title: 'Kernel complexity', y: 'KC' },
  },
);

async function chooseLandmarks(
  context: RefreshContext,
  run: PluginRun,
  sampling: LandmarkSampling,
  count: number,
): Promise<Int32Array> {
  const generator = run.generator.fork(`landmarks:${context.epoch}`);
  if (sampling === 'uniform') return generator.permutation(run.samples).slice(0, count).sort();
  return sampleLandmarks(toFeatures(await context.features()), count, sampling, generator);
}
