import {
  type AdapterTap,
  areCounts,
  chosenMask,
  constant,
  type Dim,
  defineAdapter,
  float32,
  KcrError,
  range,
  reindex,
  requireAttended,
  requireTokenSet,
  type Scope,
  stopGradient,
  type TapInfo,
  type Tensor,
  takeTokens,
  textOf,
  tf,
  tokenOneHot,
  topTokens,
} from '@kcr/core';

export interface TomeOptions {
  /** Pairs of tokens to merge in every block, or by block. At most half of the image tokens merge. */
  r: number | readonly number[];
  /** Attend to a token as to all that it stands for: log(size) is added to the logits. Default true. */
  proportional?: boolean;
}

/** Tokens and how many of the first tokens each stands for, [images, n, d] and [images, n, 1]. */
interface Weighed {
  tokens: Tensor;
  sizes: Tensor;
}

/** Every second token: those at `first`, `first` + 2, ... */
const alternate = (n: number, first: number) => Array.from(range(n)).filter((i) => i % 2 === first);

/** Unit vectors along the last axis. */
const unit = (x: Tensor): Tensor =>
  tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12)));

/** Keys at their tap, [images, n, heads * d], and their dimension. */
interface Keys {
  value: Tensor;
  dim: Dim;
}

/**
 * Where the channels of keys stand in their heads. Once heads are pruned each may have kept others: then the places are those
 * that any head has kept.
 *
 * @returns `size`, places in a head, and for pruned keys `sources`: for each place of each head the channel that stands there,
 *   or -1
 */
function placesOf({ kept, full, fullGroups, groups, groupIds, size }: Dim) {
  if (!kept) return { size: size / groups };
  const width = full / fullGroups;
  const places = [...new Set(kept.map((channel) => channel % width))].sort((a, b) => a - b);
  const sources = groupIds.flatMap((head) =>
    places.map((place) => kept.indexOf(head * width + place)),
  );
  return { size: places.length, sources };
}

/**
 * The mean over the heads, channel by channel, [images, n, places]. Channels that a head does not have are 0 in it, as a mask
 * would make them. Heads that are gone scale all means alike, which no cosine sees.
 */
function meanKey({ value, dim }: Keys): Tensor {
  const [images, n] = value.shape as [number, number];
  const { size, sources } = placesOf(dim);
  const placed = sources ? reindex(value, sources, -1) : value;
  return tf.mean(tf.reshape(placed, [images, n, dim.groups, size]), 2);
}

/**
 * For each token at an even place the most similar one at an odd place, by the cosine of the heads' mean keys.
 *
 * @returns `similarity` [images, even], the class token's below all others, and `partner`, one-hot
 *   [images, even, odd]
 */
function match(keys: Keys) {
  const n = keys.value.shape[1]!;
  const metric = unit(meanKey(keys));
  const [even, odd] = [0, 1].map((first) => reindex(metric, alternate(n, first), 1)) as [
    Tensor,
    Tensor,
  ];
  const scores = tf.matMul(even, odd, false, true);
  const [rows, columns] = [even.shape[1]!, odd.shape[1]!];
  const partner = tokenOneHot(tf.argMax(scores, 2), columns);
  const classToken = float32([1, rows]);
  classToken.data[0] = -1e4;
  return {
    similarity: stopGradient(tf.add(tf.max(scores, 2), constant(classToken))),
    partner: stopGradient(partner),
  };
}

