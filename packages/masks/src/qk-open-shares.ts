import { definePlugin, type PluginRun, type Tensor, tf } from '@kcr/core';
import { noiseScale } from './qk-mask.ts';
import { maskOptions } from './qk-mask-analysis.ts';

/** Means of numbers that come one by one. */
class Means {
  readonly #sums = new Map<string, number>();
  #count = 0;

  add(numbers: Readonly<Record<string, number>>): void {
    this.#count++;
    for (const [name, value] of Object.entries(numbers))
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
  }

  /** The means since the last call. */
  take(): Record<string, number> {
    const means = Object.fromEntries(
      [...this.#sums].map(([name, sum]) => [name, sum / this.#count]),
    );
    this.#sums.clear();
    this.#count = 0;
    return means;
  }
}

const meanOf = (values: readonly Tensor[], of: (value: Tensor) => Tensor): Tensor =>
  tf.mean(tf.stack(values.map((value) => tf.mean(of(value)))));

/**
 * Measures which share of the entries of the masks of q and k is open, epoch by epoch, on the images of the training steps:
 * `qkOpenEvaluation` without noise, and `qkOpenTraining` expected over the noise. The mean over all masks; nothing for models
 * without the adapter `qkMask`.
 */
export const qkOpenShares = definePlugin({
  name: 'qk-open-shares',
  about: 'how open the q-k masks are, epoch by epoch',
  contract: 1,
  curves: {
    qkOpenEvaluation: { title: 'Open entries of the masks of q and k, without noise', y: 'share' },
    qkOpenTraining: { title: 'Open entries of the masks of q and k, in training', y: 'share' },
  },
  attach: (_: Readonly<Record<string, never>>) => (run: PluginRun) => {
    const options = maskOptions(run.model);
    if (!options) return {};
    const scale = run.input('scale', (progress) => noiseScale(progress, options));
    const thetas = new Map<string, Tensor>();
    const means = new Means();
    let shares: Record<string, number> = {};
    return {
      tap(value, { role, name, training }) {
        if (training && role === 'theta') thetas.set(name, value);
        return value;
      },
      watch() {
        const all = [...thetas.values()];
        return {
          qkOpenEvaluation: meanOf(all, (theta) => tf.cast(tf.greater(theta, 0), 'float32')),
          qkOpenTraining: meanOf(all, (theta) => tf.sigmoid(tf.div(theta, scale.value))),
        };
      },
      observe: ({ values }) =>
        means.add(
          Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data[0]!])),
        ),
      async refresh() {
        shares = means.take();
      },
      metrics: async () => shares,
    };
  },
});
