import {
  type Engine,
  extractFeatures,
  Generator,
  type ImageSet,
  imageBatches,
  type Model,
  type NdArray,
  type Optimizer,
  type Plugin,
  type RefreshContext,
  range,
  type StateDict,
  Trainer,
  tf,
} from '@kcr/core';

/** A slot's arrays are in the state of what is trained, and of nothing else: so its name finds the trained arrays. */
const SEEN = 'seen';

/** An optimiser that takes the gradient off, so that it is the difference between before and after. */
const gradientStep: Optimizer<typeof SEEN, never> = {
  name: 'gradient',
  contract: 1,
  slots: [SEEN],
  numbers: () => ({}),
  update: (parameters) =>
    parameters.map(({ value, gradient, state }) => ({ value: tf.sub(value, gradient), state })),
};

const SLOT = `optimizer:${SEEN}:`;

/** A model with plugins on an engine, and one batch that its steps are taken on. */
export interface TrainedOnce {
  readonly trainer: Trainer;
  /** One step; the same random numbers each time. */
  step(): Promise<number>;
}

/** Starts a training whose steps take the gradient off, with plugins as after their first refresh. */
export async function startTraining(
  engine: Engine,
  model: Model,
  images: ImageSet,
  weights: StateDict,
  plugins: readonly Plugin[] = [],
): Promise<TrainedOnce> {
  const samples = images.length;
  const trainer = new Trainer({
    model,
    engine,
    plugins,
    run: { stage: 'fit', epochs: 4, samples, travel: 0.1, warn: () => {} },
    generator: new Generator(7),
    labelSmoothing: 0,
    optimizer: gradientStep,
  });
  trainer.start(weights);
  // Half-way, where ramps have begun.
  trainer.progress.epoch = 2;
  const indices = range(samples);
  const context: RefreshContext = {
    ...trainer.progress,
    features: (asked) => extractFeatures(trainer.features, images, samples, asked),
    images: (asked) => imageBatches(images, samples, asked),
    labels: 'labels' in images ? (images.labels as Int32Array) : new Int32Array(samples),
  };
  for (const plugin of trainer.plugins) await plugin.refresh?.(context);
  const batch = await images.batch(indices);
  return {
    trainer,
    async step() {
      trainer.generator = new Generator(11);
      return (await trainer.step('all', batch, indices, 1)).loss;
    },
  };
}

/** Names of the arrays that are trained. */
export const trainedNames = (arrays: Readonly<Record<string, NdArray>>): string[] =>
  Object.keys(arrays).flatMap((name) => (name.startsWith(SLOT) ? [name.slice(SLOT.length)] : []));

/** A trained array as its author knows it: a parameter's name, or a plugin's and its own. */
export const trainedText = (name: string): string => name.replace(/^weight:/, '');
