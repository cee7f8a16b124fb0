import {
  adamw,
  type Engine,
  Generator,
  type Model,
  type Plugin,
  range,
  Trainer,
  taskOf,
} from '@kcr/core';
import { randomBatch } from './models.ts';

/** A training step of a model on `images` random images. */
export function makeStep(
  model: Model,
  engine: Engine,
  images: number,
  {
    plugins = [],
    samples = 64,
    recompute = false,
  }: { plugins?: Plugin[]; samples?: number; recompute?: boolean } = {},
) {
  const generator = new Generator(0);
  const trainer = new Trainer({
    model,
    engine,
    plugins,
    run: { stage: 'fit', epochs: 10, samples, travel: 10, warn: () => {} },
    generator,
    labelSmoothing: taskOf(model).targets ? 0.1 : 0,
    optimizer: adamw({ weightDecay: 0.05 }),
    recompute,
  });
  trainer.start(model.initialize(generator));
  const batch = randomBatch(model, images);
  return { trainer, batch, step: () => trainer.step('weights', batch, range(images), 1e-3) };
}
