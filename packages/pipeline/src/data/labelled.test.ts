import { classification } from '@kcr/core';
import { semanticSegmentation } from '@kcr/detect';
import { expect, test } from 'vitest';
import { tinyImages } from '../testing/tiny.ts';
import { isLabelled, labelled } from './labelled.ts';

test('images with a class each are given back, others are an error with the task', () => {
  const images = tinyImages(2);
  const { labels: _, ...plain } = images;
  expect(isLabelled(images)).toBe(true);
  expect(isLabelled(plain)).toBe(false);
  expect(labelled(images, classification)).toBe(images);
  expect(() => labelled(plain, semanticSegmentation)).toThrow(
    expect.objectContaining({
      code: 'TASK_CLASSES',
      message: expect.stringContaining(semanticSegmentation.name),
    }),
  );
});
