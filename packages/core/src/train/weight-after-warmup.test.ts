import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { fit } from './fit.ts';
import { definePlugin } from './plugin.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';
import { weightAfterWarmup } from './weight-after-warmup.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterEach(() => engine.dispose());

/** Trains with a regulariser that is its weight. */
async function run(epochs: number, warmup: number) {
  let starts: number | undefined;
  const regulariser = definePlugin({
    name: 'regulariser',
    contract: 1,
    attach: (eta: number) => (attached) => {
      const given = weightAfterWarmup(attached, 'regulariser', eta, warmup);
      starts = given.starts;
      return { loss: () => given.weight.value };
    },
  });
  const { history } = await fit({
    model: tinyModel(regression),
    engine,
    train: tinyImages([[1, 0]], [0]),
    epochs,
    batchSize: 1,
    seed: 1,
    optimizer: { lr: 0.1 },
    plugins: [regulariser(0.5)],
  });
  return { starts, weights: history.map(({ loss, crossEntropy }) => loss! - crossEntropy!) };
}

test.each([
  [4, 0, 0],
  [4, 0.5, 2],
  [4, 1, 4],
  // Of 5 epochs 1.5, rounded, and 1.45.
  [5, 0.3, 2],
  [5, 0.29, 1],
])(
  'of %i epochs with a warm-up of %f the first %i have no regulariser',
  async (epochs, warmup, n) => {
    const { starts, weights } = await run(epochs, warmup);
    expect(starts).toBe(n);
    expect(weights).toEqual(
      Array.from({ length: epochs }, (_, epoch) => expect.closeTo(epoch < n ? 0 : 0.5, 5)),
    );
  },
);

describe('a share outside 0 to 1 is refused', () => {
  test.each([-0.1, 1.1, Number.NaN])('%f', async (warmup) => {
    await expect(run(2, warmup)).rejects.toMatchObject({
      code: 'OPTION',
      where: 'regulariser, warmup',
      found: String(warmup),
    });
  });
});
