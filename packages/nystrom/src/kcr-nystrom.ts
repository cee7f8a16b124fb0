import {
  definePlugin,
  KcrError,
  type PluginHooks,
  type PluginRun,
  type Tensor,
  tf,
  weightAfterWarmup,
} from '@kcr/core';
import { type BoundsAt, boundNumbers } from './bound-numbers.ts';
import { defaultLandmarks } from './complexity-report.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { checkLandmarks, type LandmarkSampling, landmarkSamplings } from './landmarks.ts';
import { checkImages, imagesToRead, type Reading, readFeatures } from './reading.ts';
import { readingNumbers, readingTails } from './reading-numbers.ts';
import { checkRank } from './spectrum-tails.ts';
import { type Form, projection, sampleSpace } from './tail-forms.ts';

export interface KcrNystromOptions {
  /**
   * Weight of the approximate truncated nuclear norm; with 0 the plugin only measures. `{ balance: share }` chooses it in
   * each step, so that the term's gradient at the features has this share of the norm of the loss's.
   */
  eta: number | { balance: number };
  /**
   * r; default ceil(gamma min(n, d)). With `kc` it is the argmin of KC at each refresh, where the gradient of TNN_r has
   * the direction of KC's own.
   */
  rank?: number | 'kc';
  /** Default 0.2. */
  gamma?: number;
  /** Number of landmarks; default four times the feature size, at most all images. */
  landmarks?: number;
  sampling?: LandmarkSampling;
  /**
   * `nystrom` (default) is the paper's estimator, which reads the features of many images at each refresh (`images`). `landmarks`
   * reads those of the landmarks alone, and takes their principal directions: cheaper, and farther from the truth.
   */
  estimator?: 'nystrom' | 'landmarks';
  /** Share of the epochs that train with cross-entropy alone. Default 0.3. */
  warmup?: number;
  /**
   * `projection` (default), `reconstruction`, or `linear`, the paper's literal form. The last two keep a row of r numbers for each image that a
   * refresh reads (`images`), and the term of a step is of those of its images that were read, which stand for the others.
   */
  form?: 'projection' | 'reconstruction' | 'linear';
  /**
   * Training images that the estimator `nystrom`, and the forms `reconstruction` and `linear`, read at each refresh, drawn anew each time. Default: all, but at most 50,000, which is
   * 3.9 % of ImageNet's and with half a step's forward pass some 1.3 % of an epoch. Where it is not all of them, the metric `readImages`
   * says it, and the others are estimates for all training images.
   */
  images?: number;
  /**
   * Measures the loss of the last layer and its bounds after each epoch, too (KCR Figure 1), after `step` steps of gradient descent on
   * that layer, default 4096. Needs the estimator `nystrom`, images with classes, and for the expected loss validation images.
   */
  bounds?: true | BoundsAt;
}

/**
 * KCR's regulariser: eta times the approximate truncated nuclear norm of the features' gram matrix, its
 * subspace renewed by the Nystrom method after each epoch, from the end of the warm-up on (KCR 3.2,
 * eq. 3 and 4).
 *
 * Metrics after the epoch, of the weights in training and of images without augmentation: over the training images (`images`) tnn,
 * tnnRatio (its share of the trace), kc, kcArgmin, aTnn and aKc; with the estimator `landmarks`, over those alone,
 * landmarkTnn, landmarkTnnRatio, landmarkKc and landmarkKcArgmin. With `bounds`, upperBound and lowerBound with A-KC, lastLayerLoss (the
 * squared loss on the training images that they are around), and expectedLoss, that on the validation images.
 *
 * @throws KcrError `RANK`, `LANDMARKS` when attached, `OPTION` for `images` outside 1..n, a warm-up outside 0..1, a weight below 0, a name that is none, for
 *   `balance` or the rank `kc` with another form than `projection`, and for `bounds` of landmarks alone
 */
