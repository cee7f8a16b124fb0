import {
  definePlugin,
  float32,
  item,
  type NdArray,
  type PluginRun,
  type Tensor,
  tf,
} from '@kcr/core';
import { noiseScale } from './qk-mask.ts';
import { maskOptions } from './qk-mask-analysis.ts';

/** Means of numbers that come one by one, since they were last taken. */
class Means<K extends string> {
  /** The sums, and how many there are. */
  readonly #sums: NdArray;

  constructor(
    private readonly names: readonly K[],
    { hostBuffer }: Pick<PluginRun, 'hostBuffer'>,
  ) {
    this.#sums = hostBuffer('sums', float32([names.length + 1]));
  }

  add(numbers: Readonly<Record<K, number>>): void {
    [...this.names.map((name) => numbers[name]), 1].forEach((x, i) => {
      this.#sums.data[i]! += x;
    });
  }

  /** Nothing where no numbers came. */
  take(): Record<string, number> {
    const sums = Array.from(this.#sums.data);
    const count = sums.pop()!;
    this.#sums.data.fill(0);
    if (count === 0) return {};
    return Object.fromEntries(this.names.map((name, i) => [name, sums[i]! / count]));
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
    const means = new Means(['qkOpenEvaluation', 'qkOpenTraining'], run);
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
        means.add({
          qkOpenEvaluation: item(values.qkOpenEvaluation!),
          qkOpenTraining: item(values.qkOpenTraining!),
        }),
      async refresh() {
        shares = means.take();
      },
      metrics: async () => shares,
    };
  },
});
