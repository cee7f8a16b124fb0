import {
  type Engine,
  type FitOptions,
  type FitResult,
  fit,
  type ImageSet,
  type Model,
} from '@kcr/core';

/** The options of a short training. */
export function shortRun(model: Model, train: ImageSet): Omit<FitOptions, 'engine'> {
  return {
    model,
    train,
    epochs: 2,
    batchSize: Math.max(1, Math.floor(train.length / 2)),
    seed: 1,
    // Where a gradient is zero but for rounding (a bias before a batch norm), AdamW would make a step of it.
    optimizer: { lr: 1e-3, eps: 1e-3 },
    onWarning: () => {},
  };
}

/** Trains, on an engine that is made for it and freed. */
export async function train(
  make: () => Promise<Engine>,
  options: Omit<FitOptions, 'engine'>,
): Promise<FitResult> {
  await using engine = await make();
  return await fit(Object.assign({ engine }, options));
}

/** The loss after each epoch. */
export const lossesOf = ({ history }: FitResult): number[] => history.map(({ loss }) => loss!);
