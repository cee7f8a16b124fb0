import {
  type Axis,
  axisParts,
  axisSize,
  type CostEntry,
  countMacs,
  type Dim,
  entriesOf,
  type Model,
  partDim,
  softMacs,
  type Tensor,
  tf,
} from '@kcr/core';

/**
 * What a search calls the cost of its dimensions:
 *
 * - `searched` (KCR): the MACs of the layers that they belong to, which is what pruning saves;
 * - `following` (DCS 3.4): also those of the layer that reads what each block wrote, as if it read the
 *   block's channels alone (MobileViT's `conv_proj` after the last block). The pruned model keeps its stream
 *   whole, so this counts more than is saved;
 * - `proxy` (DCS 3.4, literally): sum of 2 (2 D~^2 + D~) + (1 + D~) H W C per block, with H W and C the
 *   positions and outputs of that following layer;
 * - `model`: the MACs of the whole model.
 */
export type SearchCost = 'searched' | 'following' | 'proxy' | 'model';

/** Soft sizes of dimensions by name, a scalar each. */
type Sizes = ReadonlyMap<string, Tensor>;

/** A search's cost as a share of the dense model's, a function of soft sizes. */
export function costShare(
  kind: SearchCost,
  model: Model,
  dims: readonly Dim[],
): (sizes: Sizes) => Tensor {
  if (kind === 'proxy') return proxyShare(model, dims);
  const searched = entriesOf(model.costs, new Set(dims.map((dim) => dim.name)));
  const entries = {
    searched: () => searched,
    following: () => [...searched, ...dims.flatMap((dim) => following(model, dim) ?? [])],
    model: () => model.costs,
  }[kind]();
  const dense = countMacs(entries).total;
  return (sizes) => tf.div(softMacs(entries, sizes), dense);
}

/** The first layer after those of a view that reads the dimension which the view is of, as if it read the view. */
function following(model: Model, view: Dim): CostEntry | undefined {
  const base = view.of;
  if (!base) return undefined;
  const own = entriesOf(model.costs, new Set([view.name]));
  const after = model.costs.slice(model.costs.indexOf(own.at(-1)!) + 1);
  const reads = (axis: Axis) => axisParts(axis).some((part) => partDim(part)?.name === base.name);
  const entry = after.find((candidate) => reads(candidate.in));
  if (!entry) return undefined;
  const seen = axisParts(entry.in).map((part) => (partDim(part)?.name === base.name ? view : part));
  return { ...entry, in: seen };
}

function proxyShare(model: Model, dims: readonly Dim[]): (sizes: Sizes) => Tensor {
  const blocks = dims.map((dim) => {
    const next = following(model, dim);
    return { dim, area: next ? next.positions * axisSize(next.out) : 0 };
  });
  // 2 (2 d^2 + d) + (1 + d) area
  const denseOf = (d: number, area: number) => 2 * (2 * d * d + d) + (1 + d) * area;
  const dense = blocks.reduce((sum, { dim, area }) => sum + denseOf(dim.size, area), 0);
  return (sizes) => {
    const terms = blocks.map(({ dim, area }) => {
      const d = sizes.get(dim.name)!;
      return tf.add(tf.add(tf.mul(tf.square(d), 4), tf.mul(d, 2 + area)), area);
    });
    return tf.div(
      terms.reduce((sum, term) => tf.add(sum, term)),
      dense,
    );
  };
}
