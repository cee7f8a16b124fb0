import { Generator, type ImageSet, type Model, type Plugin, range, sgd, Trainer } from '@kcr/core';
import { usualEngine } from '../engines.ts';
import { type CheckOf, holds, leftOut } from '../suite.ts';
import { type ModelSubject, NO_IMAGES } from './subject.ts';

/** Steps before the clock runs, and those that are measured. */
const [WARM, MEASURED] = [2, 5];

/** Milliseconds of a training step, the median of a few, on the engine that trainings take. */
export async function stepTime(model: Model, images: ImageSet, plugins: readonly Plugin[] = []) {
  await using engine = await usualEngine();
  const samples = images.length;
  await using trainer = new Trainer({
    model,
    engine,
    plugins,
    run: { stage: 'fit', epochs: 1, samples, travel: 0, warn: () => {} },
    generator: new Generator(0),
    labelSmoothing: 0,
    optimizer: sgd({}),
  });
  trainer.start(model.initialize(new Generator(1)));
  const indices = range(samples);
  const times: number[] = [];
  const batch = await images.batch(indices);
  for (let i = 0; i < WARM + MEASURED; i++) {
    const start = performance.now();
    await trainer.step('all', batch, indices, 1e-6);
    if (i >= WARM) times.push(performance.now() - start);
  }
  return { engine: engine.name, milliseconds: times.sort((a, b) => a - b)[MEASURED >> 1]! };
}

/** Two times of a step, as text. */
export const comparedTimes = (
  own: Awaited<ReturnType<typeof stepTime>>,
  plain: Awaited<ReturnType<typeof stepTime>>,
): string =>
  `${own.milliseconds.toFixed(1)} ms a step, ${plain.milliseconds.toFixed(1)} without it (x ${(own.milliseconds / plain.milliseconds).toFixed(2)}, ${own.engine})`;

export const speed: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected: 'a number to look at; it is not judged',
  async run({ model, images }) {
    if (!images) return leftOut(NO_IMAGES);
    const { engine, milliseconds } = await stepTime(model, images);
    return holds(`${milliseconds.toFixed(1)} ms a step of ${images.length} images (${engine})`);
  },
};
