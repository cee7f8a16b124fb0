import {
  type Engine,
  float32,
  KcrError,
  type Model,
  type NdArray,
  type Tensor,
  type TokenLayout,
} from '@kcr/core';
import { applyWithTaps, findTap } from './taps.ts';
import { toGrid } from './to-grid.ts';

export interface AttentionMapOptions {
  /**
   * The token that asks: a point of the image as shares of its height and width, or the first token that is
   * on no position (the class token). Default: the centre.
   */
  query?: { readonly y: number; readonly x: number } | 'class';
  /** A tap `weights` of an attention layer. Default: the last one. */
  tap?: string;
}

/** Index of the query's token. */
function queryToken(
  { height, width, positions }: TokenLayout,
  query: AttentionMapOptions['query'],
) {
  if (query === 'class') return positions.indexOf(-1);
  const { y, x } = query ?? { y: 0.5, x: 0.5 };
  const cell = (share: number, cells: number) => Math.min(Math.floor(share * cells), cells - 1);
  return positions.indexOf(cell(y, height) * width + cell(x, width));
}

/** Attention weights of a layer, [n * parts, heads, tokens, tokens]: an image's windows or parts one after another. */
async function weightsOf(engine: Engine, model: Model, images: NdArray, name: string) {
  await using step = engine.compile('attention-maps', (context) => {
    const outputs: Record<string, Tensor> = {};
    applyWithTaps(model, context, new Set([name]), (weights) => {
      outputs.weights = weights;
      return weights;
    });
    return { outputs };
  });
  const { weights } = await step({ image: images });
  const [entries, heads, tokens] = weights!.shape as [number, number, number];
  return { data: weights!.data, heads, tokens, parts: entries / images.shape[0]! };
}

/**
 * What one token attends to: its row of the attention weights, head by head, as a map of the image. Tokens
 * that it cannot attend to (in other windows) and those on no position have no share in the map.
 *
 * @param engine its state has the model's weights
 * @param images [n, height, width, channels], normalised
 * @returns [n, heads, rows, columns] of the layer's map
 * @throws KcrError `TAP_UNKNOWN` for a model without attention weights, as with linear attention
 */
export async function attentionMaps(
  engine: Engine,
  model: Model,
  images: NdArray,
  { query, tap }: AttentionMapOptions = {},
): Promise<NdArray> {
  const { name, layout } = findTap(model, 'weights', tap);
  const { data, heads, tokens, parts } = await weightsOf(engine, model, images, name);
  const n = images.shape[0]!;
  const token = queryToken(layout, query);
  const [part, row] = [Math.floor(token / tokens), token % tokens];
  const area = layout.height * layout.width;
  const maps = float32([n, heads, layout.height, layout.width]);
  for (let i = 0; i < n; i++)
    for (let head = 0; head < heads; head++) {
      const entry = i * parts + part;
      const start = ((entry * heads + head) * tokens + row) * tokens;
      const grid = toGrid(layout, (key) =>
        Math.floor(key / tokens) === part ? data[start + (key % tokens)]! : 0,
      );
      maps.data.set(grid, (i * heads + head) * area);
    }
  return maps;
}

/**
 * The whole affinity of one head, a row for each query and a column for each key (DCS, figure 7); of an image's first
 * window or part, where it has several.
 *
 * @param engine its state has the model's weights
 * @param images [n, height, width, channels], normalised
 * @param head from 0. Default 0
 * @returns [n, tokens, tokens], rows that sum to 1
 * @throws KcrError `TAP_UNKNOWN` for a model without attention weights, `OPTION` for a head that is not there
 */
export async function attentionMatrices(
  engine: Engine,
  model: Model,
  images: NdArray,
  { tap, head = 0 }: Pick<AttentionMapOptions, 'tap'> & { head?: number } = {},
): Promise<NdArray> {
  const { name } = findTap(model, 'weights', tap);
  const { data, heads, tokens, parts } = await weightsOf(engine, model, images, name);
  if (!Number.isInteger(head) || head < 0 || head >= heads)
    throw new KcrError('OPTION', {
      where: `${name}, head`,
      found: String(head),
      fix: `Name one from 0 to ${heads - 1}`,
    });
  const n = images.shape[0]!;
  const matrices = float32([n, tokens, tokens]);
  const size = tokens * tokens;
  for (let i = 0; i < n; i++) {
    const start = (i * parts * heads + head) * size;
    matrices.data.set(data.subarray(start, start + size), i * size);
  }
  return matrices;
}
