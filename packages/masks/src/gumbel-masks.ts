import {
  type ArraySlot,
  definePlugin,
  float32,
  type Kept,
  oncePerStep,
  type PluginRun,
  prunableDims,
  prune,
  type Slot,
  selectAbove,
  selectWithin,
  type Tensor,
  tf,
} from '@kcr/core';
import { gumbelSigmoid, hardMask, maskEntropy, straightThrough } from './gumbel.ts';
import { costShare, type SearchCost } from './search-cost.ts';
import { type TemperatureOptions, temperature } from './temperature.ts';

export interface GumbelMasksOptions {
  /** Roles of the dimensions to search, e.g. `io`, `hidden`. Default `['io']`, KCR's. */
  dims?: readonly string[];
  temperature?: TemperatureOptions;
  /** First value of every alpha; above 0, so that the search starts dense. Default 2. */
  initial?: number;
  /** Binary masks in the forward pass, soft ones in the backward pass. Default false. */
  straightThrough?: boolean;
  /** Weight of log(cost / dense cost). Default 0.2. */
  lambda?: number;
  /** What counts as cost. Default `searched`. */
  cost?: SearchCost;
  /** Weight of the mean mask entropy. Default 0. */
  entropy?: number;
  /** Largest share of the dense model's MACs to keep. Absent: keep the channels with alpha above 0. */
  budget?: number;
}

interface Mask {
  alpha: ArraySlot;
  /** The mask of a training step: all its taps and the cost see the same channels. */
  drawn: Slot;
}

/**
 * Gumbel channel masks over named dimensions (KCR 3.1, DCS 3.2): every tapped value whose last axis is a
 * searched dimension is multiplied by that dimension's mask, and lambda log(cost) is added to the loss.
 *
 * @throws KcrError `DIM_ROLES` when attached to a model without such dimensions
 */
export const gumbelMasks = definePlugin(
  'gumbel-masks',
  (options: GumbelMasksOptions) => (run: PluginRun) => {
    const { initial = 2, lambda = 0.2, entropy = 0, cost = 'searched' } = options;
    const tau = run.input('temperature', ({ epoch }) => temperature(epoch, options.temperature));
    const masks = new Map<string, Mask>();
    const dims = prunableDims(run.model, options.dims ?? ['io']);
    for (const dim of dims) {
      const alpha = run.parameter(dim.name, float32([dim.size], initial));
      const noise = run.noise(dim.name, [dim.size], 'logistic');
      const drawn = oncePerStep(dim.name, () => {
        const soft = gumbelSigmoid(alpha.value, noise.value, tau.value);
        return options.straightThrough ? straightThrough(soft) : soft;
      });
      masks.set(dim.name, { alpha, drawn });
    }
    const share = costShare(cost, run.model, dims);

    return {
      tap(value, { dim, training }) {
        const mask = dim && masks.get(dim.name);
        if (!mask) return value;
        return tf.mul(value, training ? mask.drawn.value : hardMask(mask.alpha.value));
      },

      loss() {
        const sizes = [...masks].map(([name, mask]): [string, Tensor] => [
          name,
          tf.sum(mask.drawn.value),
        ]);
        const term = tf.mul(tf.log(share(new Map(sizes))), lambda);
        if (entropy === 0) return term;
        const alphas = [...masks.values()].map((mask) => mask.alpha.value);
        return tf.add(term, tf.mul(maskEntropy(alphas, tau.value), entropy));
      },

      async select(): Promise<Kept> {
        const scores = await readAlphas(masks);
        for (const [name, alphas] of scores)
          if (alphas.every((alpha) => alpha <= 0))
            run.warn(`${name} has collapsed: no alpha is above 0; its best channels are kept`);
        return options.budget === undefined
          ? selectAbove(run.model, scores, 0)
          : selectWithin(
              run.model,
              scores,
              ({ macs }) => macs.total,
              options.budget * run.model.macs.total,
            );
      },

      async metrics({ epoch }) {
        const scores = await readAlphas(masks);
        const all = [...scores.values()].flatMap((alphas) => [...alphas]);
        const kept = selectAbove(run.model, scores, 0);
        return {
          temperature: temperature(epoch, options.temperature),
          keepRatio: all.filter((alpha) => alpha > 0).length / all.length,
          macsRatio: prune(run.model, kept).macs.total / run.model.macs.total,
          collapsed: [...scores.values()].filter((alphas) => alphas.every((a) => a <= 0)).length,
        };
      },
    };
  },
  { keepRatio: { title: 'Search: channels with alpha above 0', y: 'share' } },
);

async function readAlphas(masks: ReadonlyMap<string, Mask>): Promise<Map<string, Float32Array>> {
  const scores = new Map<string, Float32Array>();
  for (const [name, { alpha }] of masks)
    scores.set(name, (await alpha.read()).data as Float32Array);
  return scores;
}