/** Merges the r most similar pairs: even tokens that stay, in order, then the odd ones. */
function merge(
  m: Scope,
  { tokens, sizes }: Weighed,
  { keys, embed, r }: { keys: Keys; embed: Dim; r: number },
): Weighed {
  const n = tokens.shape[1]!;
  const { similarity, partner } = match(keys);
  const [even, odd] = [0, 1].map((first) => ({
    tokens: reindex(tokens, alternate(n, first), 1),
    sizes: reindex(sizes, alternate(n, first), 1),
  })) as [Weighed, Weighed];
  const rows = even.tokens.shape[1]!;
  const going = topTokens(similarity, r);
  const staying = topTokens(tf.neg(chosenMask(going, rows)), rows - r);
  const to = tf.transpose(takeTokens(partner, going), [0, 2, 1]);
  const from = (x: Tensor) => takeTokens(x, going);
  const weighed = (part: Weighed) => tf.mul(part.tokens, part.sizes);
  const sum = tf.add(weighed(odd), tf.matMul(to, tf.mul(from(even.tokens), from(even.sizes))));
  const merged = tf.add(odd.sizes, tf.matMul(to, from(even.sizes)));
  const columns = n - rows;
  const product = { kind: 'attention', out: 1, kernel: 1 } as const;
  m.cost({ ...product, positions: rows * columns, in: placesOf(keys.dim).size });
  m.cost({ ...product, positions: columns * r, in: embed });
  m.cost({ ...product, positions: columns * r, in: 1 });
  return {
    tokens: tf.concat([takeTokens(even.tokens, staying), tf.div(sum, merged)], 1),
    sizes: stopGradient(tf.concat([takeTokens(even.sizes, staying), merged], 1)),
  };
}

/** Attention as if the softmax had seen each token as often as it has merged tokens. */
function proportionalTo(weights: Tensor, sizes: Tensor): Tensor {
  const counted = tf.mul(weights, tf.reshape(sizes, [-1, 1, 1, weights.shape[3]!]));
  return tf.div(counted, tf.sum(counted, -1, true));
}

/** Merging changes the order, and only the first token keeps its place. @throws KcrError `TOKENS_PREFIX` */
function checkPrefix({ name, layout }: TapInfo): void {
  if (layout?.positions[1] === -1)
    throw new KcrError('TOKENS_PREFIX', {
      where: `tome, ${name}`,
      found:
        'a distillation token or register tokens behind the class token, which merging would move',
      fix: 'Use a model without them, or an adapter that keeps the order, such as evit',
    });
}

/** @throws KcrError `OPTION` */
function checkOptions({ r, proportional }: TomeOptions): void {
  const refuse = (name: string, value: unknown, fix: string) => {
    throw new KcrError('OPTION', { where: `tome, ${name}`, found: textOf(value), fix });
  };
  if (!areCounts(typeof r === 'number' ? [r] : r))
    refuse('r', r, 'Give a whole number from 0, or one for each block');
  if (proportional !== undefined && typeof proportional !== 'boolean')
    refuse('proportional', proportional, 'Give true or false');
}

/**
 * ToMe (Bolya et al. 2023): between attention and MLP the r most similar pairs of tokens become their means, each
 * weighed by how many tokens it stands for. The class token never merges into another. Tap `sizes`
 * [images, n, 1] says how many tokens each stands for, tap `keys` what they are compared by.
 *
 * @throws KcrError `OPTION`, `TOKENS_GRID` on models whose tokens are a grid, and `TOKENS_PREFIX` on those that read more than one
 *   token by its place
 */
export const tome = defineAdapter({
  name: 'tome',
  about: 'merges tokens that are alike (ToMe)',
  module: '@kcr/criteria',
  contract: 1,
  attach: (options: TomeOptions) => {
    checkOptions(options);
    const { r, proportional = true } = options;
    return (architecture): AdapterTap => {
      requireTokenSet('tome', architecture);
      let keys: (() => Keys) | undefined;
      let sizes: Tensor | undefined;
      let block = 0;
      return (m, value, info) => {
        const { role, dim } = info;
        // Through a tap of their own: at `k` a mask comes after all adapters, and its channels would be compared all the same.
        if (role === 'k') keys = () => ({ value: m.tap('keys', value, dim!), dim: dim! });
        if (role === 'weights' && sizes && proportional) return proportionalTo(value, sizes);
        if (role !== 'tokens') return value;
        checkPrefix(info);
        const wanted = typeof r === 'number' ? r : (r[block] ?? 0);
        block++;
        const count = Math.min(wanted, Math.floor((value.shape[1]! - 1) / 2));
        if (count === 0) return value;
        const attended = keys!();
        requireAttended('tome', attended.value.shape[1]!, value, info);
        const before = sizes ?? tf.onesLike(tf.slice(value, [0, 0, 0], [-1, -1, 1]));
        const merged = merge(
          m,
          { tokens: value, sizes: before },
          { keys: attended, embed: dim!, r: count },
        );
        sizes = m.tap('sizes', merged.sizes);
        return merged.tokens;
      };
    };
  },
});
