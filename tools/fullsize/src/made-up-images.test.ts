import { Generator, sizeOf } from '@kcr/core';
import { loadRecipe, recipeModel, recipes } from '@kcr/pipeline';
import { expect, test } from 'vitest';
import { madeUpImages } from './made-up-images.ts';
import { RECIPES } from './plan.ts';

test.each(RECIPES)('%s has images and targets of its own kind', async (name) => {
  const recipe = await loadRecipe(name);
  const { model } = await recipeModel(recipe);
  const [height, width] = model.inputShape;
  const { batch } = madeUpImages(recipe, model, 1000);
  const given = await batch(Int32Array.of(3, 5), new Generator(0));
  const { kind } = recipe.data;
  const { mix } = recipes[name]!.data as { mix?: object };
  const expected: Record<string, Record<string, readonly number[]>> = {
    classes: { label: [2], ...(mix ? { target: [2, 1000] } : {}) },
    semantic: { labels: [2, 512, 512] },
    coco: {
      boxes: [2, 93, 4],
      labels: [2, 93],
      ...(name.startsWith('ssdlite') ? {} : { masks: [2, 93, 56, 56] }),
    },
  };
  const shapes = Object.entries(given).map(([key, { shape }]) => [key, shape]);
  expect(Object.fromEntries(shapes)).toEqual({ image: [2, height, width, 3], ...expected[kind] });
  for (const { data, shape } of Object.values(given)) expect(data).toHaveLength(sizeOf(shape));
  const { label, target, boxes, labels } = given;
  for (const value of label?.data ?? []) expect(value).toBeLessThan(1000);
  if (target) expect(Array.from(target.data).reduce((a, b) => a + b)).toBeCloseTo(2, 5);
  if (boxes) {
    expect(labels!.data.filter((value) => value >= 0)).toHaveLength(14);
    for (let i = 0; i < 28; i += 4) {
      const [left, top, right, bottom] = boxes.data.slice(i, i + 4) as unknown as number[];
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(right).toBeGreaterThan(left!);
      expect(bottom).toBeGreaterThan(top!);
      expect(right).toBeLessThanOrEqual(width);
      expect(bottom).toBeLessThanOrEqual(height);
    }
  }
});

test('the same image is drawn again for the same number, and another for another', async () => {
  const recipe = await loadRecipe('lfc-deit-tiny');
  const { model } = await recipeModel(recipe);
  const { batch } = madeUpImages(recipe, model, 10);
  const [one, again, other] = await Promise.all([1, 1, 2].map((i) => batch(Int32Array.of(i))));
  expect(again).toEqual(one);
  expect(other!.image.data.slice(0, 9)).not.toEqual(one!.image.data.slice(0, 9));
});
