import { type Tensor, tf } from '../tensor/tf.ts';
import { type Axis, axisParts, axisSize, type Dim, partDim, partShare } from './dim.ts';

/**
 * One matrix product or convolution of a model, for one image: positions x in x out x kernel / groups MACs.
 */
export interface CostEntry {
  /** Path of the layer. */
  readonly name: string;
  /** `linear`: a layer with weights; `attention`: a product of two activations. */
  readonly kind: 'linear' | 'attention';
  /** Output positions (tokens, pixels, query-key pairs). */
  readonly positions: number;
  readonly in: Axis;
  readonly out: Axis;
  /** Kernel taps, 1 for a linear layer. */
  readonly kernel: number;
  /** Blocks that `in` and `out` are divided into, each with its own product (heads). Default 1. */
  readonly groups?: number;
}

/** Multiply-accumulates for one image, by convention: without and with attention's matrix products. */
export interface Macs {
  linear: number;
  attention: number;
  total: number;
}

const entryMacs = (entry: CostEntry) =>
  (entry.positions * axisSize(entry.in) * axisSize(entry.out) * entry.kernel) / (entry.groups ?? 1);

/** Sums a cost list. */
export function countMacs(entries: readonly CostEntry[]): Macs {
  const sum = (kind: CostEntry['kind']) =>
    entries.filter((e) => e.kind === kind).reduce((total, e) => total + entryMacs(e), 0);
  const linear = sum('linear');
  const attention = sum('attention');
  return { linear, attention, total: linear + attention };
}

const dimsOf = (entry: CostEntry) =>
  [...axisParts(entry.in), ...axisParts(entry.out)].flatMap((part) => partDim(part) ?? []);

/** The entries that a dimension in `names`, or a view of one, takes part in. */
export const entriesOf = (entries: readonly CostEntry[], names: ReadonlySet<string>) =>
  entries.filter((entry) =>
    dimsOf(entry).some((dim) => names.has(dim.name) || names.has(dim.of?.name ?? '')),
  );

/**
 * The soft size of a dimension: its own, or that share of a view's channels which the dimension it looks at keeps;
 * absent where neither is soft.
 */
function softSize(dim: Dim, sizes: ReadonlyMap<string, Tensor>): Tensor | undefined {
  const own = sizes.get(dim.name);
  if (own || !dim.of) return own;
  const base = sizes.get(dim.of.name);
  return base && tf.mul(base, dim.size / dim.of.size);
}

/**
 * MACs as a differentiable function of soft dimension sizes (KCR 3.3, DCS 3.4).
 *
 * @param sizes by dimension name, the expected number of kept channels, a scalar each; a view that is absent counts
 *   in proportion to the dimension it looks at, other dimensions at their size
 * @returns scalar
 */
export function softMacs(
  entries: readonly CostEntry[],
  sizes: ReadonlyMap<string, Tensor>,
): Tensor {
  const axis = (parts: Axis): Tensor | number => {
    let fixed = 0;
    const soft: Tensor[] = [];
    for (const part of axisParts(parts)) {
      const dim = partDim(part);
      const size = dim && softSize(dim, sizes);
      if (size) soft.push(tf.mul(size, partShare(part)));
      else fixed += axisSize(part);
    }
    return soft.length > 0
      ? soft.reduce((sum, size) => tf.add(sum, size), tf.scalar(fixed))
      : fixed;
  };
  let constant = 0;
  const terms: Tensor[] = [];
  for (const entry of entries) {
    const [input, output] = [axis(entry.in), axis(entry.out)];
    const scale = (entry.positions * entry.kernel) / (entry.groups ?? 1);
    if (typeof input === 'number' && typeof output === 'number') constant += scale * input * output;
    else terms.push(tf.mul(tf.mul(input, output), scale));
  }
  return terms.reduce((sum, term) => tf.add(sum, term), tf.scalar(constant));
}
