import {
  channelSums,
  crossEntropy,
  type Dim,
  defineCriterion,
  type Model,
  meanGradients,
  type Scores,
  weightValues,
} from '@kcr/core';

/**
 * |A^T dL/dA| of each head, A its sums of v over all tokens and images. Since A is linear in v, the sum over the head's
 * channels of the gradients of their gates.
 */
const headScores = (v: Dim, gradients: ArrayLike<number>): number[] => {
  const width = v.size / v.groups;
  return Array.from({ length: v.groups }, (_, head) => {
    const own = Array.from({ length: width }, (_c, c) => gradients[head * width + c]!);
    return Math.abs(own.reduce((sum, x) => sum + x, 0));
  });
};

/** The `v` whose heads a dimension of heads shares. */
const valuesOf = ({ groupSet }: Dim, model: Model): Dim | undefined =>
  groupSet === undefined
    ? undefined
    : [...model.dims.values()].find((dim) => dim.role === 'v' && dim.groupSet === groupSet);

/**
 * S2ViTE's scores (Chen et al. 2021, 3.2): a head's is |A^T dL/dA|, the change of the loss without its output A to first
 * order, and each of its channels has it, so that heads go whole; a neuron's is the L1 norm of the weights that make it
 * and of those that read it. The paper compares within a layer: use the allocator `uniform`. Its sparse training, where
 * what went may grow back by its gradient, is no pruning of a trained model and not here.
 */
export const s2vite = defineCriterion({
  name: 's2vite',
  about: 'Taylor scores of the attention and the MLP (S2ViTE)',
  contract: 1,
  score:
    (_: object) =>
    async ({ model, weights, engine, data, batchSize }): Promise<Scores> => {
      const { loss } = await meanGradients({
        model,
        weights,
        engine,
        data,
        batchSize,
        by: 'channels',
        losses: {
          loss: ({ images, targets, apply }) => crossEntropy(apply(images).logits, targets),
        },
      });
      const norms = channelSums(
        model,
        weightValues(model, (name, i) => Math.abs(weights[name]!.data[i]!)),
        { weightsOnly: true },
      );
      return new Map(
        [...norms].map(([name, norm]) => {
          const dim = model.dims.get(name)!;
          const v = valuesOf(dim, model);
          const gradients = v && loss[v.name];
          if (!v || !gradients) return [name, norm];
          const heads = headScores(v, gradients);
          const width = dim.size / dim.groups;
          return [name, norm.map((_, channel) => heads[Math.floor(channel / width)]!)];
        }),
      );
    },
});
