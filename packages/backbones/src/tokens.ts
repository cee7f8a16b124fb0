import {
  type Dim,
  type FeatureMap,
  type Initializer,
  normal,
  reindex,
  resizePositions,
  type Scope,
  type Tensor,
  type TokenLayout,
  tf,
  truncatedNormal,
} from '@kcr/core';

/** Tokens before the patches: the name of their parameter, how many they are, and their first values. */
export interface PrefixTokens {
  readonly name: string;
  readonly count: number;
  readonly init: Initializer;
}

export const CLASS_TOKEN: PrefixTokens = { name: 'cls_token', count: 1, init: normal(1e-6) };

/** How many tokens are before the patches. */
export const prefixCount = (prefix: readonly PrefixTokens[]): number =>
  prefix.reduce((sum, { count }) => sum + count, 0);

export interface PositionOptions {
  /** Default: the class token. */
  prefix?: readonly PrefixTokens[];
  /** Whether these have positions too. Default true. */
  prefixPositions?: boolean;
  /** Image pixels to a step of the grid. */
  stride: number;
}

/**
 * Puts the class token and other tokens first and adds the position embedding `pos_embed`, without tiling either.
 *
 * @param grid of patches, [batch, height, width, embed]
 * @returns [batch, prefix + height * width, embed]
 */
export function embedPositions(
  m: Scope,
  grid: Tensor,
  embed: Dim,
  { prefix = [CLASS_TOKEN], prefixPositions = true, stride }: PositionOptions,
): Tensor {
  const [, height, width] = grid.shape as [number, number, number];
  const [count, patches] = [prefixCount(prefix), height * width];
  const own = prefix.map(({ name, count: tokens, init }) =>
    m.param(name, [1, tokens, embed], init, { decay: false }),
  );
  const placed = prefixPositions ? count : 0;
  const table = { grid: { height, width }, prefix: placed, stride };
  const pos = m.param('pos_embed', [1, placed + patches, embed], truncatedNormal(0.02), {
    decay: false,
    resize: resizePositions(table),
  });
  const whole = padTokens(pos, count - placed, 0);
  const tokens = padTokens(toTokens(grid), count, 0);
  if (own.length === 0) return tf.add(tokens, whole);
  const first = padTokens(own.length === 1 ? own[0]! : tf.concat(own, 1), 0, patches);
  return tf.add(tokens, tf.add(whole, first));
}

/** Zeros before and behind the tokens of [batch, n, d]. */
const padTokens = (tokens: Tensor, before: number, behind: number): Tensor =>
  before + behind === 0
    ? tokens
    : tf.pad(tokens, [
        [0, 0],
        [before, behind],
        [0, 0],
      ]);

/**
 * The layout of a grid's patches behind tokens that lie nowhere, such as the class token.
 *
 * @param grid [batch, height, width, d]
 */
export function patchLayout(grid: Tensor, prefix = 1): TokenLayout {
  const [, height, width] = grid.shape as [number, number, number, number];
  const before = Array<number>(prefix).fill(-1);
  return { height, width, positions: [...before, ...Array(height * width).keys()] };
}

/** The layout of a grid's positions in their own order. */
export const gridLayout = (height: number, width: number): TokenLayout => ({
  height,
  width,
  positions: [...Array(height * width).keys()],
});

/** `whole`, unless tokens were taken out: then it does not say where those left lie. */
export const layoutOf = (tokens: Tensor, whole: TokenLayout): TokenLayout | undefined =>
  tokens.shape[1] === whole.positions.length ? whole : undefined;

/** The map of a ViT's patches; none where tokens were taken out. */
export const patchMaps = (
  tokens: Tensor,
  dim: Dim,
  whole: TokenLayout,
  stride: number,
): FeatureMap[] => {
  if (!layoutOf(tokens, whole)) return [];
  const prefix = whole.positions.length - whole.height * whole.width;
  return [{ value: toMap(patchTokens(tokens, prefix), whole.width), dim, stride }];
};

/** The class token of [batch, tokens, d], or another one, as [batch, d]. */
export const classToken = (tokens: Tensor, index = 0): Tensor =>
  tf.reshape(tf.slice(tokens, [0, index, 0], [-1, 1, -1]), [-1, tokens.shape[2]!]);

/** The tokens after the class token, or after others. */
export const patchTokens = (tokens: Tensor, prefix = 1): Tensor =>
  prefix === 0 ? tokens : tf.slice(tokens, [0, prefix, 0], [-1, tokens.shape[1]! - prefix, -1]);

/** [batch, height, width, d] as [batch, height * width, d]. */
export const toTokens = (map: Tensor): Tensor =>
  tf.reshape(map, [map.shape[0]!, -1, map.shape[3]!]);

/** [batch, height * width, d] as a map `width` wide. */
export const toMap = (tokens: Tensor, width: number): Tensor =>
  tf.reshape(tokens, [tokens.shape[0]!, -1, width, tokens.shape[2]!]);

/**
 * Cuts a grid into equal parts: `order` lists the positions (row-major, -1 for zeros) part by part.
 *
 * @param tokens [batch, positions, d]
 * @returns [batch * parts, order.length / parts, d]
 */
export function intoParts(tokens: Tensor, order: readonly number[], parts: number): Tensor {
  const [batch, , channels] = tokens.shape as [number, number, number];
  return tf.reshape(reindex(tokens, order, 1), [batch * parts, order.length / parts, channels]);
}

/** Undoes {@link intoParts}: [batch * parts, n, d] -> [batch, parts * n, d], back in order. */
export function fromParts(parts: Tensor, back: readonly number[], count: number): Tensor {
  const [entries, , channels] = parts.shape as [number, number, number];
  return reindex(tf.reshape(parts, [entries / count, -1, channels]), back, 1);
}
