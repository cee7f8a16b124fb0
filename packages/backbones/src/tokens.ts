import {
  type Dim,
  type FeatureMap,
  normal,
  reindex,
  type Scope,
  type Tensor,
  type TokenLayout,
  tf,
  truncatedNormal,
} from '@kcr/core';

/**
 * Puts the class token `cls_token` first and adds the position embedding `pos_embed`, without tiling either.
 *
 * @param patches [batch, n, embed]
 * @returns [batch, n + 1, embed]
 */
export function embedPositions(m: Scope, patches: Tensor, embed: Dim): Tensor {
  const tokens = patches.shape[1]! + 1;
  const cls = m.param('cls_token', [1, 1, embed], normal(1e-6), { decay: false });
  const pos = m.param('pos_embed', [1, tokens, embed], truncatedNormal(0.02), { decay: false });
  const afterFirst: [number, number][] = [
    [0, 0],
    [1, 0],
    [0, 0],
  ];
  const first = tf.pad(cls, [
    [0, 0],
    [0, tokens - 1],
    [0, 0],
  ]);
  return tf.add(tf.pad(patches, afterFirst), tf.add(pos, first));
}

/** The layout of a class token and a grid's patches. `grid` is [batch, height, width, d]. */
export function patchLayout(grid: Tensor): TokenLayout {
  const [, height, width] = grid.shape as [number, number, number, number];
  return { height, width, positions: [-1, ...Array(height * width).keys()] };
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
): FeatureMap[] =>
  layoutOf(tokens, whole) ? [{ value: toMap(patchTokens(tokens), whole.width), dim, stride }] : [];

/** The class token of [batch, tokens, d], as [batch, d]. */
export const classToken = (tokens: Tensor): Tensor =>
  tf.reshape(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [-1, tokens.shape[2]!]);

/** The tokens after the class token. */
export const patchTokens = (tokens: Tensor): Tensor =>
  tf.slice(tokens, [0, 1, 0], [-1, tokens.shape[1]! - 1, -1]);

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
