import {
  adamw,
  adapt,
  attention,
  createEagerEngine,
  float32,
  Generator,
  int32,
  type Model,
  type RefreshContext,
  Trainer,
} from '@kcr/core';
import { expect, test } from 'vitest';
import { type QkMaskOptions, qkMask } from './qk-mask.ts';
import { qkOpenShares } from './qk-open-shares.ts';
import { channels, modelOf, tokens } from './testing.ts';

const plain = modelOf((m, x) => {
  const embed = m.dim('embed', channels, { prunable: false });
  const first = attention(m.child('a'), x, embed, { heads: 1, headDim: 4 });
  return attention(m.child('b'), first, embed, { heads: 1, headDim: 4 });
});

/** The numbers after an epoch of steps, each with masks whose theta has one of these values by channel, whatever the image. */
async function measured(model: Model, steps: readonly (readonly number[])[], epoch = 0) {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const trainer = new Trainer({
    model,
    engine,
    plugins: [qkOpenShares({})],
    run: { stage: 'fit', epochs: 10, samples: 2, travel: 1, warn: () => {} },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  trainer.start(model.initialize(new Generator(2)));
  trainer.progress.epoch = epoch;
  const image = float32([2, 1, tokens, channels], 0.5);
  for (const bias of steps) {
    for (const { name, shape } of model.params)
      if (name.endsWith('mask.bias')) engine.set({ [`weight:${name}`]: float32([4], bias) });
      else if (name.endsWith('mask.weight')) engine.set({ [`weight:${name}`]: float32(shape) });
    await trainer.step('weights', { image, label: int32([2], [0, 1]) }, Int32Array.of(0, 1), 0);
  }
  const [plugin] = trainer.plugins;
  await plugin!.refresh?.({} as RefreshContext);
  return plugin!.metrics?.({ ...trainer.progress });
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const masked = (options: QkMaskOptions) => adapt(plain, [qkMask(options)]);
const biases = [
  [2, -1, -1, -1],
  [2, 2, -1, 2],
];
/** Of both steps together half of the values are 2, the others -1. */
const half = (noise: number) => (sigmoid(2 / noise) + sigmoid(-1 / noise)) / 2;
const annealed = { noise: 'annealed', temperature: { start: 1, decay: 0.5 } } as const;

test.each<[string, QkMaskOptions, number, number]>([
  ['one mask for q and k', {}, 0, half(1)],
  ['masks of their own', { separate: true }, 0, half(1)],
  ['less noise in a later epoch', annealed, 2, half(0.25)],
])('the open shares of an epoch, in both ways: %s', async (_, options, epoch, training) => {
  const found = await measured(masked(options), biases, epoch);
  expect(found).toEqual({
    qkOpenEvaluation: expect.closeTo(0.5, 6),
    qkOpenTraining: expect.closeTo(training, 6),
  });
});

test('a model without masks has none', async () => {
  expect(await measured(plain, biases)).toBeUndefined();
});
