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

/** Features from their rows. */
export const featuresOf = (rows: readonly (readonly number[])[]): Features => ({
  n: rows.length,
  d: rows[0]!.length,
  data: rows.flat(),
});

/** The rows of features. */
export const rowsOf = ({ n, d, data }: Features): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from(data).slice(i * d, (i + 1) * d));

/** Normal numbers. */
export function normal(n: number, d: number, seed: number, scale = 1): Features {
  const generator = new Generator(seed);
  return { n, d, data: Float64Array.from({ length: n * d }, () => scale * generator.normal()) };
}

/** phi(x, a) = softmax_a(-beta ||x - c_a||^2) by its definition, a row for each point. */
export function phi(
  points: Features,
  centroids: Features,
  { beta = 1, normalize = true }: { beta?: number; normalize?: boolean } = {},
): number[][] {
  const unit = (row: number[]) => row.map((x) => x / (normalize ? Math.hypot(...row) : 1));
  const centers = rowsOf(centroids).map(unit);
  return rowsOf(points).map((row) => {
    const x = unit(row);
    const weights = centers.map((c) =>
      Math.exp(-beta * x.reduce((sum, value, j) => sum + (value - c[j]!) ** 2, 0)),
    );
    const total = weights.reduce((a, b) => a + b);
    return weights.map((w) => w / total);
  });
}

/** The run that a plugin gets of a trainer: a model with images of 4 x 4 grey pixels, four features and two classes. */
export function pluginRun(
  engine: Engine,
  { samples, epochs }: Pick<PluginRun, 'samples' | 'epochs'>,
): { run: PluginRun; trainer: Trainer; warnings: string[] } {
  let found: PluginRun | undefined;
  const warnings: string[] = [];
  const probe = definePlugin({
    name: 'probe',
    contract: 1,
    attach: () => (run: PluginRun) => {
      found = run;
      return {};
    },
  });
  const config = { img_size: 4, patch_size: 2, in_chans: 1, embed_dim: 4, depth: 1, num_heads: 1 };
  const trainer = new Trainer({
    model: new Model(vit as Architecture, vit.configure({ ...config, num_classes: 2 })),
    engine,
    plugins: [probe({})],
    run: { stage: 'fit', epochs, samples, travel: 10, warn: (message) => warnings.push(message) },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  return { run: found!, trainer, warnings };
}
