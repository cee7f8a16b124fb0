import {
  type Axis,
  axisParts,
  axisSize,
  type CostEntry,
  countMacs,
  type Dim,
  entriesOf,
  KcrError,
  type Model,
  partDim,
  prune,
  selectCounts,
  softMacs,
  type Tensor,
  tf,
} from '@kcr/core';

/**
 * What a search calls the cost of its dimensions:
 *
 * - `searched` (KCR): the MACs of the layers that they belong to, which is what pruning saves;
 * - `following` (DCS 3.4): also those of the convolution that reads what the blocks wrote, as if it read the
 *   selected channels alone (MobileViT's `conv_proj` after the last transformer, EfficientViT's first of the MBConv). The
 *   pruned model keeps its stream whole, so this counts more than is saved;
 * - `proxy` (DCS 3.4 and appendix A, literally): for each block 2 D~^2 + D~ per layer with the dimension (the two of
 *   an MLP, `proj` after EfficientViT's branches), and (1 + D~) H W C for that convolution, with H W and C its
 *   positions and outputs;
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
    following: () => [...searched, ...searchedBlocks(model, dims).flatMap(asIfSelected)],
    model: () => model.costs,
  }[kind]();
  const dense = countMacs(entries).total;
  return (sizes) => tf.div(softMacs(entries, sizes), dense);
}

/** Beyond this share of what a budget leaves, less is no smaller: the logarithm of nothing has no end. */
const LEAST_ROOM = 1e-2;

/**
 * By how much soft sizes miss a share of the whole model's MACs: log((cost - least) / (budget - least)), where `least` is
 * the cost with the fewest channels. Above 0 they cost too much. It is counted from the least cost because a search can move no
 * other: as log(cost / budget) it would be some hundredths for a model of which the search sees a small part, and
 * nothing could hold the masks at the budget.
 *
 * @param budget share of the model's MACs
 * @returns a function of soft sizes, scalar to scalar, at least log(1 / 100)
 * @throws KcrError `BUDGET` where even the fewest channels cost as much
 */
export function budgetViolation(
  model: Model,
  dims: readonly Dim[],
  budget: number,
): (sizes: Sizes) => Tensor {
  const none = new Map(dims.map(({ name, size }) => [name, new Float64Array(size)]));
  const fewest = selectCounts(model, none, () => 0);
  const least = prune(model, fewest).macs.total / model.macs.total;
  const room = budget - least;
  if (room <= 0)
    throw new KcrError('BUDGET', {
      where: 'budget',
      found: `${budget} of the MACs, where the fewest channels have ${least.toPrecision(3)}`,
      fix: 'Raise the budget or let more dimensions be searched',
    });
  const share = costShare('model', model, dims);
  return (sizes) => tf.log(tf.maximum(tf.div(tf.sub(share(sizes), least), room), LEAST_ROOM));
}

/** Searched dimensions that lie one after another on one axis: D~ is the sum of their sizes. */
interface SearchedBlock {
  readonly dims: readonly Dim[];
  /** The layers that they belong to. */
  readonly own: readonly CostEntry[];
  /** The convolution that reads what these wrote. */
  readonly following?: CostEntry;
}

const dimsOf = (axis: Axis): Dim[] => axisParts(axis).flatMap((part) => partDim(part) ?? []);

/** The blocks of a search, in the order of the model: dimensions that are first seen on one axis are one. */
function searchedBlocks(model: Model, dims: readonly Dim[]): SearchedBlock[] {
  const left = new Map(dims.map((dim) => [dim.name, dim]));
  const blocks: Dim[][] = [];
  for (const entry of model.costs)
    for (const axis of [entry.in, entry.out]) {
      const found = [...new Set(dimsOf(axis).flatMap(({ name }) => left.get(name) ?? []))];
      for (const { name } of found) left.delete(name);
      if (found.length > 0) blocks.push(found);
    }
  return blocks.map((own) => searchedBlock(model, own));
}

function searchedBlock(model: Model, dims: readonly Dim[]): SearchedBlock {
  const own = entriesOf(model.costs, new Set(dims.map(({ name }) => name)));
  const last = own.at(-1);
  return { dims, own, following: last && followingConvolution(model, last) };
}

/**
 * The layer that reads what another one wrote, if it is a convolution. Within a stack of transformers it is the next
 * one's attention, so that a stack has one, after its last.
 */
function followingConvolution(model: Model, last: CostEntry): CostEntry | undefined {
  const written = new Set(dimsOf(last.out).map((dim) => (dim.of ?? dim).name));
  const after = model.costs.slice(model.costs.indexOf(last) + 1);
  const next = after.find((entry) =>
    dimsOf(entry.in).some((dim) => written.has((dim.of ?? dim).name)),
  );
  return next && isConvolution(model, next) ? next : undefined;
}

/** Whether a layer's weight is [out, in, k, k]. */
const isConvolution = (model: Model, { name }: CostEntry) =>
  model.params.some((param) => param.name === `${name}.weight` && param.shape.length === 4);

/** The convolution after a block, as if it read the selected channels. */
const asIfSelected = ({ dims, following }: SearchedBlock): CostEntry[] =>
  following ? [{ ...following, in: dims }] : [];

/** 2 d^2 + d for each layer, and (1 + d) area. */
interface ProxyTerm {
  readonly dims: readonly Dim[];
  readonly layers: number;
  readonly area: number;
}

function proxyShare(model: Model, dims: readonly Dim[]): (sizes: Sizes) => Tensor {
  const terms = searchedBlocks(model, dims).map(
    ({ dims: own, own: entries, following }): ProxyTerm => ({
      dims: own,
      layers: entries.filter(({ kind }) => kind === 'linear').length,
      area: following ? following.positions * axisSize(following.out) : 0,
    }),
  );
  const dense = terms.reduce((sum, { dims: own, layers, area }) => {
    const d = own.reduce((total, { size }) => total + size, 0);
    return sum + layers * (2 * d * d + d) + (1 + d) * area;
  }, 0);
  return (sizes) => {
    const parts = terms.map(({ dims: own, layers, area }) => {
      const d = own
        .map(({ name, size }) => sizes.get(name) ?? tf.scalar(size))
        .reduce((a, b) => tf.add(a, b));
      const square = tf.mul(tf.square(d), 2 * layers);
      return tf.add(tf.add(square, tf.mul(d, layers + area)), area);
    });
    return tf.div(
      parts.reduce((sum, term) => tf.add(sum, term)),
      dense,
    );
  };
}