export const kcrNystrom = definePlugin({
  name: 'kcr-nystrom',
  about: 'keeps the kernel complexity low (KCR)',
  contract: 1,
  curves: {
    tnnRatio: { title: 'TNN of all training images, share of the trace', y: 'TNN / trace' },
    kc: { title: 'Kernel complexity KC of all training images', y: 'KC' },
    expectedLoss: {
      title: 'Loss of the last layer and its bounds',
      y: 'squared loss, bounds up to constants',
      lines: {
        expectedLoss: 'test images',
        lastLayerLoss: 'training images',
        upperBound: 'upper bound',
        lowerBound: 'lower bound',
      },
    },
    landmarkTnnRatio: { title: 'TNN of the landmarks, share of the trace', y: 'TNN / trace' },
    landmarkKc: { title: 'Kernel complexity of the landmarks alone', y: 'KC' },
  },
  attach:
    (options: KcrNystromOptions) =>
    (run: PluginRun): PluginHooks => {
      const { warmup = 0.3 } = options;
      const balanced = typeof options.eta === 'object';
      const eta = typeof options.eta === 'object' ? options.eta.balance : options.eta;
      const { rankOf, landmarks, form } = checked(options, eta, run);
      const { starts, weight } = weightAfterWarmup(run, 'kcr-nystrom', eta, warmup);
      const boundsAt = options.bounds === true ? {} : options.bounds;
      let measured: Reading | undefined;
      let bounds: Record<string, number> = {};
      return {
        ...(eta === 0 ? {} : hooksOf(form, balanced, () => weight.value)),

        async refresh(context) {
          const { sampling = 'uniform', estimator = 'nystrom' } = options;
          const renews = eta !== 0 && context.epoch >= starts;
          const { parts, ...reading } = await readFeatures(context, {
            samples: run.samples,
            landmarks,
            sampling,
            images: options.images,
            needsAll: estimator === 'nystrom',
            keeps: renews && form.keeps,
            ...(boundsAt
              ? { labelled: { labels: context.labels, classes: run.model.classes } }
              : {}),
            generator: run.generator.fork(`landmarks:${context.epoch}`),
          });
          measured = reading;
          if (renews) form.refresh({ ...reading, parts }, rankOf(reading));
          if (boundsAt) {
            const drawn = run.generator.fork('validation');
            bounds = await boundNumbers(reading, context, boundsAt, drawn);
          }
        },

        metrics: async () =>
          measured ? { ...readingNumbers(measured, run.samples, rankOf(measured)), ...bounds } : {},
      };
    },
});

/** A term of the loss, or a gradient that is added at the features. */
const hooksOf = (form: Form, balanced: boolean, weight: () => Tensor): PluginHooks =>
  balanced
    ? {
        tap: (value, { name, training }) =>
          training && name === 'features' && form.balanced ? form.balanced(value, weight()) : value,
      }
    : { loss: (context) => tf.mul(weight(), form.loss(context)) };

/** What options may be that are names. */
const choices: Readonly<Record<'form' | 'estimator' | 'sampling', readonly string[]>> = {
  form: ['projection', 'reconstruction', 'linear'],
  estimator: ['nystrom', 'landmarks'],
  sampling: landmarkSamplings,
};

/** The options, complete. */
function checked(options: KcrNystromOptions, eta: number, run: PluginRun) {
  const { gamma = 0.2, form = 'projection' } = options;
  for (const [name, names] of Object.entries(choices)) {
    const given = options[name as keyof typeof choices];
    if (given !== undefined && !names.includes(given))
      throw wrongOption(name, String(given), `Choose one of ${names.join(', ')}`);
  }
  if (options.bounds && options.estimator === 'landmarks')
    throw wrongOption(
      'bounds',
      'bounds with the estimator landmarks',
      'Take the estimator nystrom',
    );
  const d = run.model.featureSize;
  const { rank = Math.ceil(gamma * Math.min(run.samples, d)) } = options;
  if (!(eta >= 0 && Number.isFinite(eta)))
    throw wrongOption('eta', String(eta), 'Give a weight from 0');
  if (form !== 'projection' && (rank === 'kc' || typeof options.eta === 'object'))
    throw wrongOption(
      rank === 'kc' ? 'rank' : 'eta',
      `${rank === 'kc' ? 'kc' : 'balance'} with the form ${form}`,
      'Take the form projection, or give a number',
    );
  const most = rank === 'kc' ? d : rank;
  checkRank(most, d);
  const { landmarks = defaultLandmarks({ n: run.samples, d }) } = options;
  checkLandmarks(landmarks, run.samples);
  checkImages('kcr-nystrom', options.images, run.samples);
  return {
    landmarks,
    rankOf: (reading: Reading): number =>
      rank === 'kc' ? kernelComplexity(readingTails(reading), run.samples).argmin : rank,
    form:
      form === 'projection'
        ? projection(run, most)
        : sampleSpace(
            run,
            most,
            form,
            imagesToRead({ ...options, samples: run.samples, landmarks }),
          ),
  };
}

const wrongOption = (option: string, found: string, fix: string) =>
  new KcrError('OPTION', { where: `kcr-nystrom, ${option}`, found, fix });
