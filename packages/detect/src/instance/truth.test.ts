import { tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { truthOf } from './truth.ts';

const tensors = {
  boxes: tf.zeros([1, 1, 4]),
  labels: tf.zeros([1, 1]),
  masks: tf.zeros([1, 1, 2, 2]),
};

test('the objects of a batch', () => {
  expect(truthOf(tensors, { withMask: true })).toEqual(tensors);
  const { masks: _, ...others } = tensors;
  expect(truthOf({ ...others, extra: tf.zeros([1]) }, { withMask: false })).toEqual({
    ...others,
    masks: undefined,
  });
});

test.each([
  ['boxes', { labels: tensors.labels, masks: tensors.masks }, true],
  ['labels', { boxes: tensors.boxes }, false],
  ['masks', { boxes: tensors.boxes, labels: tensors.labels }, true],
  ['all', {}, false],
])('without %s: TARGETS_MISSING', (_, targets, withMask) => {
  expect(() => truthOf(targets, { withMask })).toThrow(
    expect.objectContaining({
      code: 'TARGETS_MISSING',
      found: `it has ${Object.keys(targets).join(', ') || 'images alone'}`,
    }),
  );
});
