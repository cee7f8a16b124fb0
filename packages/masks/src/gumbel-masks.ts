import {
  type ArraySlot,
  type Dim,
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

/** Masks by the names of their dimensions. */
type Masks = ReadonlyMap<string, Mask>;

/** A mask for each dimension, relaxed with the temperature `tau`. */
function masksOf(
  run: PluginRun,
  dims: readonly Dim[],
  tau: Slot,
  { initial = 2, straightThrough: binary }: GumbelMasksOptions,
): Masks {
  const masks = new Map<string, Mask>();
  for (const dim of dims) {
    const alpha = run.parameter(dim.name, float32([dim.size], initial));
    const noise = run.noise(dim.name, [dim.size], 'logistic');
    const drawn = oncePerStep(dim.name, () => {
      const soft = gumbelSigmoid(alpha.value, noise.value, tau.value);
      return binary ? straightThrough(soft) : soft;
    });
    masks.set(dim.name, { alpha, drawn });
  }
  return masks;
}

/** How many channels of each dimension a step's masks let through: scalars, sums of masks. */
const softSizes = (masks: Masks): ReadonlyMap<string, Tensor> =>
  new Map([...masks].map(([name, mask]) => [name, tf.sum(mask.drawn.value)]));

async function readAlphas(masks: Masks): Promise<Map<string, Float32Array>> {
  const alphas = new Map<string, Float32Array>();
  for (const [name, { alpha }] of masks)
    alphas.set(name, (await alpha.read()).data as Float32Array);
  return alphas;
}

/** The dimensions without an alpha above 0. */
const collapsed = (alphas: ReadonlyMap<string, Float32Array>): string[] =>
  [...alphas].filter(([, own]) => own.every((alpha) => alpha <= 0)).map(([name]) => name);

/** The share of all channels whose alpha is above 0. */
function keepRatio(alphas: ReadonlyMap<string, Float32Array>): number {
  const all = [...alphas.values()].flatMap((own) => [...own]);
  return all.filter((alpha) => alpha > 0).length / all.length;
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
    const { lambda = 0.2, entropy = 0, cost = 'searched', budget } = options;
    const { model } = run;
    const tau = run.input('temperature', ({ epoch }) => temperature(epoch, options.temperature));
    const dims = prunableDims(model, options.dims ?? ['io']);
    const masks = masksOf(run, dims, tau, options);
    const share = costShare(cost, model, dims);

    return {
      tap(value, { dim, training }) {
        const mask = dim && masks.get(dim.name);
        if (!mask) return value;
        return tf.mul(value, training ? mask.drawn.value : hardMask(mask.alpha.value));
      },

      loss() {
        const term = tf.mul(tf.log(share(softSizes(masks))), lambda);
        if (entropy === 0) return term;
        const alphas = [...masks.values()].map((mask) => mask.alpha.value);
        return tf.add(term, tf.mul(maskEntropy(alphas, tau.value), entropy));
      },

      async select(): Promise<Kept> {
        const alphas = await readAlphas(masks);
        for (const name of collapsed(alphas))
          run.warn(`${name} has collapsed: no alpha is above 0; its best channels are kept`);
        return budget === undefined
          ? selectAbove(model, alphas, 0)
          : selectWithin(model, alphas, ({ macs }) => macs.total, budget * model.macs.total);
      },

      async metrics({ epoch }) {
        const alphas = await readAlphas(masks);
        return {
          temperature: temperature(epoch, options.temperature),
          keepRatio: keepRatio(alphas),
          macsRatio: prune(model, selectAbove(model, alphas, 0)).macs.total / model.macs.total,
          collapsed: collapsed(alphas).length,
        };
      },
    };
  },
  { keepRatio: { title: 'Search: channels with alpha above 0', y: 'share' } },
);
