import { vit } from '@kcr/backbones';
import {
  type Architecture,
  adamw,
  definePlugin,
  type Engine,
  Generator,
  Model,
  type PluginRun,
  Trainer,
} from '@kcr/core';
import type { Features } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { labelledMoments } from './labelled-sums.ts';
import { LastLayer } from './last-layer.ts';

/** Features from their rows. */
export const featuresOf = (rows: readonly (readonly number[])[]): Features => ({
  n: rows.length,
  d: rows[0]!.length,
  data: rows.flat(),
});

/** Features of rank at most `rank`, with a falling spectrum. */
export function lowRank(n: number, d: number, rank: number): Features {
  const generator = new Generator(7);
  const left = Matrix.zeros(n, rank);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < rank; k++) left.set(i, k, generator.normal() / (k + 1));
  const right = Matrix.zeros(rank, d);
  for (let k = 0; k < rank; k++) for (let j = 0; j < d; j++) right.set(k, j, generator.normal());
  return { n, d, data: left.mmul(right).to1DArray() };
}

/** More images than features, fewer, and features of low rank: n, d and the rank. */
export const shapes = [
  ['more images than features', 40, 12, 12],
  ['fewer images than features', 10, 16, 10],
  ['low rank', 30, 12, 5],
] as const;

/** The last layer that learns from images of given classes, as many as the labels name. */
export async function lastLayer(
  features: Features,
  labels: ArrayLike<number>,
  { stepSize }: { stepSize?: number } = {},
): Promise<LastLayer> {
  const given = Int32Array.from(labels);
  const classes = 1 + Math.max(...given);
  const moments = await labelledMoments([features], { d: features.d, labels: given, classes });
  return new LastLayer(moments, undefined, stepSize);
}

export const matrixOf = ({ n, d, data }: Features): Matrix =>
  Matrix.from1DArray(n, d, Array.from(data));

/** K = F F^T / n, which the package itself never builds. */
export function gram(features: Features): Matrix {
  const f = matrixOf(features);
  return f.mmul(f.transpose()).div(features.n);
}

/** The run that a plugin gets of a trainer, for a model with four features. */
export function pluginRun(
  engine: Engine,
  { samples, epochs }: Pick<PluginRun, 'samples' | 'epochs'>,
): { run: PluginRun; trainer: Trainer } {
  let found: PluginRun | undefined;
  const probe = definePlugin({
    name: 'probe',
    contract: 1,
    attach: () => (run: PluginRun) => {
      found = run;
      return {};
    },
  });
  const config = { img_size: 4, patch_size: 2, embed_dim: 4, depth: 1, num_heads: 1 };
  const trainer = new Trainer({
    model: new Model(vit as Architecture, vit.configure({ ...config, num_classes: 2 })),
    engine,
    plugins: [probe({})],
    run: { stage: 'fit', epochs, samples, travel: 10, warn: () => {} },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  return { run: found!, trainer };
}
