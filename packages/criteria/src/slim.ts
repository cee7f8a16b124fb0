import {
  type ArraySlot,
  defineCriterion,
  definePlugin,
  fit,
  float32,
  type PluginRun,
  prunableDims,
  type Scores,
  selectCounts,
  type Tensor,
  tf,
} from '@kcr/core';

export interface SlimGatesOptions {
  /** Roles of the dimensions that get gates. Default: all that can be pruned. */
  dims?: readonly string[];
  /** Weight of the gates' L1 norm by role; `others` for those not named. Default 1e-4. */
  l1?: Readonly<Record<string, number>>;
  /** Share of each dimension's channels that a search keeps. Default 0.5. */
  keepRatio?: number;
}

/** Default weights: attention 2e-4, the MLP's hidden channels 5e-5, what is left 1e-4. */
const PUBLISHED = { qk: 2e-4, v: 2e-4, hidden: 5e-5, others: 1e-4 };

/** Attaches the gates; `onGates` gets their absolute values after every epoch. */
const gates =
  (options: SlimGatesOptions, onGates: (scores: Map<string, Float32Array>) => void) =>
  (run: PluginRun) => {
    const weights: Readonly<Record<string, number>> = { ...PUBLISHED, ...options.l1 };
    const dims = prunableDims(run.model, options.dims);
    const slots = new Map<string, ArraySlot>(
      dims.map((dim) => [dim.name, run.parameter(dim.name, float32([dim.size], 1))]),
    );
    const read = async () => {
      const scores = new Map<string, Float32Array>();
      for (const [name, slot] of slots)
        scores.set(name, Float32Array.from((await slot.read()).data, Math.abs));
      return scores;
    };
    return {
      tap: (value: Tensor, { dim }: { dim?: { name: string } }) => {
        const slot = dim && slots.get(dim.name);
        return slot ? tf.mul(value, slot.value) : value;
      },
      loss: () =>
        dims
          .map(({ name, role }) =>
            tf.mul(tf.sum(tf.abs(slots.get(name)!.value)), weights[role] ?? weights.others!),
          )
          .reduce((sum, term) => tf.add(sum, term)),
      refresh: async () => onGates(await read()),
      select: async () =>
        selectCounts(run.model, await read(), (dim) => (options.keepRatio ?? 0.5) * dim.size),
    };
  };

/**
 * ViT-Slim's gates (Chavan et al. 2022) for a search: every channel is multiplied by a trained factor, first 1, whose
 * L1 norm is added to the loss; the channels with the largest factors are kept.
 */
export const slimGates = definePlugin('slim-gates', (options: SlimGatesOptions) =>
  gates(options, () => {}),
);

export interface SlimOptions extends Pick<SlimGatesOptions, 'dims' | 'l1'> {
  /** Epochs of training over the criterion's images. Default 5. */
  epochs?: number;
  /** Learning rate of weights and gates. Default 1e-3. */
  lr?: number;
}

/**
 * ViT-Slim's gates as a criterion: trains the weights and gates together for some epochs, then scores channels
 * by |gate|. The weights that are pruned are those from before.
 */
export const slim = defineCriterion(
  'slim',
  ({ epochs = 5, lr = 1e-3, ...options }: SlimOptions) =>
    async ({ model, weights, engine, data, batchSize, generator }): Promise<Scores> => {
      let scores: Scores = new Map();
      const plugin = definePlugin('slim-gates', () =>
        gates(options, (found) => {
          scores = found;
        }),
      )({});
      await fit({
        model,
        engine,
        epochs,
        initial: weights,
        train: data,
        plugins: [plugin],
        batchSize: Math.min(batchSize, data.length),
        seed: generator.fork('slim').seed,
        optimizer: { lr },
      });
      return scores;
    },
);
