import type { Task } from '@kcr/core';
import { semanticSegmentation } from '@kcr/detect';
import { expect, test } from 'vitest';
import { notMeasured } from './not-measured.ts';

const many = Array.from({ length: 9 }, (_, i) => `c${i}`);

test.each<[string, Partial<Task>, Record<string, number>, readonly string[], string[]]>([
  ['everything is there', semanticSegmentation, { meanIou: 1, 'iou.a': 1 }, ['a'], []],
  ['a task without classes of its own', { metrics: { top1: 'top-1' } }, { top1: 0 }, ['a'], []],
  ['a task without numbers', { metrics: {} }, {}, ['a'], []],
  [
    'nothing to find',
    semanticSegmentation,
    {},
    ['a'],
    ['no mean IoU: there is nothing in the data to find'],
  ],
  [
    'classes that are nowhere',
    semanticSegmentation,
    { meanIou: 1, 'iou.c1': 1, 'iou.c8': 0 },
    many,
    [
      'no pixel is, or was taken for, c0, c2, c3, c4, c5, ...: left out of the mean IoU (labels are numbered from 0; 255 does not count)',
    ],
  ],
])('%s', (_, task, numbers, classes, said) => {
  expect(notMeasured(task as Task, (name) => numbers[name], classes)).toEqual(said);
});
