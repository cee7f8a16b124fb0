import {
  type ArraySlot,
  type Dim,
  definePlugin,
  float32,
  gateChannels,
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
import { checkCountRules, checkShare, invalid } from '@kcr/core/internal';
import { type CostTerm, dualWeight, fixedWeight } from './cost-weight.ts';
import { gumbelSigmoid, hardMask, maskEntropy, straightThrough } from './gumbel.ts';
import { budgetViolation, costShare, type SearchCost } from './search-cost.ts';
import { type TemperatureOptions, temperature } from './temperature.ts';

export interface GumbelMasksOptions {
  /** Roles of the dimensions to search, e.g. `io`, `hidden`. Default `['io']`, KCR's. */
  dims?: readonly string[];
  temperature?: TemperatureOptions;
  /**
   * First value of every alpha. Default 2: the search starts dense. On trained weights with a dual weight better about 0, where the
   * masks already cost about what a budget of half of the searched layers allows: from 2 all alphas are driven down together first, by
   * the cost alone, and what Adam remembers of these gradients makes its steps small where channels should part.
   */
  initial?: number;
  /** Binary masks in the forward pass, soft ones in the backward pass. Default false. */
  straightThrough?: boolean;
  /**
   * Weight of log(cost / dense cost). `dual`: found while the search goes on, so that the channels with alphas above 0 cost what
   * `budget` allows. Default 0.2.
   */
  lambda?: number | 'dual';
  /** What counts as cost. Default `searched`. */
  cost?: SearchCost;
  /** Weight of the mean mask entropy. Default 0. */
  entropy?: number;
  /** Largest share of the dense model's MACs to keep. Absent: keep the channels with alpha above 0. */
  budget?: number;
  /** Counts of the channels that are kept are multiples of this, or all: 16 for convolutions on a CPU. Default 1. */
  align?: number;
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

/** How many channels of each dimension are let through: scalars, sums of what `of` gives of each mask. */
const sizesOf = (masks: Masks, of: (mask: Mask) => Tensor): ReadonlyMap<string, Tensor> =>
  new Map([...masks].map(([name, mask]) => [name, tf.sum(of(mask))]));

/** @param sizes of the masks without noise. @throws KcrError `OPTION`, `BUDGET` */
function costTerm(
  run: PluginRun,
  dims: readonly Dim[],
  { lambda = 0.2, budget }: GumbelMasksOptions,
  sizes: () => ReadonlyMap<string, Tensor>,
): CostTerm {
  if (budget !== undefined) checkShare('budget', budget);
  if (lambda !== 'dual') return fixedWeight(lambda);
  if (budget === undefined)
    throw invalid(
      'lambda',
      'dual without a budget',
      'Give the share of the MACs to keep as `budget`',
    );
  const violation = budgetViolation(run.model, dims, budget);
  return dualWeight(run, () => violation(sizes()));
}

/** Says beforehand where a search cannot decide. */
function warnOfPlan(
  run: PluginRun,
  { initial = 2, straightThrough: binary, temperature: falling }: GumbelMasksOptions,
) {
  if (run.stage !== 'search') return;
  const { epochs, travel } = run;
  const far = Math.abs(initial);
  if (travel < 2 * far)
    run.warn(
      `alphas start at ${initial} and can move by some ${travel.toPrecision(2)} in this search: ` +
        `few can reach 0, and the order alone decides; train for more epochs, or raise the learning rate of the architecture until it is ${2 * far}`,
    );
  const soft = Array.from({ length: epochs }, (_, epoch) =>
    temperature({ epoch, epochs }, falling),
  ).filter((tau) => tau > 1).length;
  if (!binary && soft > epochs / 2)
    run.warn(
      `the temperature is above 1 in ${soft} of ${epochs} epochs, so that masks stay soft: lower \`temperature.start\`, or let it fall faster by \`temperature.end\` or \`decay\``,
    );
}

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
 * It warns where the plan of the run leaves the alphas no way to 0, or the masks soft.
 *
 * @throws KcrError `DIM_ROLES` when attached to a model without such dimensions, `OPTION`, and `BUDGET` for a dual weight of a
 *   budget that even the fewest channels exceed
 */
export const gumbelMasks = definePlugin({
  name: 'gumbel-masks',
  about: 'searches channels with masks that are trained',
  contract: 1,
  curves: {
    keepRatio: { title: 'Search: channels with alpha above 0', y: 'share' },
    lambda: { title: 'Search: weight of the cost', y: 'lambda' },
    macsRatio: { title: 'Search: MACs of the channels with alpha above 0', y: 'share' },
  },
  snapshots: { title: 'Search: alphas of each dimension', y: 'alpha' },
  attach: (options: GumbelMasksOptions) => (run: PluginRun) => {
    const { entropy = 0, cost = 'searched', budget, align } = options;
    checkCountRules('gumbelMasks', { align });
    const { model } = run;
    const tau = run.input('temperature', (progress) => temperature(progress, options.temperature));
    const dims = prunableDims(model, options.dims ?? ['io']);
    const masks = masksOf(run, dims, tau, options);
    const share = costShare(cost, model, dims);
    const noiseless = ({ alpha }: Mask) => tf.sigmoid(tf.div(alpha.value, tau.value));
    const term = costTerm(run, dims, options, () => sizesOf(masks, noiseless));

    return {
      tap: (value, info) =>
        gateChannels(value, info, ({ name }) => {
          const mask = masks.get(name);
          return mask && (info.training ? mask.drawn.value : hardMask(mask.alpha.value));
        }),

      loss() {
        const costs = term.loss(share(sizesOf(masks, ({ drawn }) => drawn.value)));
        if (entropy === 0) return costs;
        const alphas = [...masks.values()].map((mask) => mask.alpha.value);
        return tf.add(costs, tf.mul(maskEntropy(alphas, tau.value), entropy));
      },

      async refresh({ epoch }) {
        // A run that goes on has said it before.
        if (epoch === 0) warnOfPlan(run, options);
      },

      async select(): Promise<Kept> {
        const alphas = await readAlphas(masks);
        for (const name of collapsed(alphas))
          run.warn(`${name} has collapsed: no alpha is above 0; its best channels are kept`);
        return budget === undefined
          ? selectAbove(model, alphas, 0, { align })
          : selectWithin(model, alphas, ({ macs }) => macs.total, budget * model.macs.total, {
              align,
            });
      },

      async metrics(progress) {
        const alphas = await readAlphas(masks);
        return {
          temperature: temperature(progress, options.temperature),
          lambda: await term.weight(),
          keepRatio: keepRatio(alphas),
          macsRatio:
            prune(model, selectAbove(model, alphas, 0, { align })).macs.total / model.macs.total,
          collapsed: collapsed(alphas).length,
        };
      },

      async snapshot() {
        const alphas = await readAlphas(masks);
        return Object.fromEntries(
          [...alphas].map(([name, own]) => [name, float32([own.length], own)]),
        );
      },
    };
  },
});
