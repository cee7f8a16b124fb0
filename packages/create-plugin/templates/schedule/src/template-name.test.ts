import { createEagerEngine, defineCriterion, prunableDims, pruneTrained, uniform } from '@kcr/core';
import { labelledImages, livelyWeights, smallModels } from '@kcr/testing';
import { expect, test } from 'vitest';
import { templateName } from './template-name.ts';

test('the steps go all the way, the first of them farthest', () => {
  const steps = templateName({ rounds: 4 }).steps(smallModels.vit());
  const progress = steps.map((step) => step.progress);
  expect(progress[0]).toBeCloseTo(1 - 0.75 ** 3, 12);
  expect(progress.at(-1)).toBe(1);
  const parts = progress.map((to, i) => to - (progress[i - 1] ?? 0));
  expect(parts).toEqual([...parts].sort((a, b) => b - a));
});

test('a model is pruned by it, round by round', async () => {
  const places = defineCriterion({
    name: 'places',
    contract: 1,
    score:
      (_: object) =>
      ({ model }) =>
        new Map(prunableDims(model).map(({ name, size }) => [name, [...Array(size).keys()]])),
  });
  const model = smallModels.vit();
  const left: number[] = [];
  await using engine = await createEagerEngine({ backend: 'wasm' });
  const pruned = await pruneTrained({
    model,
    weights: livelyWeights(model),
    criterion: places({}),
    allocator: uniform({ keepRatio: 0.5 }),
    schedule: templateName({ rounds: 3 }),
    engine,
    data: labelledImages(model, 8),
    batchSize: 8,
    seed: 1,
    onStep: ({ macs }) => left.push(macs),
  });
  expect(left).toHaveLength(3);
  expect(left).toEqual([...left].sort((a, b) => b - a));
  expect(pruned.model.macs.total).toBe(left.at(-1));
});

test('no rounds are refused', () => {
  expect(() => templateName({ rounds: 0 })).toThrow('rounds');
});
