import {
  batches,
  batchOrder,
  type Dataset,
  type Engine,
  KcrError,
  type Model,
  type NdArray,
  type Tensor,
} from '@kcr/core';
import { productRank } from './product-rank.ts';
import { someImages } from './some-images.ts';
import { applyWithTaps, type LaidOutTap, tapsOf } from './taps.ts';

/** Images where none are named. */
const IMAGES = 256;

export interface AffinityRankOptions {
  batchSize?: number;
  /** Which images. Default: all, but at most 256, spread evenly over the set; a rank takes a decomposition for each head. */
  indices?: Int32Array;
  /** Taps `q` of the attention layers to look at. Default: all. */
  taps?: readonly string[];
}

/** Ranks of one attention layer's affinity q k^T. */
export interface LayerRanks {
  /** Tokens that one attends to, and channels of a head: a rank is at most the smaller one. */
  tokens: number;
  headDim: number;
  /** By head, those of all images; of all windows or parts, where an image has several. */
  heads: number[][];
}

/** Ranks of the heads of one batch: q and k [entries, tokens, dim]. */
function ranksOf(q: NdArray, k: NdArray, groups: number): LayerRanks {
  const [entries, tokens, width] = q.shape as [number, number, number];
  const headDim = width / groups;
  const part = ({ data }: NdArray, entry: number, head: number) =>
    Float64Array.from({ length: tokens * headDim }, (_, i) => {
      const [token, channel] = [Math.floor(i / headDim), head * headDim + (i % headDim)];
      return data[(entry * tokens + token) * width + channel]!;
    });
  const heads = Array.from({ length: groups }, (_, head) =>
    Array.from({ length: entries }, (_entry, entry) =>
      productRank(part(q, entry, head), part(k, entry, head), tokens),
    ),
  );
  return { tokens, headDim, heads };
}

/** The layers with q and k: the tap of q, and its companion's name. */
function layersOf(model: Model, names: readonly string[] | undefined) {
  const present = tapsOf(model, 'q').filter((tap) => !names || names.includes(tap.name));
  if (present.length > 0)
    return present.map((tap) => ({ tap, companion: `${tap.name.slice(0, -1)}k` }));
  throw new KcrError('TAP_UNKNOWN', {
    where: `${model.architecture.name}, tap "${names ?? 'q'}"`,
    found: `its taps of that kind are ${tapsOf(model, 'q').map(({ name }) => name)}`,
    fix: 'Name taps `q` of attention layers (`taps` of the model has all), or use another model',
  });
}

/**
 * How many directions attention compares tokens in: the rank of q k^T for each head and image, with q and k as masks of
 * them leave them (DCS, table 4). It is at most the number of tokens and the channels of a head.
 *
 * @param engine its state has the model's weights
 * @returns by tap `q`, in the order of the model
 * @throws KcrError `TAP_UNKNOWN` where there is no such layer
 */
export async function affinityRank(
  engine: Engine,
  model: Model,
  images: Dataset,
  { batchSize = 16, indices = someImages(images.length, IMAGES), taps }: AffinityRankOptions = {},
): Promise<Map<string, LayerRanks>> {
  const layers = layersOf(model, taps);
  const names = new Set(layers.flatMap(({ tap, companion }) => [tap.name, companion]));
  await using step = engine.compile('affinity-rank', (context) => {
    const outputs: Record<string, Tensor> = {};
    applyWithTaps(model, context, names, (value, name) => {
      outputs[name] = value;
      return value;
    });
    return { outputs };
  });
  const found = new Map<string, LayerRanks>();
  for await (const { batch } of batches(images, batchOrder(indices, batchSize))) {
    const values = await step({ image: batch.image });
    for (const { tap, companion } of layers)
      gather(found, tap, ranksOf(values[tap.name]!, values[companion]!, tap.dim?.groups ?? 1));
  }
  return found;
}

function gather(found: Map<string, LayerRanks>, { name }: LaidOutTap, more: LayerRanks): void {
  const before = found.get(name);
  before?.heads.forEach((ranks, head) => {
    ranks.push(...more.heads[head]!);
  });
  if (!before) found.set(name, more);
}
