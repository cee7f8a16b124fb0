import {
  type Dataset,
  type Engine,
  Generator,
  type LineChart,
  type Model,
  type ModelLine,
  type NdArray,
} from '@kcr/core';
import {
  affinityRank,
  attentionEntropy,
  attentionMaps,
  attentionMatrices,
  histogram,
  type LaidOutTap,
  tapsOf,
} from '@kcr/explain';
import { matrixStrip, type Picture, strip } from '../report/heat.ts';
import { firstHead, framedCell, overHeads, toHeats } from '../report/pictures.ts';
import type { PictureRow } from './task-kit.ts';

/** Test images that the entropy of attention is measured on, and its rank, which takes a decomposition for each head. */
const ENTROPY_IMAGES = 100;
const RANK_IMAGES = 8;

/** What is folded away in a report. */
const ENTROPIES = 'Entropies of attention';
const DETAIL = 'Attention in detail';

/** Where the tokens lie that ask in the first layer, as shares of the image's height and width. */
const QUERIES = [
  { name: 'centre', y: 0.5, x: 0.5 },
  { name: 'upper left quarter', y: 0.25, x: 0.25 },
];

/** The first, the middle and the last of a model's layers, those of its three blocks on MobileViT. */
function threeOf(taps: readonly LaidOutTap[]): LaidOutTap[] {
  const last = taps.length - 1;
  const chosen = new Set([0, Math.ceil(last / 2), last]);
  return taps.filter((_, i) => chosen.has(i));
}

/** The layer that a tap is in. */
const layerOf = (tap: string) => tap.slice(0, tap.lastIndexOf('.'));

const someOf = (test: Dataset, count: number) =>
  new Generator(0).permutation(test.length).slice(0, count);

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** How widely the tokens of three attention layers attend, by head; none without attention weights (DCS, figure 6). */
async function entropyCharts(model: Model, test: Dataset, engine: Engine, name: string) {
  const layers = threeOf(tapsOf(model, 'weights'));
  if (layers.length === 0) return [];
  const indices = someOf(test, ENTROPY_IMAGES);
  const found = await attentionEntropy(engine, model, test, { indices });
  return layers.flatMap(({ name: tap }): LineChart[] => {
    const layer = found.get(tap);
    if (!layer) return [];
    const { tokens, heads } = layer;
    const lines = heads.map((rows, head) => ({
      name: `head ${head + 1}: ${mean(rows).toFixed(2)}`,
      points: histogram(rows, Math.log(tokens)).map(({ upTo, share }): [number, number] => [
        upTo,
        share,
      ]),
    }));
    const title = `Entropy of attention rows by head, and its mean: ${name}, ${layerOf(tap)}`;
    return [{ title, x: 'nats', y: 'share of the rows', group: ENTROPIES, lines }];
  });
}

/** In how many directions tokens are compared, by head, in three attention layers (DCS, table 4). */
async function rankChart(model: Model, test: Dataset, engine: Engine, name: string) {
  const taps = threeOf(tapsOf(model, 'q')).map((tap) => tap.name);
  if (taps.length === 0) return [];
  const indices = someOf(test, RANK_IMAGES);
  const found = await affinityRank(engine, model, test, { indices, taps });
  const lines = [...found].map(([tap, { heads }]) => ({
    name: `${name}, ${layerOf(tap)}`,
    points: heads.map((ranks, head): [number, number] => [head + 1, mean(ranks)]),
  }));
  const title = 'Rank of the affinity of queries and keys';
  return [{ title, x: 'head', y: 'mean rank', lines }];
}

/** What is drawn of attention as lines: entropies and ranks; without attention weights the ranks alone. */
export const attentionCharts = async (
  model: Model,
  test: Dataset,
  engine: Engine,
  name: string,
): Promise<LineChart<ModelLine>[]> => [
  ...(await entropyCharts(model, test, engine, name)),
  ...(await rankChart(model, test, engine, name)),
];

/** Images, normalised and as pictures. */
interface Shown {
  readonly image: NdArray;
  readonly pictures: readonly Picture[];
}

/**
 * What is seen of attention in images: what the centre attends to in the last layer, what two queries do in the first
 * head of the first one (DCS, figure 5), and the whole affinity of the last one's first head (figure 7). None without attention
 * weights.
 */
export async function attentionRows(
  model: Model,
  { image, pictures }: Shown,
  engine: Engine,
  name: string,
): Promise<PictureRow[]> {
  const layers = tapsOf(model, 'weights');
  const [first] = layers;
  if (!first) return [];
  const last = toHeats(overHeads(await attentionMaps(engine, model, image)));
  const rows: PictureRow[] = [
    {
      title: `attention of the centre: ${name}`,
      name: 'attention',
      png: await strip(pictures, last, 'nearest'),
    },
  ];
  for (const [i, { name: place, ...query }] of QUERIES.entries()) {
    const maps = await attentionMaps(engine, model, image, { query, tap: first.name });
    const framed = framedCell(pictures, query, first.layout);
    rows.push({
      title: `first layer, head 1, ${place}: ${name}`,
      name: `attention-query-${i + 1}`,
      group: DETAIL,
      png: await strip(framed, toHeats(firstHead(maps)), 'nearest'),
    });
  }
  const matrices = toHeats(await attentionMatrices(engine, model, image));
  const png = await matrixStrip(matrices);
  rows.push({
    title: `affinity, last layer, head 1: ${name}`,
    name: 'affinity',
    group: DETAIL,
    png,
  });
  return rows;
}
